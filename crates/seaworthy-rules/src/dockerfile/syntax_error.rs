//! Reports what BuildKit refuses, or reads otherwise than it was meant.

use crate::{Cx, Sink};
use seaworthy_dockerfile::ErrorKind;
use seaworthy_finding::Severity;

declare_rule! {
    name: "syntax-error",
    summary: "the Dockerfile does not read",
    passes: "the Dockerfile reads",
    family: Dockerfile, category: Runtime, severity: Critical, confidence: High, persona: Regular,
    gate: true,
    aliases: ["x/build-error", "x/inline-comment", "DL1000", "DL3061"], refs: ["Dockerfile reference"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for error in &docker.errors {
            let aliases: &[&str] = match error.kind {
                ErrorKind::EmptyContinuation => continue,
                ErrorKind::BadPort if !error.fatal => continue,
                ErrorKind::InlineComment if error.fatal => &["x/inline-comment", "x/build-error"],
                ErrorKind::InlineComment => &["x/inline-comment"],
                ErrorKind::NoStage => &["x/build-error", "DL3061"],
                _ if error.fatal => &["x/build-error", "DL1000"],
                _ => &[],
            };
            let (severity, why) = if error.fatal {
                (Severity::Critical, "BuildKit refuses the file, so nothing can be built")
            } else {
                (Severity::Medium, "BuildKit accepts the line, but builds something else than was meant")
            };
            let help = match error.kind {
                ErrorKind::InlineComment => "move the comment to a line of its own above the instruction",
                ErrorKind::UnterminatedHeredoc => "end the heredoc with its word alone on a line",
                ErrorKind::JsonLike => "write a JSON array with double quotes, or no brackets at all",
                _ => "write what the message says; nothing else in the file is affected",
            };
            out.finding(error.message.clone())
                .severity(severity)
                .aliases(aliases)
                .why(why)
                .help(help)
                .at_file(&docker.file, error.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
