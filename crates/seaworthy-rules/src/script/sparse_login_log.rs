//! Reports `useradd` with a high user id, which makes huge sparse log files.

use super::call::{Call, base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};
use seaworthy_finding::Applicability;

declare_rule! {
    name: "sparse-login-log",
    summary: "`useradd` writes login logs as large as the user id",
    passes: "no login log grows with a user id",
    family: Dockerfile, category: Size, severity: Medium, confidence: Medium, persona: Regular,
    fix: Safe,
    aliases: ["DL3046"],
    refs: ["useradd(8), -l", "Dockerfile best practices, USER"],
}

const VALUED: &[&str] = &[
    "u",
    "uid",
    "g",
    "gid",
    "G",
    "groups",
    "d",
    "home-dir",
    "home",
    "s",
    "shell",
    "c",
    "comment",
    "b",
    "base-dir",
    "e",
    "expiredate",
    "f",
    "inactive",
    "k",
    "skel",
    "K",
    "key",
    "p",
    "password",
    "R",
    "root",
    "P",
    "prefix",
    "Z",
    "selinux-user",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for simple in run.commands {
                let Some(at) = program_at(simple).filter(|at| base(&simple.words[*at]) == "useradd") else {
                    continue;
                };
                let call = Call::read(&simple.words, at + 1, VALUED, false);
                let Some(uid) = call.option(&["u", "uid"]) else { continue };
                let Some(id) =
                    uid.value.filter(|id| id.len() > 5 && id.bytes().all(|byte| byte.is_ascii_digit()))
                else {
                    continue;
                };
                if call.has(&["l", "no-log-init"]) {
                    continue;
                }
                let found = out
                    .finding(format!("`useradd` with the user id {id} writes login logs of that length"))
                    .why("`/var/log/lastlog` and `faillog` hold a record for every id, and a layer stores the holes too")
                    .help("add `-l`")
                    .at_file(&docker.file, place_of(simple, uid.at))
                    .command("docker run --rm IMAGE ls -l /var/log/lastlog /var/log/faillog");
                if let Some(edits) = run.insert(simple, at, "-l") {
                    found.fix(Applicability::Safe, "Write no login log", &docker.file, edits);
                }
            }
        }
    }
}
