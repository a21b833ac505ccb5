//! Reports `apt`, which is made for people, in scripts.

use super::Simple;
use super::call::{Managed, base, program_at};
use super::runs::{Run, place_of, runs};
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "interactive-apt",
    summary: "the build uses `apt`, which is made for people",
    passes: "the build does not use `apt`",
    family: Dockerfile, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: ["DL3027", "CKV_DOCKER_9"],
    refs: ["apt(8), SCRIPT USAGE"],
}

/// Verbs that mean the same for both programs.
const SAME: [&str; 9] =
    ["install", "update", "remove", "purge", "autoremove", "source", "build-dep", "clean", "autoclean"];
/// Verbs `apt-cache` has.
const CACHE: [&str; 4] = ["search", "show", "policy", "depends"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for simple in run.commands {
                let Some(at) = program_at(simple) else { continue };
                if simple.words.get(at).is_none_or(|word| base(word) != "apt") {
                    continue;
                }
                let verb = Managed::read(simple).map_or("", |managed| managed.verb());
                let instead = if CACHE.contains(&verb) { "apt-cache" } else { "apt-get" };
                let found = out
                    .finding(format!("`apt {verb}` promises no stable behaviour in scripts"))
                    .why("its output and options may change between releases, and it says so itself")
                    .help(format!("write `{instead} {verb}`"))
                    .at_file(&docker.file, place_of(simple, at))
                    .command(format!("grep -nw 'apt' {}", docker.file.path));
                if let Some(edits) = edits(&run, simple, at, verb) {
                    found.fix(Applicability::Safe, "Use `apt-get`", &docker.file, edits);
                }
            }
        }
    }
}

fn edits(run: &Run<'_>, simple: &Simple, at: usize, verb: &str) -> Option<Vec<Edit>> {
    let span = run.plain(simple, at).filter(|_| SAME.contains(&verb))?;
    simple
        .words
        .get(at)
        .is_some_and(|word| word == "apt")
        .then(|| vec![Edit { span, text: "apt-get".to_owned() }])
}
