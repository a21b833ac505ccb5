//! Reports a service that does not end on SIGINT, or not well on a second stop signal.

use super::ended;
use crate::{Cx, Sink, text};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "unhandled-interrupt",
    summary: "the service does not end on SIGINT or on a second stop signal",
    passes: "the service ends on SIGINT and on a second stop signal",
    family: Run, category: Runtime, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: ["signal(7)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(signals) = out.seen(&run.signals) else { return };
    for signal in signals {
        let crashed = signal.exit.signal.is_some() && !signal.forced;
        if !signal.forced && !crashed {
            continue;
        }
        let how = if signal.forced {
            format!("still runs after {}", format_ms(signal.ms))
        } else {
            format!("breaks down: {}", ended(signal.exit))
        };
        out.finding(format!("on `{}` the service {how}", signal.sent))
            .why("Ctrl-C does not end it, and an impatient second signal loses what is under way")
            .help("handle SIGINT as SIGTERM is handled, and ignore further ones while it stops")
            .at_observation(format!("signals {}", signal.sent))
            .command("docker kill --signal INT CONTAINER");
    }
    out.observed(text::count(signals.len(), "other way to stop it"));
}
