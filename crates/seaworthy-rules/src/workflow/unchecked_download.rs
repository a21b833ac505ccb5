//! Reports scripts of pipelines that run or trust what they download, unseen.

use super::{pipeline, publish, steps};
use crate::script::{Simple, fetches, runs_at_once};
use crate::{Cx, Sink};
use seaworthy_facts::TextFile;
use std::collections::BTreeSet;

declare_rule! {
    name: "unchecked-download",
    summary: "a script of the pipeline runs or trusts what it downloads, unseen",
    passes: "no script of the pipeline runs or trusts what it downloads unseen",
    family: Workflow, category: SupplyChain, severity: Medium, confidence: High, persona: Pedantic,
    aliases: ["x/workflow-pipe-to-shell", "download.unverified"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in steps::groups(cx) {
        let fetching = |text: &str| text.contains("curl") || text.contains("wget");
        for step in
            group.steps.iter().filter(|step| step.run.as_ref().is_some_and(|run| fetching(&run.value)))
        {
            judge(group.file, &publish::commands(group.file, step), out);
        }
    }
    for fact in cx.pipelines() {
        let mut seen = BTreeSet::new();
        for job in pipeline::jobs(fact) {
            let commands = pipeline::commands(job);
            // A template's script stands in every job that extends it.
            if commands.first().is_some_and(|first| seen.insert(first.span.start)) {
                judge(&fact.file, &commands, out);
            }
        }
    }
}

fn judge(file: &TextFile, commands: &[Simple], out: &mut Sink) {
    for (at, simple) in commands.iter().enumerate().filter(|(_, simple)| fetches(simple)) {
        let (what, help) = if runs_at_once(commands, at) {
            (
                "run at once",
                "download a version to a file, compare its checksum, then run it; or use an action that is pinned",
            )
        } else if trusted(commands, at) {
            (
                "trusted as a key for every package source",
                "write the key to `/etc/apt/keyrings` and name it by `signed-by`",
            )
        } else {
            continue;
        };
        out.finding(format!("what `{}` downloads is {what}", simple.program()))
            .why("whoever controls the server, or the way to it, runs commands with the job's token")
            .help(help)
            .at_file(file, simple.span)
            .command(format!("grep -n 'curl\\|wget' {}", file.path));
    }
}

/// Whether the next command of the pipe takes what it is given for a key of package sources.
fn trusted(commands: &[Simple], at: usize) -> bool {
    let mut rest = commands.iter().skip(at).take(16);
    let mut before = rest.next();
    while before.is_some_and(|simple| simple.then == "|") {
        before = rest.next();
        let key = before.is_some_and(|simple| {
            simple.program() == "apt-key" && simple.rest().get(1).is_some_and(|word| word == "add")
        });
        if key {
            return true;
        }
    }
    false
}
