//! Reports `COPY --from` of a whole file system over another.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "copy-whole-filesystem",
    summary: "a whole file system is copied",
    passes: "no whole file system is copied",
    family: Dockerfile, category: Size, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DL3067"], refs: ["Dockerfile best practices, multi-stage builds"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Copy { sources, dest: Some(dest), .. } = &item.kind else { continue };
            let whole = sources.iter().find(|source| source.unquoted() == "/");
            let (Some(source), Some(from)) = (whole, item.flag_value("from")) else { continue };
            if item.broken || dest.unquoted() != "/" {
                continue;
            }
            out.finding(format!("everything in `{}` is copied", from.raw))
                .why(
                    "caches, tools and secrets of the build go along, and the base image's metadata does not",
                )
                .help("copy the files the service needs, or begin the stage with `FROM` that image")
                .at_file(&docker.file, source.span)
                .command("docker history IMAGE");
        }
    }
}
