//! Reports references and expressions that say in a roundabout way what could be written out.

use super::expressions::all_expressions;
use super::steps::{groups, uses_place};
use crate::{Cx, Sink};
use seaworthy_finding::Persona;
use seaworthy_workflow::expr::{Expr, ExprKind};

declare_rule! {
    name: "obscured-expression",
    summary: "a reference or an expression says in a roundabout way what could be written out",
    passes: "references and expressions say what they mean",
    family: Workflow, category: Security, severity: Low, confidence: High, persona: Auditor,
    aliases: ["zizmor/obfuscation"], refs: ["GitHub documentation, expressions"],
}

const WHY: &str = "people and tools that look for an action, or for a value, do not find it";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        for uses in group.steps.iter().filter_map(|step| step.uses.as_ref()) {
            let text = uses.text.as_str().trim();
            let name = text.split('@').next().unwrap_or_default();
            let path = name.splitn(3, '/').nth(2);
            let odd = path.and_then(|path| path.split('/').find(|part| matches!(*part, "" | "." | "..")));
            let local = name.starts_with(['.', '$']) || name.contains("://");
            if let Some(part) = odd.filter(|_| !local) {
                out.finding(format!("the path of `{text}` has the part `{part}`"))
                    .why(WHY)
                    .help("write the path without it")
                    .at_file(group.file, uses_place(group.file, uses))
                    .command(format!("grep -n 'uses:' {}", group.file.path));
            }
        }
    }
    all_expressions(cx, &mut |file, part, expr| {
        if constant(expr) && !part.span.of(&file.text).contains("'${{") {
            out.finding(format!("`{}` is always the same", part.span.of(&file.text)))
                .why(WHY)
                .help("write the value itself")
                .at_file(file, part.span)
                .command(format!("grep -n '{{{{' {}", file.path));
            return;
        }
        expr.walk(&mut |inner| {
            let (message, help, span) = match &inner.kind {
                ExprKind::Index(base, index) if !literal(index) && !constant(index) => {
                    ("an index is computed", "name the property itself", base.span.start..inner.span.end)
                }
                _ if !literal(inner) && constant(inner) => (
                    "a part of the expression is always the same",
                    "write its value",
                    inner.span.start..inner.span.end,
                ),
                _ => return,
            };
            let span = seaworthy_finding::Span::new(span.start, span.end);
            out.finding(format!("{message}: `{}`", span.of(&file.text)))
                .persona(Persona::Auditor)
                .why(WHY)
                .help(help)
                .at_file(file, span)
                .command(format!("grep -n '{{{{' {}", file.path));
        });
    });
}

fn literal(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_))
}

/// Whether an expression has one value, which can be written out: no context, and no function that looks around.
fn constant(expr: &Expr) -> bool {
    const PURE: [&str; 6] = ["contains", "startswith", "endswith", "format", "join", "tojson"];
    match &expr.kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => true,
        ExprKind::Not(inner) => constant(inner),
        ExprKind::Compare(_, left, right) => constant(left) && constant(right),
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().all(constant),
        ExprKind::Call(name, _, arguments) => {
            PURE.contains(&name.to_ascii_lowercase().as_str()) && arguments.iter().all(constant)
        }
        ExprKind::Context(_) | ExprKind::Property(..) | ExprKind::Index(..) | ExprKind::Star(_) => false,
    }
}
