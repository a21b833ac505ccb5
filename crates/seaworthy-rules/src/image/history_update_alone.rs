//! Reports package lists that are updated in an instruction of their own.

use super::history::runs;
use crate::{Cx, Sink};

declare_rule! {
    name: "history-update-alone",
    summary: "an instruction of the image updates package lists and installs nothing",
    passes: "package lists are updated where they are used",
    family: Image, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CIS-DI-0007"], refs: ["Dockerfile best practices, apt-get", "CIS Docker Benchmark 4.7"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    const USES: [&str; 9] = [
        "install",
        "add",
        "upgrade",
        "dist-upgrade",
        "full-upgrade",
        "build-dep",
        "reinstall",
        "source",
        "download",
    ];
    let Some(image) = cx.image_facts() else { return };
    for run in runs(image) {
        let manages = |program: &str| {
            matches!(program, "apt-get" | "apt" | "aptitude" | "apk" | "yum" | "dnf" | "microdnf" | "zypper")
        };
        let managed = || run.commands.iter().filter(|command| manages(command.program()));
        let update =
            managed().find(|command| matches!(command.verb(), Some("update" | "makecache" | "refresh")));
        let Some(update) = update else { continue };
        if managed().any(|command| command.verb().is_some_and(|verb| USES.contains(&verb))) {
            continue;
        }
        out.finding(format!(
            "history entry {} runs `{}` and installs nothing",
            run.index + 1,
            update.shown()
        ))
        .why("the layer is cached, so that later instructions install old packages by old lists, or fail")
        .help("update and install in one instruction: `apt-get update && apt-get install -y …`")
        .at_config(format!("history {}", run.index))
        .command("docker history --no-trunc IMAGE");
    }
}
