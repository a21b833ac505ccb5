//! Reports stages that no other stage uses.

use super::graph;
use crate::{Cx, Sink};

declare_rule! {
    name: "unreachable-stage",
    summary: "no stage uses this stage",
    passes: "every stage is used",
    family: Dockerfile, category: Truth, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Dockerfile best practices, multi-stage builds"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let stages = docker.tree.stages();
        let used = graph::reachable(&stages);
        for stage in &stages {
            // A stage with a name of its own purpose is somebody's target.
            let purpose = stage.name.as_deref().is_some_and(|name| {
                [
                    "test", "dev", "lint", "debug", "check", "ci", "doc", "bench", "release", "prod",
                    "target", "export", "artifact", "cover",
                ]
                .iter()
                .any(|word| name.contains(word))
            });
            if used.contains(&stage.index) || purpose {
                continue;
            }
            let name =
                stage.name.as_ref().map_or_else(|| stage.index.to_string(), |name| format!("`{name}`"));
            out.finding(format!("nothing uses stage {name}"))
                .why("BuildKit leaves it out of the build, so a mistake in it is never noticed")
                .help("remove it, or use it with `COPY --from`, unless it is built with `--target`")
                .at_file(&docker.file, stage.from.span)
                .command(format!("grep -n '^FROM\\|--from' {}", docker.file.path));
        }
    }
}
