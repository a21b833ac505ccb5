//! Reports comments of other tools that silence nothing here.

use crate::{Cx, Dialect, Sink, text};

declare_rule! {
    name: "unused-foreign-suppression",
    summary: "another tool's comment silences nothing",
    passes: "every comment of another tool silences a finding",
    family: Policy, category: Truth, severity: Info, confidence: Medium, persona: Pedantic,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for used in cx.usage.suppressions.iter().filter(|used| used.dialect != Dialect::Own) {
        let Some(file) = super::file(cx, &used.path).filter(|_| !used.unused.is_empty()) else { continue };
        let tool = used.dialect.tool();
        out.finding(format!("{tool}'s comment for {} silences nothing here", text::names(&used.unused, 4)))
            .why("the place is clean by our rule for the same concept, so the comment may be left over")
            .help(format!("remove it where {tool} is silent too"))
            .at_file(file, used.span)
            .command(format!("grep -n '{}' {}", used.unused.first().map_or("", String::as_str), used.path));
    }
}
