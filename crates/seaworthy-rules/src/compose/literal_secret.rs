//! Reports secrets written into a compose file.

use crate::{Cx, Sink};

declare_rule! {
    name: "literal-secret",
    summary: "a secret is written into the compose file",
    passes: "no secret is written into the compose file",
    family: Compose, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["CL-0020", "CL-0021"], refs: ["Compose specification, secrets"],
}

const WORDS: [&str; 9] =
    ["password", "passwd", "secret", "token", "apikey", "credential", "credentials", "pwd", "key"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            for (name, value) in &service.environment {
                let Some(value) = value.as_deref().map(str::trim) else { continue };
                let in_url = value.split_once("://").is_some_and(|(_, rest)| {
                    let host = rest.split('/').next().unwrap_or_default();
                    host.rsplit_once('@')
                        .and_then(|(user, _)| user.split_once(':'))
                        .is_some_and(|(_, password)| !password.is_empty() && !password.starts_with('$'))
                });
                let named = sounds_secret(&name.value) && literal(value);
                if !named && !in_url {
                    continue;
                }
                let what = if named { "a secret" } else { "a URL with a password" };
                out.finding(format!(
                    "service `{}` has {what} in `{}` ({} characters)",
                    service.name,
                    name.value,
                    value.chars().count()
                ))
                .aliases(if named { &["CL-0020"] } else { &["CL-0021"] })
                .why("everyone who can read the repository, or inspect the container, has it")
                .help(format!(
                    "use `secrets:` with a file and `{}_FILE`, or `${{{}}}` from the host",
                    name.value, name.value
                ))
                .at_file(&compose.file, name.span)
                .command(format!("grep -n '{}' {}", name.value, compose.file.path));
            }
        }
    }
}

fn sounds_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['_', '-', '.']).collect();
    let path = matches!(parts.last(), Some(&("file" | "path" | "dir" | "url" | "name" | "id")));
    !path && !parts.contains(&"public") && parts.iter().any(|part| WORDS.contains(part))
}

/// Whether a value is written out, rather than a reference, a path or a switch.
fn literal(value: &str) -> bool {
    let switch = matches!(
        value.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "yes" | "no" | "0" | "1" | "none" | "null"
    );
    !switch && !value.contains("${") && !value.starts_with(['$', '/']) && !value.starts_with("./")
}
