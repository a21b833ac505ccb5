//! Reports a request under way that got no answer when the service was stopped.

use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "dropped-request",
    summary: "a request under way is dropped when the service stops",
    passes: "a request under way is answered when the service stops",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["docker stop"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(drain) = out.seen(&run.drain) else { return };
    let failed = match (drain.status, &drain.error) {
        (Some(status), None) if status < 500 => {
            out.observed(format!(
                "`{}` was answered with {status} {} after the signal",
                drain.request,
                format_ms(drain.ms)
            ));
            return;
        }
        (Some(status), None) => format!("was answered with {status}"),
        (_, Some(error)) => format!("got no answer: {error}"),
        (None, None) => "got no answer".to_owned(),
    };
    out.finding(format!(
        "`{}`, under way when the stop signal came, {failed} ({})",
        drain.request,
        format_ms(drain.ms)
    ))
    .why("clients see a broken connection at every deployment")
    .help("stop accepting on the signal, finish the requests under way, then exit")
    .at_observation("drain")
    .command("seaworthy test IMAGE --project .");
}
