//! Reports a secret of the run that was written to the log.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "secret-in-log",
    summary: "the service writes a secret to its log",
    passes: "no secret of the run appears in the log",
    family: Run, category: Security, severity: Critical, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["CWE-532"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(logs) = out.seen(&run.logs) else { return };
    let lines = logs.stdout_lines + logs.stderr_lines;
    if logs.leaks.is_empty() && logs.truncated {
        out.not_run(format!(
            "the log was not read to its end; the {lines} lines that were read hold no secret"
        ));
        return;
    }
    if logs.leaks.is_empty() {
        out.observed(format!("{lines} log lines read"));
        return;
    }
    out.finding(format!(
        "{} of {lines} contain a secret of the run: {}",
        text::count(logs.leaks.len(), "log line"),
        logs.leaks[0]
    ))
    .why("logs are copied to places and people the secret is not meant for")
    .help("remove the value from the message, or log only that it is set")
    .at_observation("logs")
    .excerpt(logs.leaks.join("\n"))
    .command("seaworthy test IMAGE --project .");
}
