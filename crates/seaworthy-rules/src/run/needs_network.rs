//! Reports a service that does not start without a network.

use super::ended;
use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "needs-network",
    summary: "the service does not become ready without a network",
    passes: "the service becomes ready without a network",
    family: Run, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(boot) = out.seen(&run.offline) else { return };
    if boot.ready {
        out.observed(format!("ready after {} with loopback only", format_ms(boot.ms)));
        return;
    }
    if super::never_ready(run, out) {
        return;
    }
    let how = boot.exit.map_or_else(|| format!("not ready within {}", format_ms(boot.ms)), ended);
    out.finding(format!("without any network the service is not ready: {how}"))
        .why("a service that fetches something at start depends on a host that may be down or changed")
        .help("put what it needs into the image, or fetch it after start and report not ready until then")
        .at_observation("offline")
        .excerpt(boot.log_tail.join("\n"))
        .command("docker run --network none IMAGE");
}
