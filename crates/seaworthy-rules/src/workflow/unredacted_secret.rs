//! Reports secrets whose parts are used: the runner blanks out only the whole.

use super::expressions::all_expressions;
use crate::{Cx, Sink};
use seaworthy_workflow::expr::{Expr, ExprKind};

declare_rule! {
    name: "unredacted-secret",
    summary: "a part of a secret is used, which logs do not hide",
    passes: "secrets are used whole",
    family: Workflow, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["zizmor/unredacted-secrets"], refs: ["GitHub documentation, using secrets"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    all_expressions(cx, &mut |file, part, expr| {
        let mut count = 0;
        expr.walk(&mut |expr| count += usize::from(takes_apart(expr)));
        for _ in 0..count {
            let text = part.span.of(&file.text);
            out.finding(format!("`{text}` takes a secret apart"))
                .why("the runner hides a secret in logs as the whole it was stored as; its parts are shown")
                .help("store each part as a secret of its own")
                .at_file(file, part.span)
                .command(format!("grep -n -i 'fromJSON(secrets' {}", file.path));
        }
    });
}

fn takes_apart(expr: &Expr) -> bool {
    let ExprKind::Call(name, _, arguments) = &expr.kind else { return false };
    let secret = |expr: &Expr| expr.reference().is_some_and(|reference| reference.root == "secrets");
    name.eq_ignore_ascii_case("fromjson") && arguments.iter().any(secret)
}
