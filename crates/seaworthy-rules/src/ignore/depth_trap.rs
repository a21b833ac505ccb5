//! Reports patterns that match at the root only although they are meant for every directory.

use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "depth-trap",
    summary: "an ignore pattern matches at the root only",
    passes: "patterns for every directory begin with `**/`",
    family: Ignore, category: Security, severity: Medium, confidence: High, persona: Regular,
    fix: Safe,
    aliases: [], refs: ["Docker build context, .dockerignore: syntax"],
}

/// Names that turn up in every directory, not at the root alone.
const EVERYWHERE: [&str; 14] = [
    "__pycache__",
    "node_modules",
    ".env",
    ".venv",
    ".DS_Store",
    "Thumbs.db",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
    ".coverage",
    "id_rsa",
    "id_ed25519",
    ".npmrc",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for ignore in &project.ignores {
        for pattern in &ignore.patterns.patterns {
            let text = pattern.text.as_str();
            let name = text.trim_end_matches('/');
            let suffix = name.strip_prefix("*.").is_some_and(|end| !end.is_empty() && !end.contains('/'));
            if pattern.negated || name.contains('/') || !(suffix || EVERYWHERE.contains(&name)) {
                continue;
            }
            let fixed = format!("**/{name}");
            let all = &ignore.patterns.patterns;
            // A pattern for every directory may stand beside it already.
            if all.iter().any(|other| {
                !other.negated && (other.text == fixed || matches!(other.text.as_str(), "*" | "**"))
            }) {
                continue;
            }
            let example =
                if suffix { format!("src/{}", name.replacen('*', "a", 1)) } else { format!("src/{name}") };
            let below = project.context.iter().find(|entry| {
                entry.path.contains('/') && {
                    let last = entry.path.rsplit('/').next().unwrap_or_default();
                    last == name || (suffix && last.ends_with(&name[1..]))
                }
            });
            let example = below.map_or(example, |entry| entry.path.clone());
            let verb = if below.is_some() { "is" } else { "would be" };
            out.finding(format!(
                "`{text}` matches at the root only: `{example}` {verb} in the build context"
            ))
            .why("unlike .gitignore, a pattern without `**/` is anchored at the root of the context")
            .help(format!("write `{fixed}`"))
            .at_file(&ignore.file, pattern.span)
            .fix(
                Applicability::Safe,
                format!("Write `{fixed}`"),
                &ignore.file,
                vec![Edit { span: pattern.span, text: fixed.clone() }],
            )
            .command(format!("grep -n '' {}", ignore.file.path));
        }
    }
}
