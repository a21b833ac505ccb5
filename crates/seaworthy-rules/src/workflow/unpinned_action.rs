//! Reports actions and reusable workflows that are not named by commit.

use super::steps::{all_uses, uses_place};
use crate::{Cx, Sink};
use seaworthy_workflow::{Target, Uses};
use std::collections::BTreeSet;

declare_rule! {
    name: "unpinned-action",
    summary: "an action is not pinned to a commit",
    passes: "every action is pinned to a commit",
    family: Workflow, category: SupplyChain, severity: Medium, confidence: High, persona: Pedantic,
    aliases: ["zizmor/unpinned-uses"], refs: ["GitHub documentation, using third-party actions"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let mut seen = BTreeSet::new();
    for (file, uses) in all_uses(cx) {
        let Some(reference) = movable(uses).filter(|reference| !is_branch(reference)) else { continue };
        if !seen.insert((file.path.as_str(), uses.text.span.start)) {
            continue;
        }
        let name = uses.action().unwrap_or_default();
        out.finding(format!("`{name}` is named by the tag `{reference}`, which its owner can move"))
            .why("whoever gets hold of that repository runs code with this workflow's token and secrets")
            .help(format!(
                "name the commit and keep the tag as a comment: `{name}@<40 digits> # {reference}`"
            ))
            .at_file(file, uses_place(file, uses))
            .command(format!("grep -n 'uses:.*@{reference}' {}", file.path));
    }
}

/// The reference of an action or workflow of a repository, where it is no commit.
pub(super) fn movable(uses: &Uses) -> Option<&str> {
    let Target::Repository { reference, .. } = &uses.target else { return None };
    let reference = reference.as_deref()?;
    let commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!commit && !uses.text.as_str().starts_with("$/")).then_some(reference)
}

/// Whether a reference moves with every push.
pub(super) fn is_branch(reference: &str) -> bool {
    let reference = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    matches!(
        reference,
        "main" | "master" | "develop" | "dev" | "trunk" | "HEAD" | "latest" | "nightly" | "edge"
    )
}
