//! Reports calls of reusable workflows that the called workflow does not accept.

use crate::{Cx, Sink, text};
use seaworthy_facts::{ProjectFacts, WorkflowFact};
use seaworthy_finding::did_you_mean;
use seaworthy_workflow::{Entry, Input, Job, JobSecrets, Target, Trigger};

declare_rule! {
    name: "invalid-workflow-call",
    summary: "a job calls a workflow in a way it does not accept",
    passes: "jobs call workflows as these accept it",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["actionlint/workflow-call"],
    refs: ["GitHub documentation, reusing workflows"],
}

const WHY: &str = "the platform refuses the workflow, so none of its jobs runs";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            let Some(uses) = &job.uses else { continue };
            if uses.text.has_expression() || uses.text.value.is_empty() {
                continue;
            }
            if !callable(&uses.target) {
                out.finding(format!("`{}` names no workflow", uses.text.value))
                    .why(WHY)
                    .help("write `owner/repository/.github/workflows/file.yml@ref`, or `./.github/workflows/file.yml`")
                    .at_file(&fact.file, uses.text.span)
                    .command(format!("grep -n 'uses:' {}", fact.file.path));
            } else if let Some(called) = called(project, &uses.target) {
                let mut triggers = called.workflow.triggers.iter();
                match triggers.find(|trigger| trigger.name.value == "workflow_call") {
                    Some(trigger) => compare(fact, job, called, trigger, out),
                    None => {
                        out.finding(format!(
                            "`{}` cannot be called: it has no `workflow_call`",
                            called.file.path
                        ))
                        .why(WHY)
                        .help("add `workflow_call:` below its `on`")
                        .at_file(&fact.file, uses.text.span)
                        .command(format!("grep -n -A 8 '^on' {}", called.file.path));
                    }
                }
            }
        }
    }
}

fn callable(target: &Target) -> bool {
    match target {
        Target::Repository { owner, path, reference, .. } => {
            !owner.starts_with('.')
                && path.is_some()
                && reference.as_ref().is_some_and(|name| !name.is_empty())
        }
        Target::Local { path } => !path.contains('@') && !path.is_empty(),
        _ => false,
    }
}

/// The workflow of this project that a job calls; where the path forgets `.github`, the one that is meant.
fn called<'a>(project: &'a ProjectFacts, target: &Target) -> Option<&'a WorkflowFact> {
    let Target::Local { path } = target else { return None };
    let find = |path: &str| {
        let mut known = project.workflows.iter().chain(&project.called);
        known.find(|known| known.file.path == path)
    };
    find(path).or_else(|| find(&format!(".github/{path}")))
}

fn compare(fact: &WorkflowFact, job: &Job, called: &WorkflowFact, trigger: &Trigger, out: &mut Sink) {
    let Some(uses) = &job.uses else { return };
    let named: &[Entry] = match &job.secrets {
        Some(JobSecrets::Named(named)) => named,
        _ => &[],
    };
    let inherit = matches!(job.secrets, Some(JobSecrets::Inherit(_)));
    let path = &called.file.path;
    let command = || format!("sed -n '/workflow_call:/,/jobs:/p' {path}");
    for (kind, declared, given) in
        [("input", &trigger.inputs, job.with.as_slice()), ("secret", &trigger.secrets, named)]
    {
        if kind == "secret" && inherit {
            continue;
        }
        let names: Vec<&str> = declared.iter().map(|input| input.name.as_str()).collect();
        let missing: Vec<&str> = declared
            .iter()
            .filter(|input| required(input) && !given.iter().any(|entry| entry.is(&input.name.value)))
            .map(|input| input.name.as_str())
            .collect();
        if !missing.is_empty() {
            out.finding(format!(
                "`{path}` requires the {kind} {}, which the job `{}` does not give",
                text::names(&missing, 4),
                job.id.value
            ))
            .why(WHY)
            .help(if kind == "input" { "add it below `with`" } else { "add it below `secrets`" })
            .at_file(&fact.file, uses.text.span)
            .command(command());
        }
        for entry in given {
            if names.iter().any(|name| entry.is(name)) || entry.key.has_expression() {
                continue;
            }
            let near = did_you_mean(&entry.key.value, names.iter().copied());
            out.finding(format!("`{path}` declares no {kind} `{}`", entry.key.value))
                .why(WHY)
                .help(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if names.is_empty() => format!("it declares no {kind}s: remove it"),
                    None => format!("it declares {}", text::names(&names, 6)),
                })
                .at_file(&fact.file, entry.key.span)
                .command(command());
        }
    }
}

fn required(input: &Input) -> bool {
    input.required && input.default.is_none()
}
