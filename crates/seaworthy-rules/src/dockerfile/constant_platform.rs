//! Reports `FROM --platform` with a constant.

use crate::{Cx, Sink};

declare_rule! {
    name: "constant-platform",
    summary: "`FROM --platform` is a constant",
    passes: "no `FROM --platform` is a constant",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: Medium, persona: Regular,
    aliases: ["FromPlatformFlagConstDisallowed", "DL3029"], refs: ["BuildKit, FromPlatformFlagConstDisallowed"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let Some(word) = stage.from.flag_value("platform") else { continue };
            let platform = word.unquoted();
            if word.has_variable() || platform.is_empty() {
                continue;
            }
            // A stage for each platform, chosen by name later on, is what constants are for.
            let named =
                stage.name.as_deref().is_some_and(|name| platform.split('/').any(|part| name.contains(part)));
            let aliases: &[&str] =
                if named { &["DL3029"] } else { &["FromPlatformFlagConstDisallowed", "DL3029"] };
            if named {
                continue;
            }
            out.finding(format!("the stage is always built for `{platform}`"))
                .aliases(aliases)
                .why("a build for another platform gives an image whose programs do not run there")
                .help("remove the flag, or write `--platform=$BUILDPLATFORM` in a stage that cross-compiles")
                .at_file(&docker.file, word.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
