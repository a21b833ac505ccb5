//! Reports stages called `scratch` or `context`.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "reserved-stage-name",
    summary: "a stage has a reserved name",
    passes: "no stage has a reserved name",
    family: Dockerfile, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: ["ReservedStageName", "DL3063"], refs: ["BuildKit, ReservedStageName"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let Kind::From { alias: Some(alias), .. } = &stage.from.kind else { continue };
            let name = alias.unquoted();
            if !matches!(name.to_lowercase().as_str(), "scratch" | "context") {
                continue;
            }
            let exact = matches!(name.as_str(), "scratch" | "context");
            out.finding(format!("`{name}` is a reserved stage name"))
                .aliases(if exact { &["ReservedStageName", "DL3063"] } else { &["ReservedStageName"] })
                .why("`scratch` means the empty image and `context` the build context, so readers and tools take it for those")
                .help("give the stage another name")
                .at_file(&docker.file, alias.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
