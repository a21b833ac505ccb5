//! Reports patterns for names of every directory that match at the root only, before anything slips through.

use super::depth::shallow;
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "root-only-pattern",
    summary: "an ignore pattern matches at the root only",
    passes: "patterns for every directory begin with `**/`",
    family: Ignore, category: Security, severity: Low, confidence: Medium, persona: Pedantic,
    fix: Safe,
    aliases: ["ignore.depth-trap"], refs: ["Docker build context, .dockerignore: syntax"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for ignore in &project.ignores {
        for found in shallow(project, ignore).into_iter().filter(|found| found.left.is_none()) {
            let text = &found.pattern.text;
            out.finding(format!(
                "`{text}` matches at the root only: `{}` would be in the build context",
                found.example
            ))
            .why("unlike .gitignore, a pattern without `**/` is anchored at the root of the context")
            .help(format!("write `{}`, or `/{text}` where only the root is meant", found.fixed))
            .at_file(&ignore.file, found.pattern.span)
            .fix(
                Applicability::Safe,
                format!("Write `{}`", found.fixed),
                &ignore.file,
                vec![Edit { span: found.pattern.span, text: found.fixed.clone() }],
            )
            .command(format!("grep -n '' {}", ignore.file.path));
        }
    }
}
