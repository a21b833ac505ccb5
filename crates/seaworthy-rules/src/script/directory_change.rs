//! Reports `cd` where `WORKDIR` says the same for good.

use super::call::{base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "directory-change",
    summary: "a script changes the directory",
    passes: "no script changes the directory",
    family: Dockerfile, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DL3003", "DS-0013"],
    refs: ["Dockerfile reference, WORKDIR"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            // Once for an instruction: one `WORKDIR` or one subshell mends all of them.
            let found = run.commands.iter().find_map(|simple| {
                let at = program_at(simple)?;
                (base(simple.words.get(at)?) == "cd").then_some((simple, at))
            });
            let Some((simple, at)) = found else { continue };
            let chained = run.commands.iter().enumerate().any(|(index, simple)| {
                let first = simple.words.first().is_some_and(|word| word == "cd")
                    && simple.words.len() > 1
                    && !run.exec();
                let before = index.checked_sub(1).and_then(|before| run.commands.get(before));
                first && before.is_none_or(|before| before.then == "&&")
            });
            let target = simple.words.get(at + 1).map_or("", String::as_str);
            out.finding(format!("`cd {target}` holds for this `RUN` only"))
                .aliases(if chained { &["DL3003", "DS-0013"] } else { &["DL3003"] })
                .why("every instruction begins in the `WORKDIR` again, so readers must follow each script")
                .help("use `WORKDIR`, or an option such as `make -C` or `git -C`")
                .at_file(&docker.file, place_of(simple, at))
                .command(format!("grep -n 'cd ' {}", docker.file.path));
        }
    }
}
