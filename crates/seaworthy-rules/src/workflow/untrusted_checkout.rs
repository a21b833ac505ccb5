//! Reports jobs that run what a pull request brings, with the repository's token and secrets.

use super::steps::{groups, listens};
use crate::{Cx, Sink};
use seaworthy_workflow::{Job, Step, Target};

declare_rule! {
    name: "untrusted-checkout",
    summary: "a stranger's code runs with the workflow's secrets",
    passes: "no stranger's code runs with a workflow's secrets",
    family: Workflow, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: [], refs: ["GitHub Security Lab, preventing pwn requests"],
}

/// Events that run with the repository's rights although a stranger causes them.
const EVENTS: [&str; 3] = ["pull_request_target", "workflow_run", "issue_comment"];

/// Words of conditions that keep strangers out.
const GUARDS: [&str; 6] = [
    "head.repo.full_name",
    "author_association",
    "head_repository",
    "head.repo.fork",
    ".login",
    "github.actor",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        let (Some(workflow), Some(job)) = (group.workflow, group.job) else { continue };
        let Some(event) = EVENTS.iter().find(|event| listens(workflow, event)) else { continue };
        if guarded(job) {
            continue;
        }
        for (at, step) in group.steps.iter().enumerate().filter(|(_, step)| theirs(step)) {
            let Some(runs) = group.steps[at + 1..].iter().find(|step| runs_tree(step)) else { continue };
            let entry = step.input("ref").or_else(|| step.input("repository"));
            let place = entry.map_or(step.span, |entry| entry.value.span);
            let line = group.file.lines.line_col(&group.file.text, runs.span.start).0;
            out.finding(format!(
                "`{event}` checks out what the stranger wrote, and line {line} runs it with this repository's rights"
            ))
            .why("a build script, a Dockerfile or a test of a pull request gets the token and the secrets, and can publish")
            .help("build with `pull_request`, without secrets, and publish what was reviewed; or let an `environment` ask a person first")
            .at_file(group.file, place)
            .command(format!("grep -n -B4 -A4 'ref:' {}", group.file.path));
        }
    }
}

/// Whether a condition or a person decides before the job runs.
fn guarded(job: &Job) -> bool {
    let asks = |text: &str| GUARDS.iter().any(|guard| text.contains(guard));
    job.environment.is_some() || job.condition.as_ref().is_some_and(|condition| asks(&condition.text.value))
}

/// Whether the step checks out what the event brings.
fn theirs(step: &Step) -> bool {
    let what = format!("{} {}", step.input_str("ref"), step.input_str("repository"));
    let words = [
        "github.event.pull_request.head",
        "github.head_ref",
        "refs/pull/",
        "github.event.workflow_run.head",
        "github.event.pull_request.merge_commit_sha",
    ];
    step.uses("actions/checkout") && words.iter().any(|word| what.contains(word))
}

/// Whether the step runs something of the work tree.
fn runs_tree(step: &Step) -> bool {
    let local = step.uses.as_ref().is_some_and(|uses| matches!(uses.target, Target::Local { .. }));
    let builds = step.uses("docker/build-push-action") || step.uses("docker/bake-action");
    let starts = [
        "make",
        "npm ",
        "yarn",
        "pnpm ",
        "cargo ",
        "go ",
        "./",
        "docker build",
        "docker buildx",
        "bash ",
        "sh ",
        "python",
        "mvn",
        "gradle",
    ];
    let script = step.run.as_ref().is_some_and(|run| {
        run.value.lines().any(|line| starts.iter().any(|start| line.trim_start().starts_with(start)))
    });
    local || builds || script
}
