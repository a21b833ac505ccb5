//! Reports upgrades of the distribution in the instructions that made the image.

use super::history::runs;
use crate::{Cx, Sink};

declare_rule! {
    name: "history-upgrade",
    summary: "an instruction of the image upgrades the distribution",
    passes: "no instruction of the image upgrades the distribution",
    family: Image, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DKL-DI-0003"], refs: ["Dockerfile best practices, apt-get"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    for run in runs(image) {
        for command in &run.commands {
            let whole = match (command.program(), command.verb()) {
                ("apt-get" | "apt" | "aptitude", Some("dist-upgrade" | "full-upgrade")) => true,
                ("apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf", Some("upgrade")) => false,
                _ => continue,
            };
            let aliases: &[&str] = if whole { &["DKL-DI-0003"] } else { &[] };
            out.finding(format!("history entry {} runs `{}`", run.index + 1, command.shown()))
                .aliases(aliases)
                .why("what is in the image depends on the day it was built, and every replaced file is shipped twice")
                .help("build on a newer base image, or upgrade the packages in question by name")
                .at_config(format!("history {}", run.index))
                .command("docker history --no-trunc IMAGE");
        }
    }
}
