//! Reports a service that does not start on a read-only root.

use super::ended;
use crate::{Cx, Sink, text};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "read-only-root-fails",
    summary: "the service does not start with a read-only root",
    passes: "the service starts with a read-only root",
    family: Run, category: Security, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["CIS Docker Benchmark 5.12"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(boot) = out.seen(&run.read_only) else { return };
    if boot.ready {
        out.observed(format!("ready after {} on a read-only root", format_ms(boot.ms)));
        return;
    }
    // A boot that fails for another reason is judged by `not-ready` alone.
    if run.ready.seen().is_some_and(|ready| !ready.boot.ready) && run.writes.seen().is_none() {
        out.not_run("the service does not become ready at all");
        return;
    }
    let how = boot.exit.map_or_else(|| format!("not ready within {}", format_ms(boot.ms)), ended);
    let cause =
        if boot.diagnosis.is_empty() { String::new() } else { format!(": {}", boot.diagnosis.join("; ")) };
    let help = match run.tmpfs.seen() {
        Some(need) if need.boot.ready => {
            let hiding = match need.hiding.as_slice() {
                [] => String::new(),
                hiding => format!("; {} holds files of the image, which a volume keeps", text::names(hiding, 3)),
            };
            format!(
                "mount a tmpfs or a volume at {}: with that it was ready on a read-only root{hiding}",
                text::names(&need.paths, 8)
            )
        }
        _ => "write below a declared volume or a tmpfs such as `/tmp`, or list the path in `tmpfs` of `[image.test]`"
            .to_owned(),
    };
    out.finding(format!("with a read-only root the service does not become ready: {how}{cause}"))
        .why("a writable root lets an intruder keep tools and change the program")
        .help(help)
        .at_observation("read-only")
        .excerpt(boot.log_tail.join("\n"))
        .command("docker run --read-only --tmpfs /tmp IMAGE");
}
