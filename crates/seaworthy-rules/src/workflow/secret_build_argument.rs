//! Reports secrets given to a build as `--build-arg`.

use super::cli::{self, Act};
use super::pipeline::{commands, jobs, word};
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "secret-build-argument",
    summary: "a build gets a secret as an argument",
    passes: "no build gets a secret as an argument",
    family: Workflow, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, RUN --mount=type=secret"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for pipeline in cx.pipelines() {
        let mut seen = BTreeSet::new();
        for job in jobs(pipeline) {
            for simple in commands(job) {
                for act in cli::acts(&simple) {
                    let Act::Build { arguments, .. } = act else { continue };
                    for argument in arguments {
                        let name = argument.split('=').next().unwrap_or(argument);
                        let value = argument.split_once('=').map_or("", |(_, value)| value);
                        if !secret(name, value) || !seen.insert((simple.span.start, name.to_owned())) {
                            continue;
                        }
                        out.finding(format!("the build argument `{name}` carries a secret"))
                            .why("the value stands in the image's history and in its provenance, readable by all who can pull it")
                            .help(format!(
                                "give it as `--secret id={},env={name}` and read it with `RUN --mount=type=secret`",
                                name.to_ascii_lowercase()
                            ))
                            .at_file(&pipeline.file, word(&pipeline.file, simple.span, argument))
                            .command(format!("grep -n -e '--build-arg' {}", pipeline.file.path));
                    }
                }
            }
        }
    }
}

/// Whether the name, or the variable that gives the value, is that of a secret.
fn secret(name: &str, value: &str) -> bool {
    let sounds = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let parts: Vec<&str> = lower.split(['_', '-', '.']).collect();
        let about = matches!(parts.last(), Some(&("file" | "path" | "dir" | "url" | "name" | "id" | "user")));
        let words = ["password", "passwd", "secret", "token", "apikey", "credentials", "passphrase"];
        !about && parts.iter().any(|part| words.contains(part))
    };
    let variable = value.trim_start_matches(['$', '{']).trim_end_matches('}');
    sounds(name) || (value.starts_with('$') && sounds(variable))
}
