//! Reports stages outside of the final image that end as root.

use super::root_user;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "root-build-stage",
    summary: "a build stage ends as root",
    passes: "no build stage ends as root",
    family: Dockerfile, category: Security, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL3002"], refs: ["Dockerfile reference, USER"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let reported = root_user::final_user(&docker.tree).map(|word| word.span);
        for stage in docker.tree.stages() {
            let last = stage.instructions.iter().rev().find_map(|item| match &item.kind {
                Kind::User(word) => Some(word),
                _ => None,
            });
            let Some(word) = last.filter(|word| root_user::is_root(&word.raw)) else { continue };
            if reported == Some(word.span) {
                continue;
            }
            out.finding(format!("stage {} ends as `{}`", stage.index, word.raw))
                .why("only the final image counts, but a stage is easily made the target of another build")
                .help("end the stage with another user where it is published too")
                .at_file(&docker.file, word.span)
                .command(format!("grep -n '^USER' {}", docker.file.path));
        }
    }
}
