//! Reports actions and reusable workflows that are named by a branch.

use super::steps::{all_uses, uses_place};
use super::unpinned_action::{is_branch, movable};
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "action-from-branch",
    summary: "an action moves with every push to it",
    passes: "no action moves with every push to it",
    family: Workflow, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: ["zizmor/unpinned-uses"], refs: ["GitHub documentation, using third-party actions"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let mut seen = BTreeSet::new();
    for (file, uses) in all_uses(cx) {
        let Some(reference) = movable(uses).filter(|reference| is_branch(reference)) else { continue };
        if !seen.insert((file.path.as_str(), uses.text.span.start)) {
            continue;
        }
        let name = uses.action().unwrap_or_default();
        out.finding(format!("`{name}` is named by the branch `{reference}`"))
            .why("every push there runs here at once, unreviewed, with this workflow's token and secrets")
            .help(format!("name a released commit: `{name}@<40 digits> # v1.2.3`"))
            .at_file(file, uses_place(file, uses))
            .command(format!("grep -n 'uses:.*@{reference}' {}", file.path));
    }
}
