//! Ignore patterns that are meant for every directory and match at the root only.

use seaworthy_dockerfile::ignore::Pattern;
use seaworthy_facts::{IgnoreFact, ProjectFacts};
use std::collections::BTreeSet;

/// More patterns of a file are not looked at.
const MOST: usize = 100;

/// Names that turn up in every directory, not at the root alone.
const EVERYWHERE: [&str; 16] = [
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
    ".netrc",
    ".terraform",
];

/// Endings that nobody wants in an image, wherever they are.
const ENDINGS: [&str; 14] =
    ["pyc", "pyo", "pyd", "py[cod]", "py[co]", "log", "swp", "swo", "pem", "key", "p12", "env", "tmp", "bak"];

/// A pattern that matches at the root only.
pub(crate) struct Shallow<'a> {
    pub(crate) pattern: &'a Pattern,
    /// The pattern for every directory.
    pub(crate) fixed: String,
    /// A path it would match in a directory.
    pub(crate) example: String,
    /// A path of the context that stays in although the pattern names it, where it matters.
    pub(crate) left: Option<String>,
}

/// The patterns of an ignore file that match at the root only.
pub(crate) fn shallow<'a>(project: &'a ProjectFacts, ignore: &'a IgnoreFact) -> Vec<Shallow<'a>> {
    let all = &ignore.patterns.patterns;
    let base = match ignore.file.path.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/"),
        None => String::new(),
    };
    let texts: BTreeSet<&str> =
        all.iter().filter(|pattern| !pattern.negated).map(|pattern| pattern.text.as_str()).collect();
    if texts.contains("*") || texts.contains("**") {
        return Vec::new();
    }
    let mut out = Vec::new();
    for pattern in all {
        // Every pattern is held against every path.
        if out.len() >= MOST {
            break;
        }
        let name = pattern.text.trim_end_matches('/');
        let ending = name.strip_prefix("*.").filter(|end| !end.is_empty() && !end.contains(['/', '*']));
        if pattern.negated || name.contains('/') || !(ending.is_some() || EVERYWHERE.contains(&name)) {
            continue;
        }
        let fixed = format!("**/{name}");
        // A pattern for every directory may stand beside it already.
        if texts.contains(fixed.as_str()) {
            continue;
        }
        let matters = ending.is_none_or(|ending| ENDINGS.contains(&ending));
        let deep = seaworthy_dockerfile::ignore::IgnoreFile::from_patterns([fixed.as_str()]);
        let left = project.context.iter().filter(|_| matters).find_map(|entry| {
            let path = entry.path.strip_prefix(&base).filter(|path| path.contains('/'))?;
            let named = deep.matches(path) == Ok(true) && ignore.patterns.matches(path) == Ok(false);
            named.then(|| entry.path.clone())
        });
        let example = match ending {
            Some(ending) => format!("src/a.{}", ending.split('[').next().unwrap_or(ending)),
            None => format!("src/{name}"),
        };
        out.push(Shallow { pattern, fixed, example, left });
    }
    out
}
