//! Reports comments that silence nothing.

use crate::{Cx, Dialect, Sink, find, text};

declare_rule! {
    name: "unused-suppression",
    summary: "a comment silences nothing",
    passes: "every comment that silences a rule is needed",
    family: Policy, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for used in cx.usage.suppressions.iter().filter(|used| used.dialect == Dialect::Own) {
        let Some(file) = super::file(cx, &used.path).filter(|_| !used.unused.is_empty()) else { continue };
        let unknown =
            used.unused.iter().any(|name| find(name).is_none() && !name.eq_ignore_ascii_case("all"));
        let kind = if unknown { "names a rule that does not exist" } else { "silences nothing" };
        out.finding(format!("the comment for {} {kind}", text::names(&used.unused, 4)))
            .why("it would silently hide the finding if it came back")
            .help("remove the rule from the comment, or move the comment directly above the statement")
            .at_file(file, used.span)
            .command(format!("grep -n 'seaworthy: ignore' {}", used.path));
    }
}
