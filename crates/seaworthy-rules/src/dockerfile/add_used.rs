//! Reports every `ADD` that `add-instead-of-copy` lets pass.

use super::add_instead_of_copy;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Keyword;

declare_rule! {
    name: "add-used",
    summary: "`ADD` is used",
    passes: "`ADD` is not used",
    family: Dockerfile, category: SupplyChain, severity: Info, confidence: High, persona: Auditor,
    aliases: ["CKV_DOCKER_4", "DL3020", "DS-0005"], refs: ["Dockerfile best practices, ADD or COPY"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            if item.keyword != Keyword::Add || add_instead_of_copy::copies(item) {
                continue;
            }
            out.finding("`ADD` decides by its source whether it fetches, unpacks or copies")
                .aliases(&add_instead_of_copy::peers(item))
                .why("some teams allow `COPY` alone, and fetch and unpack in a `RUN` that can be read")
                .help("use `COPY`, or `RUN` with a download that is checked")
                .at_file(&docker.file, item.keyword_span)
                .command(format!("grep -n '^ADD' {}", docker.file.path));
        }
    }
}
