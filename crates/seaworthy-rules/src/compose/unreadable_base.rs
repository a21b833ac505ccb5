//! Reports what a compose file extends and cannot be followed.

use crate::{Cx, Sink};

declare_rule! {
    name: "unreadable-base",
    summary: "what a service extends cannot be followed",
    passes: "everything services extend can be followed",
    family: Compose, category: Runtime, severity: High, confidence: Medium, persona: Regular,
    aliases: [], refs: ["Compose specification, extends"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for base in &compose.unread {
            out.finding(base.value.clone())
                .why("compose refuses the file where it is so there too; what the service inherits was not judged")
                .help("correct the name, or check the whole project rather than this file alone")
                .at_file(&compose.file, base.span)
                .command(format!("docker compose -f {} config", compose.file.path));
        }
    }
}
