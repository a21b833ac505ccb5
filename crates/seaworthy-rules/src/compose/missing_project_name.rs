//! Reports compose files without a project name.

use crate::{Cx, Sink};
use seaworthy_finding::Span;

declare_rule! {
    name: "missing-project-name",
    summary: "the compose file has no `name`",
    passes: "the compose file has a `name`",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["dclint/require-project-name-field"], refs: ["Compose specification, version and name"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes().iter().filter(|compose| compose.name.is_none() && !compose.partial) {
        let first = compose.keys.first().map_or(Span::new(0, 0), |key| key.span);
        out.finding(format!("`{}` names no project", compose.file.path))
            .why("the directory's name stands in, so two checkouts of different names make two sets of volumes")
            .help("add `name: …` at the top")
            .at_file(&compose.file, first)
            .command(format!("docker compose -f {} config --format json", compose.file.path));
    }
}
