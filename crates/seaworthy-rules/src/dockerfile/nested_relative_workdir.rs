//! Reports a relative `WORKDIR` below one that settles it.

use super::relative_workdir;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "nested-relative-workdir",
    summary: "`WORKDIR` is relative to an earlier one",
    passes: "every working directory is written in full",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL3000", "CKV_DOCKER_10", "DS-0009"], refs: ["Dockerfile best practices, WORKDIR"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let reported: Vec<_> =
            relative_workdir::first_relative(&docker.tree).iter().map(|(word, _)| word.span).collect();
        for item in &docker.tree.instructions {
            let Kind::Workdir(word) = &item.kind else { continue };
            let aliases = relative_workdir::peers(&word.raw);
            if item.broken || aliases.is_empty() || reported.binary_search(&word.span).is_ok() {
                continue;
            }
            out.finding(format!("`WORKDIR {}` is not written in full", word.raw))
                .aliases(&aliases)
                .why("the reader has to look for the line it continues")
                .help("write the whole path")
                .at_file(&docker.file, word.span)
                .command(format!("grep -n '^WORKDIR' {}", docker.file.path));
        }
    }
}
