//! Reports passwords and tokens on the command lines of a build.

use super::call::{Call, base, program_at};
use super::runs::{place_of, runs};
use crate::{Cx, Sink};

declare_rule! {
    name: "credential-in-run",
    summary: "a password stands on a command line of the build",
    passes: "no password stands on a command line of the build",
    family: Dockerfile, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["x/login-password-argument"],
    refs: ["Dockerfile reference, RUN --mount=type=secret", "CWE-214"],
}

const TOOLS: [&str; 10] =
    ["docker", "podman", "buildah", "skopeo", "crane", "helm", "oras", "nerdctl", "regctl", "cosign"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            for simple in run.commands {
                let Some(at) = program_at(simple) else { continue };
                let program = base(&simple.words[at]);
                if TOOLS.contains(&program) && simple.words[at + 1..].iter().any(|word| word == "login") {
                    let call = Call::read(&simple.words, at + 1, &["p", "password", "u", "username"], false);
                    if let Some(option) =
                        call.option(&["p", "password"]).filter(|option| option.value.is_some())
                    {
                        out.finding(format!("`{program} login` takes the password from its command line"))
                            .why("the command line is in the image's history, and in the list of processes while it runs")
                            .help("mount it with `RUN --mount=type=secret` and pass it by `--password-stdin`")
                            .at_file(&docker.file, place_of(simple, option.at))
                            .command("docker history --no-trunc IMAGE");
                    }
                    continue;
                }
                let Some((index, host)) = simple
                    .words
                    .iter()
                    .enumerate()
                    .find_map(|(index, word)| Some((index, literal_login(word)?)))
                else {
                    continue;
                };
                out.finding(format!("a URL of `{host}` holds a user name with its password"))
                    .aliases(&[])
                    .why("the command line is in the image's history, for everyone who can pull it")
                    .help("mount the password with `RUN --mount=type=secret`, and take it out of the URL")
                    .at_file(&docker.file, place_of(simple, index))
                    .command("docker history --no-trunc IMAGE");
            }
        }
    }
}

/// The host of a URL with a literal `user:password@`; variables and examples are none.
fn literal_login(word: &str) -> Option<&str> {
    let (_, rest) = word.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (login, host) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    let literal = !login.contains(['$', '<', '{', '*']) && !user.is_empty() && !password.is_empty();
    let example = matches!(password, "x-oauth-basic" | "password" | "pass" | "PASSWORD" | "xxx" | "token");
    (literal && !example).then_some(host)
}
