//! Reports log files that grow inside the container.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "log-file-in-container",
    summary: "the service logs to a file inside the container",
    passes: "the service logs to standard output and standard error only",
    family: Run, category: Runtime, severity: Low, confidence: Medium, persona: Regular,
    aliases: [], refs: ["The twelve-factor app, XI"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(logs) = out.seen(&run.logs) else { return };
    if logs.log_files.is_empty() {
        out.observed(format!(
            "{} lines on standard output, {} on standard error",
            logs.stdout_lines, logs.stderr_lines
        ));
        return;
    }
    out.finding(format!("{} grew while the service ran", text::names(&logs.log_files, 5)))
        .why("the file fills the container's disk, and no log collector reads it")
        .help("write to standard output, or link the file to /dev/stdout")
        .at_observation("logs")
        .command("docker run -d --name probe IMAGE; docker diff probe");
}
