//! Reports apt installs that take recommended packages along.

use super::managers::Kind;
use super::runs::{place_of, runs};
use crate::{Cx, Sink};
use seaworthy_finding::Applicability;

declare_rule! {
    name: "recommended-packages",
    summary: "apt installs recommended packages too",
    passes: "apt installs what is asked for only",
    family: Dockerfile, category: Size, severity: Low, confidence: Medium, persona: Pedantic,
    fix: Unsafe,
    aliases: ["DL3015", "DS-0029"],
    refs: ["apt-get(8)", "Dockerfile best practices, apt-get"],
}

const OFF: &str = "--no-install-recommends";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let all = runs(cx, docker);
        let configured = all.iter().flat_map(|run| run.commands).any(|simple| {
            simple.words.iter().any(|word| word.contains("Install-Recommends") && word.contains('"'))
        });
        if configured {
            continue;
        }
        for run in &all {
            for (_, simple, managed) in run.managed() {
                let Some(verb) = managed.verb.filter(|verb| verb.text == "install") else { continue };
                let call = &managed.call;
                let option = call.options.iter().any(|option| {
                    let off = |value: &str| matches!(value.trim_matches('"'), "false" | "0" | "no" | "off");
                    let set = option.value.and_then(|value| value.split_once('='));
                    option.name == "no-install-recommends"
                        || option.name == "without-recommends"
                        || (option.name == "install-recommends" && option.value.is_some_and(off))
                        || set.is_some_and(|(key, value)| {
                            key.eq_ignore_ascii_case("APT::Install-Recommends") && off(value)
                        })
                });
                if managed.manager.kind != Kind::Apt || option {
                    continue;
                }
                let found = out
                    .finding(format!("`{}` also installs what its packages recommend", managed.words()))
                    .aliases(if managed.program == "apt-get" { &["DL3015", "DS-0029"] } else { &[] })
                    .why("packages nobody asked for make the image larger and give it more to patch")
                    .help(format!("write `{} {OFF}` and name what is really needed", managed.words()))
                    .at_file(&docker.file, place_of(simple, verb.at))
                    .command(format!("grep -n '{}' {}", managed.words(), docker.file.path));
                if let Some(edits) = run.insert(simple, verb.at, OFF) {
                    found.fix(Applicability::Unsafe, "Leave recommended packages out", &docker.file, edits);
                }
            }
        }
    }
}
