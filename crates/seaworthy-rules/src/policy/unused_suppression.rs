//! Reports comments that silence nothing.

use crate::{Cx, Sink, find, text};

declare_rule! {
    name: "unused-suppression",
    summary: "a comment silences nothing",
    passes: "every comment that silences a rule is needed",
    family: Policy, category: Truth, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    let files = project
        .dockerfiles
        .iter()
        .map(|known| &known.file)
        .chain(project.ignores.iter().map(|known| &known.file))
        .chain(project.composes.iter().map(|known| &known.file))
        .chain(project.workflows.iter().map(|known| &known.file))
        .chain(project.actions.iter().map(|known| &known.file))
        .chain(project.documents.iter().map(|known| &known.file));
    let files: Vec<_> = files.collect();
    for used in cx.usage.suppressions.iter().filter(|used| !used.unused.is_empty()) {
        let Some(file) = files.iter().find(|file| file.path == used.path) else { continue };
        let unknown = used.unused.iter().any(|name| find(name).is_none());
        let kind = if unknown { "names a rule that does not exist" } else { "silences nothing" };
        out.finding(format!("the comment for {} {kind}", text::names(&used.unused, 4)))
            .why("it would silently hide the finding if it came back")
            .help("remove the rule from the comment, or move the comment directly above the statement")
            .at_file(file, used.span)
            .command(format!("grep -n 'seaworthy: ignore' {}", used.path));
    }
}
