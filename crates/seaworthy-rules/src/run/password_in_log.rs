//! Reports a password or token the service makes and writes to its log.

use crate::{Cx, Sink};

declare_rule! {
    name: "password-in-log",
    summary: "the service writes a generated password to its log",
    passes: "no generated password appears in the log",
    family: Run, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: [], refs: ["CWE-532"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(logs) = out.seen(&run.logs) else { return };
    let Some(first) = logs.generated.first() else {
        out.observed(format!("{} log lines read", logs.stdout_lines + logs.stderr_lines));
        return;
    };
    out.finding(format!("a password or token stands in the log: {}", first.trim()))
        .why("logs are copied to places and people the password is not meant for, and stay there")
        .help("ask for the password by a variable or a file and refuse to start without it, or write it to a file only the user can read")
        .at_observation("logs")
        .excerpt(logs.generated.join("\n"))
        .command("docker logs CONTAINER");
}
