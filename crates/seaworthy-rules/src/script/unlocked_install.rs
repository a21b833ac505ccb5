//! Reports installs that pass over a lock file.

use super::managers::Kind;
use super::runs::{place_of, runs};
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind as Item;
use seaworthy_facts::DockerfileFact;
use seaworthy_finding::{Applicability, Edit};
use std::collections::BTreeMap;

declare_rule! {
    name: "unlocked-install",
    summary: "an install passes over the lock file",
    passes: "installs follow the lock file",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: Medium, persona: Pedantic,
    fix: Unsafe,
    aliases: [],
    refs: ["npm-ci(1)", "cargo-install(1), --locked"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let locks = locks(docker);
        for run in runs(cx, docker) {
            for (_, simple, managed) in run.managed() {
                let Some(verb) = managed.verb.filter(|_| managed.installs()) else { continue };
                let call = &managed.call;
                let (message, help, edits) = match managed.manager.kind {
                    Kind::Cargo if !call.has(&["locked", "frozen"]) => (
                        "`cargo install` without `--locked` takes newer dependencies than the author tried",
                        "write `cargo install --locked`",
                        run.insert(simple, verb.at, "--locked"),
                    ),
                    Kind::Npm
                        if call.operands.is_empty()
                            && !call.has(&["g", "global", "package-lock-only", "no-save"])
                            && locks.get(&run.stage).is_some_and(|from| *from < run.item.span.start) =>
                    {
                        let span = run.plain(simple, verb.at);
                        (
                            "`npm install` may change the lock file that was copied",
                            "write `npm ci`",
                            span.map(|span| vec![Edit { span, text: "ci".to_owned() }]),
                        )
                    }
                    _ => continue,
                };
                let found = out
                    .finding(message)
                    .why("the build then holds other versions than those that were tested")
                    .help(help)
                    .at_file(&docker.file, place_of(simple, verb.at))
                    .command(format!("grep -n '{}' {}", managed.words(), docker.file.path));
                if let Some(edits) = edits {
                    found.fix(Applicability::Unsafe, "Follow the lock file", &docker.file, edits);
                }
            }
        }
    }
}

/// For each stage, where a `COPY` names the lock file of npm first.
fn locks(docker: &DockerfileFact) -> BTreeMap<usize, usize> {
    let mut out = BTreeMap::new();
    for stage in docker.tree.stages() {
        let copied = stage.instructions.iter().find(|item| match &item.kind {
            Item::Copy { sources, .. } | Item::Add { sources, .. } => sources.iter().any(|source| {
                let text = source.unquoted();
                ["package-lock.json", "npm-shrinkwrap.json", "package*.json"]
                    .iter()
                    .any(|name| text.ends_with(name))
            }),
            _ => false,
        });
        out.extend(copied.map(|item| (stage.index, item.span.start)));
    }
    out
}
