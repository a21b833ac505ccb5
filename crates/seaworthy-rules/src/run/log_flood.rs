//! Reports a service that writes its log without measure.

use crate::{Cx, Sink};
use seaworthy_finding::{format_bytes, format_ms};

declare_rule! {
    name: "log-flood",
    summary: "the service floods its log",
    passes: "the service logs in measure",
    family: Run, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(logs) = out.seen(&run.logs) else { return };
    let rate = logs.bytes.saturating_mul(1000).checked_div(logs.ms.max(1)).unwrap_or(0);
    // What was not read to its end was more than can be told.
    if logs.bytes < 4 << 20 || (rate < 512 << 10 && !logs.truncated) {
        out.observed(format!("{} in {}", format_bytes(logs.bytes), format_ms(logs.ms)));
        return;
    }
    let least = if logs.truncated { "at least " } else { "" };
    out.finding(format!(
        "the service wrote {least}{} to its log in {}, {} a second",
        format_bytes(logs.bytes),
        format_ms(logs.ms),
        format_bytes(rate)
    ))
    .why("the log fills the disk of the machine it runs on, and what matters is lost in it")
    .help("lower the log level of the image, and say the same thing once")
    .at_observation("logs")
    .command("docker logs CONTAINER | wc -c");
}
