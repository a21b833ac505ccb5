//! Reports a `cd` that nothing comes after: it has no effect.

use super::runs::runs;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Command, Kind};

declare_rule! {
    name: "lost-directory-change",
    summary: "a `RUN` ends in `cd`, which has no effect",
    passes: "no `RUN` ends in `cd`",
    family: Dockerfile, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [],
    refs: ["Dockerfile reference, WORKDIR"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            let Kind::Run(Command::Shell { .. }) = &run.inner.kind else { continue };
            // Commands inside of words come behind the one that holds them.
            let Some(simple) = run.commands.iter().rfind(|simple| simple.parent.is_none()) else { continue };
            let place = simple.place;
            let plain =
                !(place.condition || place.branch || place.subshell || place.function || place.background);
            let lone = simple.words.len() == 2 && simple.words[0] == "cd" && simple.redirects.is_empty();
            // Behind `||` it is an answer to a failure.
            let listed = run.commands.iter().all(|simple| matches!(simple.then, "&&" | ";" | ""));
            if !plain || !lone || !listed {
                continue;
            }
            let target = &simple.words[1];
            out.finding(format!(
                "`cd {target}` is the last command, so the next instruction does not see it"
            ))
            .why("every instruction starts in the `WORKDIR`, whatever a `RUN` did before")
            .help(format!("write `WORKDIR {target}`"))
            .at_file(&docker.file, simple.span)
            .command(format!("grep -n 'cd {target}' {}", docker.file.path));
        }
    }
}
