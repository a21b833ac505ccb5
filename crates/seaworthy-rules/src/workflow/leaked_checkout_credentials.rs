//! Reports checkouts whose token a later step uploads with the whole work tree.

use super::edit::{self, Anchor};
use super::steps::{Group, groups, input_value, whole_expression};
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};
use seaworthy_workflow::Step;

declare_rule! {
    name: "leaked-checkout-credentials",
    summary: "a checkout's token is uploaded as an artifact",
    passes: "no checkout's token is uploaded as an artifact",
    family: Workflow, category: Security, severity: High, confidence: High, persona: Regular, fix: Unsafe,
    aliases: ["zizmor/artipacked"], refs: ["actions/checkout, persist-credentials"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        let uploads: Vec<usize> =
            group.steps.iter().enumerate().filter(|(_, step)| uploads_all(step)).map(|(at, _)| at).collect();
        for (at, step) in group.steps.iter().enumerate() {
            let Some(upload) = uploads.iter().find(|upload| **upload > at) else { continue };
            if !persists(step) {
                continue;
            }
            let line =
                group.file.lines.line_col(&group.file.text, group.place(&group.steps[*upload]).start).0;
            let finding = out
                .finding(format!("the checkout of {} leaves its token in the tree that line {line} uploads", group.name()))
                .why("`.git/config` holds the token, and everyone who can read the artifact has it while the job runs")
                .help("set `persist-credentials: false`, and upload what was built instead of the whole tree")
                .at_file(group.file, group.place(step))
                .command(format!("grep -n -A4 'actions/checkout' {}", group.file.path));
            if let Some(edits) = fix(&group, step) {
                finding.fix(Applicability::Unsafe, "Set `persist-credentials: false`", group.file, edits);
            }
        }
    }
}

/// Whether the step is a checkout that keeps its token in the work tree.
pub(super) fn persists(step: &Step) -> bool {
    // The whole of `with` may be an expression, of which nothing is known.
    let opaque = step.node.get("with").and_then(|node| node.as_str()).is_some_and(whole_expression);
    step.uses("actions/checkout")
        && step.uses.as_ref().is_some_and(|uses| uses.reference().is_some())
        && !opaque
        && input_value(step, "persist-credentials") != "false"
}

/// Whether the step uploads the whole work tree.
pub(super) fn uploads_all(step: &Step) -> bool {
    step.uses("actions/upload-artifact")
        && step.input_str("path").lines().map(str::trim).any(|path| {
            matches!(path, "." | "./" | ".." | "../")
                || (whole_expression(path) && path.contains("github.workspace"))
        })
}

/// Sets `persist-credentials: false`.
pub(super) fn fix(group: &Group<'_>, step: &Step) -> Option<Vec<Edit>> {
    if !group.owns(step) {
        return None;
    }
    let uses = step.uses.as_ref()?;
    match step.input("persist-credentials") {
        // Who wrote `true` meant it.
        Some(_) => None,
        None => {
            let entries = [("persist-credentials".to_owned(), "false".to_owned())];
            edit::add_below(&group.file.text, step, "with", &entries, Anchor::After(uses.text.span))
        }
    }
}
