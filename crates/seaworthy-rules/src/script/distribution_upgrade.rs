//! Reports upgrades of the whole distribution in a layer.

use super::managers::Kind;
use super::runs::{place_of, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "distribution-upgrade",
    summary: "the build upgrades the whole distribution",
    passes: "the build does not upgrade the distribution",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DL3035", "DS-0024", "DKL-DI-0003"],
    refs: ["Dockerfile best practices, apt-get", "zypper(8)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for (_, simple, managed) in run.managed() {
                let Some(verb) = managed.verb else { continue };
                let aliases: &[&str] = match (managed.manager.kind, verb.text) {
                    (Kind::Apt, "dist-upgrade" | "full-upgrade") => &["DS-0024", "DKL-DI-0003"],
                    (Kind::Zypper, "dup" | "dist-upgrade") => &["DL3035"],
                    _ => continue,
                };
                out.finding(format!("`{}` replaces the release the base image stands for", managed.words()))
                    .aliases(aliases)
                    .why("what is built depends on the day, and every replaced file is shipped twice")
                    .help("use a newer base image, or upgrade the packages in question by name")
                    .at_file(&docker.file, place_of(simple, verb.at))
                    .command(format!("grep -n '{}' {}", managed.words(), docker.file.path));
            }
        }
    }
}
