//! Reports labels the schema asks for that a stage does not set.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use std::collections::BTreeSet;

declare_rule! {
    name: "missing-required-label",
    summary: "a label of the schema is missing",
    passes: "every label of the schema is set",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: ["DL3049"], refs: ["hadolint, label-schema"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(config) = cx.project().and_then(|project| project.hadolint.as_ref()) else {
        out.not_applicable("no label schema");
        return;
    };
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let set: BTreeSet<String> = stage
                .instructions
                .iter()
                .filter_map(|item| match &item.kind {
                    Kind::Label { pairs, .. } => Some(pairs),
                    _ => None,
                })
                .flat_map(|pairs| pairs.iter().map(|pair| pair.key.unquoted()))
                .collect();
            for (name, _) in config.label_schema.iter().filter(|(name, _)| !set.contains(name)) {
                out.finding(format!("stage {} does not set the label `{name}`", stage.index))
                    .why(format!("`{}` asks for it", config.file.path))
                    .help(format!("write `LABEL {name}=…` in the stage"))
                    .at_file(&docker.file, stage.from.span)
                    .command("docker image inspect --format '{{json .Config.Labels}}' IMAGE");
            }
        }
    }
}
