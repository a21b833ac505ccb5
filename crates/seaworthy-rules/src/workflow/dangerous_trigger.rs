//! Reports triggers that run a workflow with the repository's rights for what a stranger did.

use super::steps::listens;
use crate::{Cx, Sink};
use seaworthy_finding::Severity;
use seaworthy_workflow::Workflow;

declare_rule! {
    name: "dangerous-trigger",
    summary: "strangers can start the workflow with its secrets",
    passes: "strangers cannot start the workflow with its secrets",
    family: Workflow, category: Security, severity: Medium, confidence: Medium, persona: Pedantic,
    aliases: ["zizmor/dangerous-triggers"], refs: ["GitHub Security Lab, preventing pwn requests"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for (event, what) in [
            ("pull_request_target", "every pull request, also one of a fork,"),
            ("workflow_run", "every run of another workflow, also one of a fork's pull request,"),
            ("issue_comment", "every comment of anybody"),
        ] {
            if !listens(&fact.workflow, event)
                || (event == "pull_request_target" && only_labels(&fact.workflow))
            {
                continue;
            }
            let Some(trigger) = fact.workflow.triggers.iter().find(|trigger| trigger.name.value == event)
            else {
                continue;
            };
            let finding = out
                .finding(format!(
                    "`{event}`: {what} runs this workflow with the repository's token and secrets"
                ))
                .why("as soon as a step runs or checks out what the stranger wrote, the stranger can publish")
                .help("use `pull_request`, or split: build without secrets there, publish after a review")
                .at_file(&fact.file, trigger.name.span)
                .command(format!("grep -n '{event}' {}", fact.file.path));
            if checks_out_theirs(&fact.workflow) {
                finding.severity(Severity::High);
            }
        }
    }
}

/// Whether the workflow is a single step of `actions/labeler`, which takes no code from the pull request.
fn only_labels(workflow: &Workflow) -> bool {
    let [job] = &workflow.jobs[..] else { return false };
    matches!(&job.steps[..], [step] if step.uses("actions/labeler"))
}

/// Whether a step checks out what the event brings.
fn checks_out_theirs(workflow: &Workflow) -> bool {
    workflow.jobs.iter().flat_map(|job| &job.steps).any(|step| {
        let what = format!("{} {}", step.input_str("ref"), step.input_str("repository"));
        step.uses("actions/checkout") && (what.contains("head") || what.contains("github.event.number"))
    })
}
