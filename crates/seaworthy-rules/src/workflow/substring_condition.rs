//! Reports `contains('a b c', …)`: a part of a word passes, too.

use super::conditions::conditions;
use crate::{Cx, Sink};
use seaworthy_finding::Severity;
use seaworthy_workflow::expr::ExprKind;

declare_rule! {
    name: "substring-condition",
    summary: "a condition looks for a part of a text where it means a word of a list",
    passes: "no condition looks for a part of a text where it means a word of a list",
    family: Workflow, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["zizmor/unsound-contains"], refs: ["GitHub documentation, expressions, contains"],
}

/// What others can choose at will.
const CHOSEN: [&str; 9] = [
    "env",
    "github.actor",
    "github.base_ref",
    "github.head_ref",
    "github.ref",
    "github.ref_name",
    "github.sha",
    "github.triggering_actor",
    "inputs",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for asked in conditions(cx) {
        let Some(expr) = asked.expr() else { continue };
        expr.walk(&mut |part| {
            let ExprKind::Call(name, _, arguments) = &part.kind else { return };
            let [list, what] = &arguments[..] else { return };
            let (true, ExprKind::Text(text), Some(reference)) =
                (name.eq_ignore_ascii_case("contains"), &list.kind, what.reference())
            else {
                return;
            };
            let path = reference.path();
            let chosen = CHOSEN.iter().any(|known| {
                path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
            let finding = out
                .finding(format!("`contains('{text}', {path})` is true for every part of that text"))
                .why("a branch called `a` passes where `main` is meant")
                .help("give a list: `contains(fromJSON('[\"main\", \"release\"]'), github.ref_name)`")
                .at_file(asked.file, part.span)
                .command(format!("grep -n 'contains(' {}", asked.file.path));
            if chosen {
                finding.severity(Severity::Medium);
            }
        });
    }
}
