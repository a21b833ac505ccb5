//! Reports memory that grows with each request.

use crate::{Cx, Sink};
use seaworthy_finding::format_bytes;

declare_rule! {
    name: "memory-leak",
    summary: "each request leaves memory behind",
    passes: "requests leave no memory behind",
    family: Run, category: Runtime, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(load) = out.seen(&run.load) else { return };
    let (Some([before, middle, after]), Some(half)) =
        (load.memory.first_chunk::<3>(), load.sent.checked_div(2).filter(|half| *half >= 5))
    else {
        out.not_run("too few requests were answered to see a leak");
        return;
    };
    // A runtime that collects garbage now and then grows for a while; many requests tell more than few.
    let enough: u64 = if half >= 200 { 8 << 10 } else { 128 << 10 };
    let each = |from: u64, to: u64| to.saturating_sub(from) / u64::from(half);
    let (first, second) = (each(*before, *middle), each(*middle, *after));
    if first.min(second) < enough {
        out.observed(format!(
            "{} before, {} after `{}` {} times",
            format_bytes(*before),
            format_bytes(*after),
            load.request,
            load.sent
        ));
        return;
    }
    out.finding(format!(
        "memory grew from {} to {} and {} in two times {half} `{}`, {} for each",
        format_bytes(*before),
        format_bytes(*middle),
        format_bytes(*after),
        load.request,
        format_bytes(first.min(second))
    ))
    .why("the kernel ends the service when it reaches its memory limit")
    .help("release what each request takes; look for caches and lists without a bound")
    .at_observation("load")
    .command("docker stats --no-stream CONTAINER");
}
