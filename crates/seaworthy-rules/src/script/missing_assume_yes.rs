//! Reports package managers that ask a question nobody answers.

use super::call::{Managed, base};
use super::managers::Kind;
use super::runs::{place_of, runs};
use crate::{Cx, Sink};
use seaworthy_finding::Applicability;

declare_rule! {
    name: "missing-assume-yes",
    summary: "a package manager asks a question in the build",
    passes: "no package manager asks a question in the build",
    family: Dockerfile, category: Runtime, severity: Medium, confidence: Medium, persona: Regular,
    fix: Safe,
    aliases: ["DL3014", "DS-0021", "DL3030", "DL3034", "DL3038"],
    refs: ["apt-get(8)", "dnf(8)", "zypper(8)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let all = runs(cx, docker);
        // A configuration of the manager itself can answer once and for all.
        let configured =
            all.iter().flat_map(|run| run.commands).flat_map(|simple| &simple.words).any(|word| {
                let lower = word.to_ascii_lowercase();
                lower.contains("apt::get::assume-yes")
                    || lower.contains("assumeyes=")
                    || lower.contains("defaultyes=")
            });
        if configured {
            continue;
        }
        for run in &all {
            for (at, simple, managed) in run.managed() {
                let Some(verb) = managed.verb.filter(|verb| managed.manager.asks.contains(&verb.text)) else {
                    continue;
                };
                let piped =
                    at.checked_sub(1).and_then(|before| run.commands.get(before)).is_some_and(|before| {
                        before.then == "|"
                            && before.words.iter().any(|word| matches!(base(word), "yes" | "echo" | "printf"))
                    });
                if answers(&managed) || piped {
                    continue;
                }
                let found = out
                    .finding(format!("`{}` asks before it changes anything", managed.words()))
                    .aliases(aliases(&managed))
                    .why("nobody answers in a build, so it stops where more than the named packages are needed")
                    .help(format!("write `{} -y`", managed.words()))
                    .at_file(&docker.file, place_of(simple, verb.at))
                    .command(format!("grep -n '{}' {}", managed.words(), docker.file.path));
                if let Some(edits) = run.insert(simple, verb.at, "-y") {
                    found.fix(Applicability::Safe, "Answer the question with `-y`", &docker.file, edits);
                }
            }
        }
    }
}

/// Whether an option answers; for apt-get two `-q` do as well.
fn answers(managed: &Managed<'_>) -> bool {
    let call = &managed.call;
    if call.has(managed.manager.yes) {
        return true;
    }
    match managed.manager.kind {
        Kind::Apt => {
            let quiet = ["q", "quiet"];
            let level = call.options.iter().filter(|option| quiet.contains(&option.name));
            let level = level.map(|option| option.value.map_or(1, |value| value.parse().unwrap_or(1)));
            let assumed = call
                .options
                .iter()
                .filter_map(|option| option.value)
                .any(|value| value.to_ascii_lowercase().starts_with("apt::get::assume-yes"));
            level.sum::<usize>() >= 2
                || assumed
                || call.has(&["s", "simulate", "just-print", "dry-run", "d", "download-only", "print-uris"])
        }
        Kind::Dnf | Kind::Yum => {
            call.has(&["downloadonly", "assumeno"])
                || call.options.iter().any(|option| {
                    option.name == "setopt"
                        && option.value.is_some_and(|value| value.starts_with("assumeyes"))
                })
        }
        Kind::Zypper => call.has(&["dry-run", "D", "download-only", "d"]),
        _ => false,
    }
}

/// The names in other tools, which know fewer programs and verbs.
fn aliases(managed: &Managed<'_>) -> &'static [&'static str] {
    match (managed.program, managed.verb()) {
        ("apt-get", "install") => &["DL3014", "DS-0021"],
        ("yum", "install" | "groupinstall" | "localinstall") => &["DL3030"],
        ("dnf" | "microdnf", "install" | "groupinstall" | "localinstall") => &["DL3038"],
        ("zypper", "install" | "in" | "remove" | "rm" | "source-install" | "si" | "patch") => &["DL3034"],
        _ => &[],
    }
}
