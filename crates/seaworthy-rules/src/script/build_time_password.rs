//! Reports passwords that are set while the image is built.

use super::call::{Call, base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "build-time-password",
    summary: "a password is set in the build",
    passes: "no password is set in the build",
    family: Dockerfile, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["CKV2_DOCKER_17"],
    refs: ["chpasswd(8)", "CWE-798"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for simple in run.commands {
                let Some(at) = program_at(simple) else { continue };
                let program = base(&simple.words[at]);
                let found = match program {
                    "chpasswd" => Some((at, &["CKV2_DOCKER_17"][..])),
                    "passwd" if simple.has("--stdin") => Some((at, &[][..])),
                    "useradd" | "usermod" => {
                        let valued = [
                            "p", "password", "u", "uid", "g", "gid", "G", "groups", "d", "home-dir", "s",
                            "shell", "c", "comment",
                        ];
                        let call = Call::read(&simple.words, at + 1, &valued, false);
                        // `!` and `*` lock the account.
                        call.option(&["p", "password"])
                            .filter(|option| {
                                option
                                    .value
                                    .is_some_and(|value| !value.is_empty() && !value.starts_with(['!', '*']))
                            })
                            .map(|option| (option.at, &[][..]))
                    }
                    _ => None,
                };
                let Some((place, aliases)) = found else { continue };
                out.finding(format!("`{program}` puts a password into the image"))
                    .aliases(aliases)
                    .why("everyone with the image has the password or its hash, and every container has the same")
                    .help("lock the account, and set a password or a key when the container starts")
                    .at_file(&docker.file, place_of(simple, place))
                    .command(format!("grep -n {program} {}", docker.file.path));
            }
        }
    }
}
