//! Reports `FROM --platform` with a constant.

use super::final_chain;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Stage, Word};
use seaworthy_finding::Persona;
use std::collections::BTreeSet;

declare_rule! {
    name: "constant-platform",
    summary: "`FROM --platform` is a constant",
    passes: "no `FROM --platform` is a constant",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: Medium, persona: Regular,
    aliases: ["FromPlatformFlagConstDisallowed", "DL3029"], refs: ["BuildKit, FromPlatformFlagConstDisallowed"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let shipped: BTreeSet<usize> = final_chain(&docker.tree).iter().map(|stage| stage.index).collect();
        for stage in docker.tree.stages() {
            let Some(word) = stage.from.flag_value("platform").filter(|word| is_constant(&stage, word))
            else {
                continue;
            };
            out.finding(format!("the stage is always built for `{}`", word.unquoted()))
                .persona(if shipped.contains(&stage.index) { Persona::Regular } else { Persona::Pedantic })
                .why("a build for another platform gives an image whose programs do not run there")
                .help("remove the flag, or write `--platform=$BUILDPLATFORM` in a stage that cross-compiles")
                .at_file(&docker.file, word.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}

/// Whether the platform is a constant that the stage's name does not announce.
pub(crate) fn is_constant(stage: &Stage<'_>, word: &Word) -> bool {
    let platform = word.unquoted();
    if word.has_variable() || platform.is_empty() || stage.from.broken {
        return false;
    }
    let Some((system, architecture)) = halves(&platform) else { return false };
    // A stage for each platform, chosen by name later on, is what constants are for.
    let named =
        stage.name.as_deref().is_some_and(|name| name.contains(&system) || name.contains(&architecture));
    !named
}

/// System and architecture of a platform as BuildKit normalises them.
pub(crate) fn halves(platform: &str) -> Option<(String, String)> {
    let lower = platform.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    // A single word may be a system or an architecture; the other half is that of the build.
    let systems = ["linux", "windows", "darwin", "freebsd", "wasip1", "js", "macos"];
    let (system, architecture) = match parts.as_slice() {
        [system, architecture, ..] => (*system, *architecture),
        [only] if systems.contains(only) => (*only, "amd64"),
        [only] => ("linux", *only),
        [] => return None,
    };
    let architecture = match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "armhf" | "armel" => "arm",
        "i386" | "x86" => "386",
        other => other,
    };
    Some((system.to_owned(), architecture.to_owned()))
}

/// Whether hadolint takes offence: anything but the two platforms every build has.
pub(crate) fn is_odd(raw: &str) -> bool {
    !["BUILDPLATFORM", "TARGETPLATFORM"].iter().any(|name| raw.contains(name))
}
