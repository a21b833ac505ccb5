//! Reports a service that keeps a processor busy although nobody asks it anything.

use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "busy-idle",
    summary: "the service keeps a processor busy while nobody asks it anything",
    passes: "the service rests while nobody asks it anything",
    family: Run, category: Runtime, severity: Low, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(idle) = out.seen(&run.idle) else { return };
    let share = idle.cpu_ms.saturating_mul(100).checked_div(idle.watched_ms).unwrap_or(0);
    if share < 80 || idle.watched_ms < 1000 {
        out.observed(format!(
            "{} of processor time in {}",
            format_ms(idle.cpu_ms),
            format_ms(idle.watched_ms)
        ));
        return;
    }
    out.finding(format!(
        "the service wanted {} of processor time in {} without being asked anything ({share} %)",
        format_ms(idle.cpu_ms),
        format_ms(idle.watched_ms)
    ))
    .why("every copy of it costs a processor for nothing, and its limit throttles the requests that come")
    .help("wait for events instead of asking in a loop; profile the service at rest")
    .at_observation("idle")
    .command("docker stats --no-stream CONTAINER");
}
