//! Reports inputs that an action does not have.

use super::inputs::KNOWN;
use crate::{Cx, Sink, text};
use seaworthy_facts::{ActionFact, ProjectFacts, TextFile};
use seaworthy_finding::did_you_mean;
use seaworthy_workflow::{Step, Target};

declare_rule! {
    name: "unknown-action-input",
    summary: "an action is given an input it does not have, or lacks one it requires",
    passes: "actions are given the inputs they have",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["actionlint/action"],
    refs: ["docker/build-push-action, inputs", "GitHub documentation, metadata syntax for actions"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for fact in cx.workflows() {
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            look(project, &fact.file, step, out);
        }
    }
}

fn look(project: &ProjectFacts, file: &TextFile, step: &Step, out: &mut Sink) {
    let Some(uses) = &step.uses else { return };
    let command = || format!("grep -n -A 12 'uses: {}' {}", uses.text.value, file.path);
    let why = "the runner warns and goes on: what the input should have done is not done";
    if let Some(local) = local(project, &uses.target) {
        let names: Vec<&str> = local.action.inputs.iter().map(|input| input.name.as_str()).collect();
        for input in local.action.inputs.iter().filter(|input| input.required && input.default.is_none()) {
            if step.input(&input.name.value).is_none() {
                out.finding(format!("`{}` requires the input `{}`", local.file.path, input.name.value))
                    .why("the action gets an empty text instead")
                    .help(format!("add `{}` below `with`", input.name.value))
                    .at_file(file, uses.text.span)
                    .command(command());
            }
        }
        unknown(step, &names, &local.file.path, why, file, out);
        return;
    }
    let Some(name) = uses.action() else { return };
    let Some((_, known)) = KNOWN.iter().find(|(action, _)| *action == name) else { return };
    unknown(step, known, &name, why, file, out);
}

fn unknown(step: &Step, known: &[&str], action: &str, why: &str, file: &TextFile, out: &mut Sink) {
    for entry in &step.with {
        // `args` and `entrypoint` are the runner's own.
        let own = ["args", "entrypoint"].iter().any(|name| entry.is(name));
        if own || entry.key.has_expression() || known.iter().any(|name| entry.is(name)) {
            continue;
        }
        let near = did_you_mean(&entry.key.value, known.iter().copied());
        out.finding(format!("`{action}` has no input `{}`", entry.key.value))
            .why(why)
            .help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it has no inputs: remove it".to_owned(),
                None => format!("it has {}", text::names(known, 40)),
            })
            .at_file(file, entry.key.span)
            .command(format!("grep -n '{}:' {}", entry.key.value, file.path));
    }
}

/// The action of this repository that a step uses.
fn local<'a>(project: &'a ProjectFacts, target: &Target) -> Option<&'a ActionFact> {
    let Target::Local { path } = target else { return None };
    let path = path.trim_matches('/');
    project.actions.iter().find(|known| {
        let directory = known.file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        directory == path && known.problems.is_empty()
    })
}
