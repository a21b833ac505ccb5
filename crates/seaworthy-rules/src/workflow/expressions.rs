//! Every `${{ … }}` of workflows and actions, wherever it stands.

use crate::Cx;
use seaworthy_facts::TextFile;
use seaworthy_workflow::expr::Expr;
use seaworthy_workflow::{Interpolation, Kind, Node};
use std::collections::BTreeSet;

/// Calls `visit` for every expression that reads, once for each place.
pub(crate) fn all_expressions(cx: &Cx<'_>, visit: &mut dyn FnMut(&TextFile, &Interpolation, &Expr)) {
    let workflows = cx.workflows().iter().map(|fact| (&fact.file, fact.workflow.root.as_deref()));
    let actions = cx.actions().iter().map(|fact| (&fact.file, fact.action.root.as_deref()));
    for (file, root) in workflows.chain(actions) {
        let mut seen = Seen::default();
        if let Some(root) = root {
            walk(root, file, &mut seen, visit);
        }
    }
}

/// Calls `visit` for every expression below a node that reads, once for each place.
pub(crate) fn expressions_below(
    node: &Node,
    file: &TextFile,
    visit: &mut dyn FnMut(&TextFile, &Interpolation, &Expr),
) {
    walk(node, file, &mut Seen::default(), visit);
}

/// What was visited: aliases name nodes again, and must not multiply the work or the findings.
#[derive(Default)]
struct Seen {
    nodes: BTreeSet<*const Node>,
    places: BTreeSet<usize>,
}

fn walk(
    node: &Node,
    file: &TextFile,
    seen: &mut Seen,
    visit: &mut dyn FnMut(&TextFile, &Interpolation, &Expr),
) {
    if !seen.nodes.insert(std::ptr::from_ref(node)) {
        return;
    }
    match &node.kind {
        Kind::Scalar(text) => {
            for part in &text.interpolations {
                if let Ok(expr) = &part.expr
                    && seen.places.insert(part.span.start)
                {
                    visit(file, part, expr);
                }
            }
        }
        Kind::Seq(items) => items.iter().for_each(|item| walk(item, file, seen, visit)),
        Kind::Map(entries) => {
            for (key, value) in entries {
                walk(key, file, seen, visit);
                walk(value, file, seen, visit);
            }
        }
    }
}
