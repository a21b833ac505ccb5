//! Reports `FROM --platform` with anything but the platform of the build or the target.

use super::constant_platform;
use crate::{Cx, Sink};

declare_rule! {
    name: "platform-flag",
    summary: "`FROM --platform` is set",
    passes: "`FROM --platform` is the platform of the build or the target",
    family: Dockerfile, category: SupplyChain, severity: Info, confidence: High, persona: Auditor,
    aliases: ["DL3029"], refs: ["Dockerfile reference, FROM --platform"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let Some(word) = stage.from.flag_value("platform") else { continue };
            if constant_platform::is_constant(&stage, word) || !constant_platform::is_odd(&word.raw) {
                continue;
            }
            out.finding(format!("`--platform={}` is decided outside of the build's own platforms", word.raw))
                .why("the stage may be another platform than the image it ends up in")
                .help("write `--platform=$BUILDPLATFORM` or leave it out")
                .at_file(&docker.file, word.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
