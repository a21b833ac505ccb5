//! Reports checkouts that leave their token in the work tree.

use super::leaked_checkout_credentials::{fix, persists, uploads_all};
use super::steps::groups;
use crate::{Cx, Sink};
use seaworthy_finding::Applicability;

declare_rule! {
    name: "persisted-checkout-credentials",
    summary: "a checkout leaves its token in the work tree",
    passes: "no checkout leaves its token in the work tree",
    family: Workflow, category: Security, severity: Low, confidence: Low, persona: Pedantic, fix: Unsafe,
    aliases: ["zizmor/artipacked"], refs: ["actions/checkout, persist-credentials"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        // Where the tree is uploaded the graver rule speaks.
        if group.steps.iter().any(uploads_all) {
            continue;
        }
        for step in group.steps.iter().filter(|step| persists(step)) {
            let finding = out
                .finding(format!("the checkout of {} leaves its token in `.git/config`", group.name()))
                .why("every later step can read it, and `COPY . .` takes it into an image's build")
                .help("set `persist-credentials: false` unless a later step pushes")
                .at_file(group.file, group.place(step))
                .command(format!("grep -n -A4 'actions/checkout' {}", group.file.path));
            if let Some(edits) = fix(&group, step) {
                finding.fix(Applicability::Unsafe, "Set `persist-credentials: false`", group.file, edits);
            }
        }
    }
}
