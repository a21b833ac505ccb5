//! Reports labels outside of a strict schema.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::did_you_mean;

declare_rule! {
    name: "superfluous-label",
    summary: "a label is not in the strict schema",
    passes: "every label is in the strict schema",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: ["DL3050"], refs: ["hadolint, strict-labels"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let config = cx.project().and_then(|project| project.hadolint.as_ref());
    let Some(config) = config.filter(|config| config.strict_labels) else {
        out.not_applicable("no strict label schema");
        return;
    };
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Label { pairs, .. } = &item.kind else { continue };
            for pair in pairs {
                let name = pair.key.unquoted();
                if config.label_schema.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                let near = did_you_mean(&name, config.label_schema.iter().map(|(known, _)| known.as_str()));
                let help = near.map_or_else(
                    || format!("remove it, or add it to `label-schema` in `{}`", config.file.path),
                    |near| format!("did you mean `{near}`?"),
                );
                out.finding(format!("the label `{name}` is not in the schema"))
                    .why(format!("`{}` allows no other labels", config.file.path))
                    .help(help)
                    .at_file(&docker.file, pair.key.span)
                    .command(format!("grep -n '^LABEL' {}", docker.file.path));
            }
        }
    }
}
