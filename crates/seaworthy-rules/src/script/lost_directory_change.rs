//! Reports a `cd` that nothing comes after: it has no effect.

use super::call::{base, program_at};
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
            let Some(simple) = run.commands.last() else { continue };
            let Some(at) = program_at(&simple.words) else { continue };
            // `test -d x && cd x` in a subshell or a condition asks a question; only plain lists are judged.
            let plain = at == 0 && run.commands.iter().all(|simple| matches!(simple.then, "&&" | ";" | ""));
            let compound = run.commands.iter().any(|simple| {
                simple.words.first().is_some_and(|word| {
                    matches!(word.as_str(), "if" | "for" | "while" | "until" | "case" | "{" | "function")
                })
            });
            let text = simple.span.of(&docker.file.text);
            if base(&simple.words[at]) != "cd"
                || simple.words.len() != 2
                || !plain
                || compound
                || !text.starts_with("cd")
            {
                continue;
            }
            let target = &simple.words[1];
            if docker.file.text[..simple.span.start].trim_end().ends_with('(') {
                continue;
            }
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
