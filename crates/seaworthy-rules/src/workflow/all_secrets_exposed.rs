//! Reports expressions that take every secret of the repository into the runner.

use super::expressions::all_expressions;
use crate::{Cx, Sink};
use seaworthy_workflow::expr::{Expr, ExprKind};

declare_rule! {
    name: "all-secrets-exposed",
    summary: "an expression takes every secret into the runner",
    passes: "no expression takes every secret into the runner",
    family: Workflow, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["zizmor/overprovisioned-secrets"], refs: ["GitHub documentation, security hardening"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    all_expressions(cx, &mut |file, part, expr| {
        let mut count = 0;
        expr.walk(&mut |expr| count += usize::from(takes_all(expr)));
        for _ in 0..count {
            let text = part.span.of(&file.text);
            out.finding(format!("`{text}` takes every secret of the repository into the runner"))
                .why("the runner gets, and may write to its memory and logs, secrets that this workflow has no use for")
                .help("name the secret: `${{ secrets.REGISTRY_TOKEN }}`")
                .at_file(file, part.span)
                .command(format!("grep -n 'secrets' {}", file.path));
        }
    });
}

/// `toJSON(secrets)`, or `secrets[…]` with anything but a literal.
fn takes_all(expr: &Expr) -> bool {
    let secrets =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Context(name) if name.eq_ignore_ascii_case("secrets"));
    match &expr.kind {
        ExprKind::Call(name, _, arguments) => {
            name.eq_ignore_ascii_case("tojson") && arguments.iter().any(secrets)
        }
        ExprKind::Index(base, index) => {
            let literal = matches!(
                index.kind,
                ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::Null
            );
            secrets(base) && !literal
        }
        _ => false,
    }
}
