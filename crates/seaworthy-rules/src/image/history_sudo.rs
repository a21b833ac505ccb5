//! Reports `sudo` in the instructions that made the image.

use super::history::runs;
use crate::{Cx, Sink};

declare_rule! {
    name: "history-sudo",
    summary: "an instruction of the image runs `sudo`",
    passes: "no instruction of the image runs `sudo`",
    family: Image, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DKL-DI-0001"], refs: ["sudo(8)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    for run in runs(image) {
        if let Some(command) = run.commands.iter().find(|command| command.program() == "sudo") {
            out.finding(format!("history entry {} runs `{}`", run.index + 1, command.shown()))
                .why("a build runs as root already, and a `sudo` that is left in the image is a way to root for an intruder")
                .help("leave `sudo` out; where an instruction needs another user, switch with `USER` or use `gosu`")
                .at_config(format!("history {}", run.index))
                .command("docker history --no-trunc IMAGE");
        }
    }
}
