//! Reports an image that does not become ready when booted hardened.

use super::ended;
use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "not-ready",
    summary: "the service does not become ready",
    passes: "the service becomes ready",
    family: Run, category: Runtime, severity: Critical, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["Seaworthy: booting"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(ready) = out.seen(&run.ready) else { return };
    let boot = &ready.boot;
    if boot.ready {
        out.observed(format!("{} answered {} after {}", ready.probe, ready.last_answer, format_ms(boot.ms)));
        return;
    }
    let how = match boot.exit {
        Some(exit) => format!("ended before it was ready: {} after {}", ended(exit), format_ms(boot.ms)),
        None => {
            format!("did not answer `{}` within {}: {}", ready.probe, format_ms(boot.ms), ready.last_answer)
        }
    };
    let cause =
        if boot.diagnosis.is_empty() { String::new() } else { format!(": {}", boot.diagnosis.join("; ")) };
    let help = if boot.diagnosis.is_empty() {
        format!("read the log below; the probe `{}` comes from {}", ready.probe, ready.probe_source)
    } else {
        "remove the cause named above, or describe the run in `[image.test]` of `seaworthy.toml`".to_owned()
    };
    let mut finding = out
        .finding(format!("the service {how}{cause}"))
        .why("an image that does not start where it is hardened does not start in production")
        .help(help)
        .at_observation("ready");
    for note in &boot.diagnosis {
        finding = finding.observation(note.clone());
    }
    finding.excerpt(boot.log_tail.join("\n")).command("seaworthy test IMAGE --project .");
}
