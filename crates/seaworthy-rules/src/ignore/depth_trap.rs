//! Reports patterns that match at the root only while what they name lies in a directory of the context.

use super::depth::shallow;
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "depth-trap",
    summary: "an ignore pattern misses a file in a directory",
    passes: "ignore patterns reach what they name in every directory",
    family: Ignore, category: Security, severity: Medium, confidence: High, persona: Regular,
    fix: Safe,
    aliases: [], refs: ["Docker build context, .dockerignore: syntax"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for ignore in &project.ignores {
        for found in shallow(project, ignore) {
            let Some(left) = &found.left else { continue };
            let text = &found.pattern.text;
            out.finding(format!("`{text}` matches at the root only: `{left}` is in the build context"))
                .why("unlike .gitignore, a pattern without `**/` is anchored at the root of the context")
                .help(format!("write `{}`", found.fixed))
                .at_file(&ignore.file, found.pattern.span)
                .fix(
                    Applicability::Safe,
                    format!("Write `{}`", found.fixed),
                    &ignore.file,
                    vec![Edit { span: found.pattern.span, text: found.fixed.clone() }],
                )
                .command(format!("ls -d {left}"));
        }
    }
}
