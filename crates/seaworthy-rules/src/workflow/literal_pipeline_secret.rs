//! Reports secrets written into a GitLab CI file.

use crate::{Cx, Sink};
use seaworthy_facts::PipelineVariable;
use std::collections::BTreeSet;

declare_rule! {
    name: "literal-pipeline-secret",
    summary: "a secret is written into the GitLab CI file",
    passes: "no secret is written into the GitLab CI file",
    family: Workflow, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: [], refs: ["GitLab documentation, CI/CD variables"],
}

/// Parts of names that mark a value as a secret.
const WORDS: [&str; 9] =
    ["password", "passwd", "secret", "token", "apikey", "credential", "credentials", "pwd", "passphrase"];
/// How tokens of well-known services begin.
const PREFIXES: [&str; 8] =
    ["glpat-", "ghp_", "gho_", "github_pat_", "dckr_pat_", "AKIA", "xoxb-", "sk_live_"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for pipeline in cx.pipelines() {
        let mut seen = BTreeSet::new();
        let of_jobs = pipeline.jobs.iter().flat_map(|job| {
            let services = job.services.iter().flat_map(|service| &service.variables);
            job.variables
                .iter()
                .map(move |known| (known, job.services.is_empty()))
                .chain(services.map(|known| (known, false)))
        });
        // The password of a database that lives as long as the job opens nothing.
        for (variable, alone) in pipeline.variables.iter().map(|known| (known, true)).chain(of_jobs) {
            let Some(value) = variable.value.as_ref().map(|value| value.value.trim()) else { continue };
            let token = PREFIXES.iter().any(|prefix| value.starts_with(prefix) && value.len() >= 20);
            let throw_away = !alone || for_tests(&variable.name.value);
            let named = sounds_secret(variable) && literal(value) && !throw_away;
            if !(token || named) || !seen.insert(variable.name.span.start) {
                continue;
            }
            out.finding(format!(
                "`{}` is written out ({} characters)",
                variable.name.value,
                value.chars().count()
            ))
            .why("everyone who can read the repository, and every fork's pipeline, has it")
            .help("revoke it, and set it masked and protected under Settings, CI/CD, Variables")
            .at_file(&pipeline.file, variable.name.span)
            .command(format!("grep -n '{}' {}", variable.name.value, pipeline.file.path));
        }
    }
}

/// Names that service images ask for, such as `POSTGRES_PASSWORD`.
fn for_tests(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["postgres", "mysql", "mariadb", "mongo", "redis", "rabbitmq", "minio", "test", "example", "dummy"]
        .iter()
        .any(|word| lower.contains(word))
}

fn sounds_secret(variable: &PipelineVariable) -> bool {
    let lower = variable.name.value.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['_', '-', '.']).collect();
    let about = matches!(
        parts.last(),
        Some(&("file" | "path" | "dir" | "url" | "name" | "id" | "enabled" | "disabled" | "type" | "header"))
    );
    let detection = lower.starts_with("secret_detection");
    !about && !detection && parts.iter().any(|part| WORDS.contains(part))
}

fn literal(value: &str) -> bool {
    let switch = matches!(
        value.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "yes" | "no" | "0" | "1" | "none" | "null"
    );
    !switch && !value.contains('$') && !value.starts_with(['/', '.']) && !value.contains(' ')
}
