//! Reports `RUN` in a stage without a shell or any program.

use super::graph;
use crate::{Cx, Sink};
use seaworthy_dockerfile::mounts::MountType;
use seaworthy_dockerfile::{Base, Kind};

declare_rule! {
    name: "run-in-scratch",
    summary: "`RUN` stands in a stage without any program",
    passes: "every `RUN` stands in a stage with programs",
    family: Dockerfile, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, FROM scratch"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        let empty = graph::empty(&stages);
        for stage in &stages {
            let mut bare = match stage.base {
                Base::Scratch => true,
                Base::Stage(earlier) => empty.get(earlier) == Some(&true),
                Base::Image(_) => false,
            };
            for item in stage.instructions {
                match &item.kind {
                    Kind::Copy { .. } | Kind::Add { .. } => bare = false,
                    Kind::Run(_)
                        if bare
                            && !item.broken
                            && !item.mounts().iter().any(|mount| mount.typ != Some(MountType::Cache)) =>
                    {
                        out.finding("this `RUN` has no shell and no program to run")
                            .why("the stage begins with `scratch`, so the build stops here")
                            .help("run it in a stage with a base image, and copy what it makes")
                            .at_file(&docker.file, item.span)
                            .command("docker build .");
                        break;
                    }
                    _ => {}
                }
            }
        }
    }
}
