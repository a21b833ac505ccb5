//! Reports `COPY --from` of a stage that holds no file.

use super::graph;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "copy-from-empty-stage",
    summary: "`COPY --from` takes files from an empty stage",
    passes: "no `COPY --from` takes files from an empty stage",
    family: Dockerfile, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, FROM scratch"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        let empty = graph::empty(&stages);
        let names = graph::Names::new(&stages);
        for stage in &stages {
            for item in stage.instructions {
                let (Kind::Copy { .. }, Some(word)) = (&item.kind, item.flag_value("from")) else { continue };
                let from = names.above(&word.raw, stage.index);
                if item.broken || from.is_none_or(|from| empty.get(from) != Some(&true)) {
                    continue;
                }
                out.finding(format!("stage `{}` begins with `scratch` and gets no file", word.raw))
                    .why("the build stops here: the path is not found")
                    .help("copy from the stage that makes the file")
                    .at_file(&docker.file, word.span)
                    .command("docker build .");
            }
        }
    }
}
