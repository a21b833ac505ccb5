//! Reports stage names with capitals.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "stage-name-casing",
    summary: "a stage name has capitals",
    passes: "stage names are in lower case",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Pedantic,
    aliases: ["StageNameCasing"], refs: ["BuildKit, StageNameCasing"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let Kind::From { alias: Some(alias), .. } = &stage.from.kind else { continue };
            let name = alias.unquoted();
            if name == name.to_lowercase() {
                continue;
            }
            out.finding(format!("the stage is called `{name}`"))
                .why("`COPY --from` does not tell cases apart, but `FROM` does, so the same name works in one place only")
                .help(format!("call it `{}` here and wherever it is used", name.to_lowercase()))
                .at_file(&docker.file, alias.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
