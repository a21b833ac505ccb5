//! Reports actions that do what a command on every runner does.

use super::steps::{groups, uses_place};
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "superfluous-action",
    summary: "an action does what a command of the runner does",
    passes: "no action does what a command of the runner does",
    family: Workflow, category: SupplyChain, severity: Info, confidence: Medium, persona: Auditor,
    aliases: ["zizmor/superfluous-actions"], refs: ["GitHub CLI manual"],
}

/// Actions by their names in lower case, and the command that does the same.
const KNOWN: [(&str, &str); 14] = [
    ("ncipollo/release-action", "gh release create"),
    ("softprops/action-gh-release", "gh release create"),
    ("elgohr/github-release-action", "gh release create"),
    ("peter-evans/create-pull-request", "gh pr create"),
    ("peter-evans/create-or-update-comment", "gh pr comment"),
    ("dacbd/create-issue-action", "gh issue create"),
    ("actions-ecosystem/action-add-labels", "gh issue edit --add-label"),
    ("actions-ecosystem/action-remove-labels", "gh issue edit --remove-label"),
    ("svenstaro/upload-release-action", "gh release upload"),
    ("addnab/docker-run-action", "docker run"),
    ("sergeysova/jq-action", "jq"),
    ("dtolnay/rust-toolchain", "rustup toolchain install"),
    ("stefanzweifel/git-auto-commit-action", "git commit"),
    ("endbug/add-and-commit", "git commit"),
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let mut seen = BTreeSet::new();
    for group in groups(cx) {
        for uses in group.steps.iter().filter_map(|step| step.uses.as_ref()) {
            let Some(action) = uses.action().filter(|_| uses.reference().is_some()) else { continue };
            let Some((_, command)) = KNOWN.iter().find(|(name, _)| *name == action) else { continue };
            if !seen.insert((group.file.path.as_str(), uses.text.span.start)) {
                continue;
            }
            out.finding(format!("`{action}` does what `{command}` does, which every runner has"))
                .why("one more repository whose owner can run code with this workflow's token")
                .help(format!("write `run: {command} …`"))
                .at_file(group.file, uses_place(group.file, uses))
                .command(format!("grep -n 'uses: {}' {}", uses.text.value.trim(), group.file.path));
        }
    }
}
