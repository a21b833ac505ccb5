//! Reports rules of docker/metadata-action that give a tag no registry accepts on an event that starts the workflow.

use super::occasion::{Occasion, Scope, jobs_run, occasions};
use crate::{Cx, Sink};
use seaworthy_facts::WorkflowFact;
use seaworthy_tags::{Context, Event, Inputs, list};
use seaworthy_workflow::{Step, Text};
use std::ops::Range;

declare_rule! {
    name: "invalid-metadata-tag",
    summary: "a rule of metadata-action gives a tag that no registry accepts",
    passes: "the rules of metadata-action give valid tags on every event of the workflow",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["x/invalid-tag"],
    refs: ["docker/metadata-action, tags input", "OCI distribution specification, tags"],
}

/// Findings about one step.
const MOST: usize = 20;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for fact in cx.workflows() {
        let mut known = None;
        for (at, job) in fact.workflow.jobs.iter().enumerate() {
            for step in job.steps.iter().filter(|step| step.uses("docker/metadata-action")) {
                let occasions = known.get_or_insert_with(|| {
                    let found = occasions(project, fact).into_iter();
                    found.map(|found| (jobs_run(&fact.workflow, &found), found)).collect::<Vec<_>>()
                });
                let occasions = occasions.iter().map(|(runs, found)| (runs[at], found)).collect::<Vec<_>>();
                let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
                look(fact, scope, step, &occasions, out);
            }
        }
    }
}

fn look(
    fact: &WorkflowFact,
    scope: Scope<'_>,
    step: &Step,
    occasions: &[(Option<bool>, &Occasion)],
    out: &mut Sink,
) {
    let Some(tags) = step.input("tags").and_then(|entry| entry.text()) else { return };
    let flavor = step.input("flavor").and_then(|entry| entry.text());
    // Places of a long text cost; nobody reads a hundred findings about one step.
    let mut left = MOST;
    for range in lines(&tags.value) {
        if left == 0 {
            break;
        }
        let here =
            occasions.iter().filter(|(runs, occasion)| scope.step_runs(occasion, *runs) != Some(false));
        for (_, occasion) in here {
            let Some(line) = fill(scope, occasion, tags, &range) else { continue };
            let flavor = match flavor.map(|flavor| scope.fill(Some(occasion), flavor)) {
                None => String::new(),
                Some(Some(flavor)) => flavor,
                Some(None) => continue,
            };
            let Some((message, problem)) = judge(&line, &flavor, occasion) else { continue };
            left -= 1;
            let branch = tags.value[range.clone()].contains("{{branch}}");
            let refused = problem.is_empty();
            let finding = out
                .finding(message)
                .why(if refused {
                    "the step fails, and with it the job"
                } else {
                    "the step that builds gets the tag too and fails: the image of that event is never made"
                })
                .help(if refused {
                    "write the line as the action's documentation has it".to_owned()
                } else if branch {
                    "add `enable=${{ github.ref_type == 'branch' && github.event_name != 'pull_request' }}`, or leave the branch out"
                        .to_owned()
                } else {
                    "add `enable=` with the events that the rule is for, or begin the tag with a letter or digit"
                        .to_owned()
                })
                .at_file(&fact.file, tags.locate(&fact.file.text, &range))
                .command(format!("grep -n -A20 metadata-action {}", fact.file.path));
            if refused {
                finding.aliases(&[]);
            }
            break;
        }
    }
}

/// The lines of a text, without blanks around them; neither empty ones nor comments.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            let start = at + (line.len() - line.trim_start().len());
            out.push(start..start + trimmed.len());
        }
        at += line.len();
    }
    out
}

/// A line with its expressions filled in; nothing where one is not known.
fn fill(scope: Scope<'_>, occasion: &Occasion, text: &Text, range: &Range<usize>) -> Option<String> {
    let mut out = String::new();
    let mut at = range.start;
    let first = text.interpolations.partition_point(|part| part.range.end <= range.start);
    for part in &text.interpolations[first..] {
        if part.range.start >= range.end {
            break;
        }
        if part.range.end > range.end || part.range.start < at {
            return None;
        }
        out.push_str(text.value.get(at..part.range.start)?);
        out.push_str(&scope.evaluate(Some(occasion), part.expr.as_ref().ok()?).shown()?);
        at = part.range.end;
    }
    out.push_str(text.value.get(at..range.end)?);
    Some(out)
}

/// What is wrong with a line, and the problem of the tag; that is empty where the action refuses the line.
fn judge(line: &str, flavor: &str, occasion: &Occasion) -> Option<(String, &'static str)> {
    let tag = occasion.reference.starts_with("refs/tags/");
    let branch = || Some(occasion.default_branch.clone());
    let event = Event {
        name: occasion.event.clone(),
        reference: occasion.reference.clone(),
        sha: super::occasion::SHA.to_owned(),
        default_branch: branch(),
        base_ref: tag.then(|| format!("refs/heads/{}", occasion.default_branch)),
        number: occasion.is_pull_request().then_some(7),
        pull_base: occasion.is_pull_request().then(branch).flatten(),
        pull_head_sha: None,
    };
    let inputs = Inputs {
        images: vec!["example/app".to_owned()],
        tags: list(line).ok()?,
        flavor: list(flavor).ok()?,
        ..Inputs::default()
    };
    if inputs.tags.is_empty() {
        return None;
    }
    match seaworthy_tags::evaluate(&inputs, &Context::new(event)) {
        Ok(metadata) => {
            let invalid = metadata.invalid().into_iter().next()?;
            let message = format!(
                "on {} the rule gives the tag `{}`: {}",
                occasion.words(),
                invalid.name,
                invalid.problem
            );
            Some((message, invalid.problem))
        }
        Err(error) => Some((format!("metadata-action refuses the rule: {error}"), "")),
    }
}
