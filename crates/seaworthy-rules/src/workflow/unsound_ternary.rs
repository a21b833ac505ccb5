//! Reports `a && b || c` whose `b` is never taken, because it counts as false.

use super::expressions::all_expressions;
use crate::{Cx, Sink};
use seaworthy_workflow::expr::{Expr, ExprKind};

declare_rule! {
    name: "unsound-ternary",
    summary: "the first choice of `a && b || c` is never taken",
    passes: "every choice of `a && b || c` can be taken",
    family: Workflow, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["zizmor/unsound-ternary"], refs: ["GitHub documentation, expressions, operators"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    all_expressions(cx, &mut |file, _, expr| {
        expr.walk(&mut |part| {
            let ExprKind::Or(items) = &part.kind else { return };
            for item in &items[..items.len().saturating_sub(1)] {
                let ExprKind::And(choice) = &item.kind else { continue };
                let Some(value) = choice.last().filter(|value| falsy(value)) else { continue };
                let text = value.span.of(&file.text);
                out.finding(format!("`{text}` counts as false, so what stands behind `||` is always taken"))
                    .why("the value that is meant for the one case is never used")
                    .help("turn the condition round: `!a && c || b`")
                    .at_file(file, value.span)
                    .command(format!("grep -n '||' {}", file.path));
            }
        });
    });
}

/// Whether a literal counts as false.
fn falsy(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Null | ExprKind::Bool(false) => true,
        ExprKind::Number(number) => *number == 0.0,
        ExprKind::Text(text) => text.is_empty(),
        _ => false,
    }
}
