//! Reports `RUN` lines that follow each other.

use super::runs::{Run, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "consecutive-run",
    summary: "two `RUN` follow each other",
    passes: "no two short `RUN` follow each other",
    family: Dockerfile, category: Size, severity: Info, confidence: Low, persona: Auditor,
    aliases: ["DL3059"],
    refs: ["Dockerfile best practices, RUN"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let all = runs(cx, docker);
        for pair in all.windows(2) {
            let [before, run] = pair else { continue };
            let adjacent = run.index == before.index + 1;
            let flags = |run: &Run<'_>| -> Vec<String> {
                run.inner.flags.iter().map(|flag| flag.span.of(&docker.file.text).to_owned()).collect()
            };
            // Scripts of several commands are kept apart by their writers for a reason.
            if !adjacent
                || before.onbuild()
                || run.onbuild()
                || flags(before) != flags(run)
                || many(before)
                || many(run)
            {
                continue;
            }
            out.finding("this `RUN` follows another one with the same options")
                .why("each makes a layer of its own")
                .help("join the two with `&&`, or in one heredoc, unless the cache gains from two")
                .at_file(&docker.file, run.inner.keyword_span)
                .command("docker history IMAGE");
        }
    }
}

fn many(run: &Run<'_>) -> bool {
    run.commands.len() > 1
}
