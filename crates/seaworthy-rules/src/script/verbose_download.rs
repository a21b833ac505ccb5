//! Reports `wget` whose progress bar fills the build's log.

use super::call::{Call, base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};
use seaworthy_finding::Applicability;

declare_rule! {
    name: "verbose-download",
    summary: "`wget` writes its progress into the build's log",
    passes: "`wget` is quiet in the build",
    family: Dockerfile, category: Runtime, severity: Info, confidence: High, persona: Auditor,
    fix: Unsafe,
    aliases: ["DL3047"],
    refs: ["wget(1), Logging and Input File Options"],
}

/// Options of wget whose value is the next word.
pub(crate) const WGET: &[&str] = &[
    "O",
    "output-document",
    "P",
    "directory-prefix",
    "o",
    "output-file",
    "a",
    "append-output",
    "U",
    "user-agent",
    "t",
    "tries",
    "T",
    "timeout",
    "w",
    "wait",
    "header",
    "post-data",
    "post-file",
    "user",
    "password",
    "progress",
    "i",
    "input-file",
    "e",
    "execute",
    "ca-certificate",
    "Q",
    "quota",
    "A",
    "accept",
    "R",
    "reject",
    "l",
    "level",
    "D",
    "domains",
    "I",
    "X",
    "cut-dirs",
    "method",
    "body-data",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for simple in run.commands {
                let Some(at) = program_at(simple).filter(|at| base(&simple.words[*at]) == "wget") else {
                    continue;
                };
                // `-nv` is an option of its own among wget's clusters.
                let quiet = simple.words[at + 1..].iter().any(|word| word.starts_with("-nv"));
                let call = Call::read(&simple.words, at + 1, WGET, false);
                let options = [
                    "progress",
                    "q",
                    "quiet",
                    "o",
                    "output-file",
                    "nv",
                    "no-verbose",
                    "a",
                    "append-output",
                    "version",
                    "help",
                ];
                if quiet || call.has(&options) {
                    continue;
                }
                let found = out
                    .finding("`wget` writes a line for every few kilobytes")
                    .why("the log of the build drowns in it, and some builders cut long logs off")
                    .help("add `--progress=dot:giga`, or `-nv`")
                    .at_file(&docker.file, place_of(simple, at))
                    .command(format!("grep -n wget {}", docker.file.path));
                if let Some(edits) = run.insert(simple, at, "--progress=dot:giga") {
                    found.fix(Applicability::Unsafe, "Show little progress", &docker.file, edits);
                }
            }
        }
    }
}
