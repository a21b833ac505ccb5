//! Reports comments of hadolint that silence findings.

use crate::{Cx, Sink};

declare_rule! {
    name: "inline-suppression",
    summary: "a comment silences hadolint's rules",
    passes: "no comment silences hadolint's rules",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL1001"], refs: ["hadolint, inline ignores"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for comment in &docker.tree.comments {
            if !crate::suppress::is_inline_pragma(&comment.text) {
                continue;
            }
            out.finding("this comment silences rules of hadolint")
                .why("some teams keep every exception in one place")
                .help("write a `[[waiver]]` with a reason in `seaworthy.toml`")
                .at_file(&docker.file, comment.span)
                .command(format!("grep -n 'hadolint' {}", docker.file.path));
        }
    }
}
