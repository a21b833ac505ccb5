//! Reports `git clone` of whatever is newest.

use super::Simple;
use super::call::{Call, base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "mutable-git-clone",
    summary: "`git clone` takes whatever is newest",
    passes: "every `git clone` is followed by a commit",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [],
    refs: ["git-clone(1)", "Dockerfile reference, ADD of a Git repository"],
}

const CLONE: &[&str] = &[
    "b",
    "branch",
    "revision",
    "o",
    "origin",
    "u",
    "upload-pack",
    "reference",
    "separate-git-dir",
    "depth",
    "shallow-since",
    "shallow-exclude",
    "j",
    "jobs",
    "c",
    "config",
    "template",
    "filter",
    "C",
    "git-dir",
    "work-tree",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let all = runs(cx, docker);
        for (index, run) in all.iter().enumerate() {
            let last = run.commands.iter().rposition(chooses);
            let next = all
                .get(index + 1)
                .is_some_and(|next| next.stage == run.stage && next.commands.iter().any(chooses));
            for (place, simple) in run.commands.iter().enumerate() {
                let Some((at, call)) = git(simple, "clone") else { continue };
                let Some(url) = call.operands.get(1) else { continue };
                let reference = call.option(&["b", "branch", "revision"]).and_then(|option| option.value);
                // A tag looks like a version; a variable is somebody's choice.
                let fixed = reference
                    .is_some_and(|name| name.bytes().any(|byte| byte.is_ascii_digit()) || name.contains('$'));
                let settled = last.is_some_and(|last| last > place) || next;
                if fixed || settled || !url.text.contains([':', '$']) {
                    continue;
                }
                let what = reference
                    .map_or_else(|| "the default branch".to_owned(), |name| format!("the branch `{name}`"));
                out.finding(format!("`git clone` takes {what} as it is on the day of the build"))
                    .why("two builds give two images, and a cached layer stays old without a word")
                    .help("check out a commit behind it, or use `ADD` with `#COMMIT`")
                    .at_file(&docker.file, place_of(simple, at))
                    .command(format!("git ls-remote {} HEAD", url.text));
            }
        }
    }
}

/// The call where the command is `git VERB`, with the index of its program.
fn git<'a>(simple: &'a Simple, verb: &str) -> Option<(usize, Call<'a>)> {
    let at = program_at(simple).filter(|at| base(&simple.words[*at]) == "git")?;
    let call = Call::read(&simple.words, at + 1, CLONE, false);
    (call.operands.first()?.text == verb).then_some((at, call))
}

/// Whether a command chooses a commit.
fn chooses(simple: &Simple) -> bool {
    ["checkout", "reset", "switch", "fetch"]
        .iter()
        .any(|verb| git(simple, verb).is_some_and(|(_, call)| call.operands.len() > 1))
}
