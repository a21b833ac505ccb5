//! Reports `ADD` where `COPY` would do, by the history.

use super::history::steps;
use crate::{Cx, Sink};

declare_rule! {
    name: "history-add",
    summary: "an instruction of the image uses `ADD` where `COPY` would do",
    passes: "no instruction of the image uses `ADD` where `COPY` would do",
    family: Image, category: SupplyChain, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["CIS-DI-0009"], refs: ["Dockerfile best practices, ADD or COPY", "CIS Docker Benchmark 4.9"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let first = image.config.history.iter().position(|entry| !entry.empty_layer);
    for step in steps(image) {
        // The lowest layer is how a base begins: a root file system is what `ADD` unpacks.
        if step.keyword != "ADD" || Some(step.index) == first {
            continue;
        }
        let archive = step.text.split_whitespace().next().is_some_and(|source| {
            [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tar.zst"]
                .iter()
                .any(|end| source.ends_with(end))
        });
        if archive {
            continue;
        }
        let shown: String = step.text.chars().take(60).collect();
        out.finding(format!("history entry {} is `ADD {shown}`", step.index + 1))
            .why("`ADD` also fetches from the network and unpacks archives, so what it does depends on what it is given")
            .help("write `COPY`; keep `ADD` for archives that are to be unpacked, and for downloads with a checksum")
            .at_config(format!("history {}", step.index))
            .command("docker history --no-trunc IMAGE");
    }
}
