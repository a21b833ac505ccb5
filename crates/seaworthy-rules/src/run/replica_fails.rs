//! Reports a service of which no second copy starts beside the first.

use super::ended;
use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "replica-fails",
    summary: "no second copy of the service starts beside the first",
    passes: "a second copy of the service starts beside the first",
    family: Run, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(boot) = out.seen(&run.replica) else { return };
    if boot.ready {
        out.observed(format!("the second is ready after {}", format_ms(boot.ms)));
        return;
    }
    let how = boot.exit.map_or_else(|| format!("not ready within {}", format_ms(boot.ms)), ended);
    out.finding(format!("a second container on the same volumes does not become ready: {how}"))
        .why("a rolling update starts the new copy before the old one ends")
        .help("keep what only one copy may hold out of the volumes, or update by stopping first")
        .at_observation("replica")
        .excerpt(boot.log_tail.join("\n"))
        .command("docker compose up --scale SERVICE=2");
}
