//! Reports `sudo` in the build.

use crate::{Cx, Sink};

declare_rule! {
    name: "sudo",
    summary: "the build uses `sudo`",
    passes: "the build does not use `sudo`",
    family: Dockerfile, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DL3004", "DKL-DI-0001", "CKV2_DOCKER_1", "DS-0010"], refs: ["Dockerfile best practices, USER"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            for simple in cx.commands(docker, item).iter().filter(|simple| simple.runs_below("sudo")) {
                out.finding(format!(
                    "`{}` runs below `sudo`",
                    if simple.program() == "sudo" { "a command" } else { simple.program() }
                ))
                .why(
                    "it leaves a way to root in the image, with a terminal and signals that behave otherwise",
                )
                .help("switch with `USER root` and back, or use `gosu` at the start")
                .at_file(&docker.file, simple.span)
                .command(format!("grep -n sudo {}", docker.file.path));
            }
        }
    }
}
