//! Reports package lists that are fetched in another layer than they are used in.

use super::call::Managed;
use super::managers::Kind;
use super::runs::{Run, place_of, runs};
use crate::{Cx, Sink};
use std::collections::BTreeMap;

declare_rule! {
    name: "update-alone",
    summary: "package lists are fetched in a layer of their own",
    passes: "package lists are fetched where they are used",
    family: Dockerfile, category: SupplyChain, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["DS-0017", "CKV_DOCKER_5", "CIS-DI-0007"],
    refs: ["Dockerfile best practices, apt-get"],
}

const INSTALLS: [&str; 8] =
    ["upgrade", "install", "source-install", "reinstall", "groupinstall", "localinstall", "add", "in"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let all = runs(cx, docker);
        // checkov counts whole instructions: those that update against those that install anything.
        let updating = all.iter().filter(|run| said(run, &["update", "--update"])).count();
        let installing = all.iter().filter(|run| said_in(run)).count();
        for run in &all {
            let calls: Vec<_> = run.managed().collect();
            let mut last_install = BTreeMap::new();
            for (at, _, managed) in &calls {
                if managed.verb.is_some_and(|verb| INSTALLS.contains(&verb.text)) {
                    last_install.insert(managed.manager.kind, *at);
                }
            }
            for (at, simple, managed) in &calls {
                let Some(verb) = managed.verb.filter(|verb| updates(managed, verb.text)) else { continue };
                let used = last_install.get(&managed.manager.kind).is_some_and(|last| last > at);
                if used || lists_are_mounted(run, managed) {
                    continue;
                }
                let aliases: &[&str] = if verb.text == "update" && updating > installing && !run.onbuild() {
                    &["DS-0017", "CKV_DOCKER_5", "CIS-DI-0007"]
                } else {
                    &["DS-0017", "CIS-DI-0007"]
                };
                out.finding(format!(
                    "`{}` stands in a `RUN` that installs nothing after it",
                    managed.words()
                ))
                .aliases(aliases)
                .why("the layer is cached, so a later `RUN` installs from lists that have grown old")
                .help(format!("put `{}` and the install into one `RUN`", managed.words()))
                .at_file(&docker.file, place_of(simple, verb.at))
                .command(format!("grep -n '{}' {}", managed.words(), docker.file.path));
            }
        }
    }
}

/// For dnf and its kin `update` is an upgrade, which grows old in the cache just the same.
fn updates(managed: &Managed<'_>, verb: &str) -> bool {
    match managed.manager.kind {
        Kind::Apt | Kind::Apk | Kind::Yum => verb == "update",
        Kind::Dnf | Kind::Zypper => matches!(verb, "update" | "up"),
        _ => false,
    }
}

/// Whether the lists are in a cache that other instructions share.
fn lists_are_mounted(run: &Run<'_>, managed: &Managed<'_>) -> bool {
    let mounts = run.mounts();
    managed.manager.kind == Kind::Apt && mounts.iter().any(|mount| mount.starts_with("/var/lib/apt"))
}

fn said(run: &Run<'_>, words: &[&str]) -> bool {
    run.commands.iter().any(|simple| simple.words.iter().any(|word| words.contains(&word.as_str())))
}

fn said_in(run: &Run<'_>) -> bool {
    let found = |word: &String| INSTALLS.iter().any(|install| *install != "in" && word.contains(install));
    run.commands.iter().any(|simple| simple.words.iter().any(found))
}
