//! Reports writes to `$GITHUB_ENV` and `$GITHUB_PATH` in workflows that strangers can start.

use super::environment_files::writes;
use super::steps::{groups, listens};
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "environment-file-injection",
    summary: "a stranger's text may set the environment of later steps",
    passes: "no stranger's text sets the environment of later steps",
    family: Workflow, category: Security, severity: High, confidence: Low, persona: Regular,
    aliases: ["zizmor/github-env"], refs: ["GitHub documentation, setting an environment variable"],
}

/// Writes of one script that are reported: the first ones show what is wrong.
const MOST: usize = 50;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        let reached = group.workflow.is_none_or(|workflow| {
            listens(workflow, "workflow_run") || listens(workflow, "pull_request_target")
        });
        if !reached {
            continue;
        }
        let mut seen = BTreeSet::new();
        for step in group.steps {
            let Some(run) = &step.run else { continue };
            // A shell that is not known is taken for bash, which nearly every runner has.
            let shell = group.shell(step).unwrap_or("bash");
            for write in writes(run.as_str(), shell).into_iter().take(MOST) {
                let file = write.file;
                let place = run.locate(&group.file.text, &write.range);
                if !seen.insert(place.start) {
                    continue;
                }
                let finding = out.finding(format!("a step of {} writes to `${file}` what it does not fix itself", group.name()))
                    .why("a line break in the value sets any variable, such as `LD_PRELOAD` or `PATH`, for every later step")
                    .help("write to `$GITHUB_OUTPUT` instead, or write a fixed text only")
                    .at_file(group.file, place)
                    .command(format!("grep -n '{file}' {}", group.file.path));
                if !write.seen {
                    finding.aliases(&[]);
                }
            }
        }
    }
}
