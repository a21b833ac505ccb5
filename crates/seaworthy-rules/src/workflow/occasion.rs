//! What starts a workflow, as examples: one event of each kind that its `on` lets through, and what expressions are
//! worth on it.

use seaworthy_facts::{ProjectFacts, WorkflowFact};
use seaworthy_workflow::eval::{Value, evaluate};
use seaworthy_workflow::expr::{Expr, Reference};
use seaworthy_workflow::{Condition, Env, Job, Step, Target, Text, Trigger, Workflow};
use std::collections::{BTreeMap, BTreeSet};

/// The default branch of the examples, unless the filters name another one.
const MAIN: &str = "main";
/// A commit.
pub(crate) const SHA: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";
/// Expressions that name variables that name variables are followed this far.
const DEPTH: usize = 4;

/// An event that starts the workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Occasion {
    /// The event.
    pub(crate) event: String,
    /// The ref it is about.
    pub(crate) reference: String,
    /// The default branch.
    pub(crate) default_branch: String,
    /// Whether a person sets inputs.
    inputs: bool,
}

impl Occasion {
    fn new(event: &str, reference: &str, default_branch: &str) -> Self {
        Self {
            event: event.to_owned(),
            reference: reference.to_owned(),
            default_branch: default_branch.to_owned(),
            inputs: matches!(event, "workflow_dispatch" | "workflow_call"),
        }
    }

    /// The occasion in words.
    pub(crate) fn words(&self) -> String {
        match (self.event.as_str(), self.reference.as_str()) {
            ("push", name) if name.starts_with("refs/tags/") => {
                format!("a push of the tag `{}`", &name[10..])
            }
            ("push", name) => format!("a push to `{}`", name.trim_start_matches("refs/heads/")),
            ("pull_request" | "pull_request_target", _) => "a pull request".to_owned(),
            ("release", name) => format!("the release `{}`", name.trim_start_matches("refs/tags/")),
            (event, _) => format!("the event `{event}`"),
        }
    }

    /// Whether a pull request is what happened.
    pub(crate) fn is_pull_request(&self) -> bool {
        matches!(self.event.as_str(), "pull_request" | "pull_request_target")
    }

    fn ref_name(&self) -> &str {
        let name = self.reference.strip_prefix("refs/").unwrap_or(&self.reference);
        name.split_once('/').map_or(name, |(_, name)| name)
    }
}

/// Events that start the workflow; of a called one, those that start its callers.
pub(crate) fn occasions(project: &ProjectFacts, fact: &WorkflowFact) -> Vec<Occasion> {
    let mut out = own(&fact.workflow);
    if fact.workflow.triggers.iter().any(|trigger| trigger.name.value == "workflow_call") {
        for caller in callers(project, fact) {
            out.extend(own(&caller.0.workflow));
        }
    }
    let mut seen = Vec::new();
    out.retain(|occasion| {
        let new = !seen.contains(occasion);
        if new {
            seen.push(occasion.clone());
        }
        new
    });
    out
}

/// Jobs of this project that call a workflow.
pub(crate) fn callers<'a>(
    project: &'a ProjectFacts,
    fact: &'a WorkflowFact,
) -> impl Iterator<Item = (&'a WorkflowFact, &'a Job)> {
    project.workflows.iter().flat_map(|known| known.workflow.jobs.iter().map(move |job| (known, job))).filter(
        |(_, job)| {
            let target = job.uses.as_ref().map(|uses| &uses.target);
            matches!(target, Some(Target::Local { path }) if *path == fact.file.path)
        },
    )
}

fn own(workflow: &Workflow) -> Vec<Occasion> {
    let default = default_branch(workflow);
    let head = format!("refs/heads/{default}");
    let mut out = Vec::new();
    for trigger in &workflow.triggers {
        let name = trigger.name.as_str();
        match name {
            "push" => push(trigger, &default, &mut out),
            "pull_request" => out.push(Occasion::new(name, "refs/pull/7/merge", &default)),
            "release" => out.push(Occasion::new(name, "refs/tags/v1.2.3", &default)),
            "merge_group" => {
                let queue = format!("refs/heads/gh-readonly-queue/{default}/pr-7-{SHA}");
                out.push(Occasion::new(name, &queue, &default));
            }
            // What calls is not known here.
            "workflow_call" => {}
            _ => out.push(Occasion::new(name, &head, &default)),
        }
    }
    out
}

/// `main` or `master`, as the filters name it, else the first branch they name.
fn default_branch(workflow: &Workflow) -> String {
    let names = workflow.triggers.iter().flat_map(|trigger| trigger.branches.iter().flatten());
    let plain: Vec<&str> =
        names.map(Text::as_str).filter(|name| !name.contains(['*', '!', '?', '[', '$'])).collect();
    let known = ["main", "master"].into_iter().find(|known| plain.contains(known));
    known.or(plain.first().copied()).unwrap_or(MAIN).to_owned()
}

fn push(trigger: &Trigger, default: &str, out: &mut Vec<Occasion>) {
    let branches = trigger.branches.as_ref().or(trigger.branches_ignore.as_ref());
    let tags = trigger.tags.as_ref().or(trigger.tags_ignore.as_ref());
    if branches.is_some() || tags.is_none() {
        let positive =
            trigger.branches.iter().flatten().map(Text::as_str).filter(|name| !name.starts_with('!'));
        let mut names: BTreeSet<String> = positive.map(example_branch).collect();
        if trigger.branches.is_none() {
            names.extend([default.to_owned(), "feature/x".to_owned()]);
        }
        out.extend(
            names.iter().take(4).map(|name| Occasion::new("push", &format!("refs/heads/{name}"), default)),
        );
    }
    if tags.is_some() || branches.is_none() {
        let positive = trigger.tags.iter().flatten().map(Text::as_str).filter(|name| !name.starts_with('!'));
        let mut names: BTreeSet<String> = positive.map(example_tag).collect();
        if trigger.tags.is_none() {
            names.insert("v1.2.3".to_owned());
        }
        out.extend(
            names.iter().take(4).map(|name| Occasion::new("push", &format!("refs/tags/{name}"), default)),
        );
    }
}

fn example_branch(pattern: &str) -> String {
    if pattern.contains(['[', '?', '+']) {
        return pattern.split(['[', '?', '+', '*']).next().unwrap_or_default().to_owned() + "x";
    }
    pattern.replace("**", "x").replace('*', "x")
}

fn example_tag(pattern: &str) -> String {
    let cut = pattern.find(['*', '[', '?', '+']);
    match cut {
        None => pattern.to_owned(),
        Some(at) => {
            let start = pattern[..at].trim_end_matches(|ch: char| ch == '.' || ch.is_ascii_digit());
            format!("{start}1.2.3")
        }
    }
}

/// For each job whether it runs on an occasion, where that is known: by its own condition, and by those of the jobs it
/// needs.
pub(crate) fn jobs_run(workflow: &Workflow, occasion: &Occasion) -> Vec<Option<bool>> {
    let jobs = &workflow.jobs;
    let places: BTreeMap<String, usize> =
        jobs.iter().enumerate().map(|(at, job)| (job.id.value.to_lowercase(), at)).collect();
    let needs: Vec<Vec<usize>> = jobs
        .iter()
        .map(|job| {
            job.needs.iter().filter_map(|need| places.get(&need.value.to_lowercase()).copied()).collect()
        })
        .collect();
    let own =
        |job: &Job| Scope { workflow, job: Some(job), step: None }.holds(occasion, job.condition.as_ref());
    let mut out: Vec<Option<bool>> = jobs.iter().map(own).collect();
    // A walk in depth without recursion; a job met again while it is open waits for itself, and adds nothing.
    let mut state = vec![0_u8; jobs.len()];
    for first in 0..jobs.len() {
        let mut path = vec![(first, 0)];
        while let Some((job, next)) = path.last_mut() {
            let job = *job;
            if state[job] == 2 {
                path.pop();
                continue;
            }
            state[job] = 1;
            if let Some(&need) = needs[job].get(*next) {
                *next += 1;
                if state[need] == 0 {
                    path.push((need, 0));
                }
                continue;
            }
            state[job] = 2;
            path.pop();
            let text = jobs[job].condition.as_ref().map_or("", |condition| condition.text.as_str());
            // These functions ask to run whatever became of the needed jobs.
            if ["always()", "cancelled()", "failure()"].iter().any(|word| text.contains(word)) {
                continue;
            }
            for need in &needs[job] {
                out[job] = match (out[job], out[*need]) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
            }
        }
    }
    out
}

/// Where an expression stands: what the variables around it are.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) workflow: &'a Workflow,
    pub(crate) job: Option<&'a Job>,
    pub(crate) step: Option<&'a Step>,
}

impl<'a> Scope<'a> {
    fn env(&self, name: &str) -> Option<&'a Text> {
        let envs: [Option<&'a Env>; 3] =
            [self.step.map(|step| &step.env), self.job.map(|job| &job.env), Some(&self.workflow.env)];
        let found = envs.into_iter().flatten().find_map(|env| env.get(name))?;
        found.value.text()
    }

    /// The value of a reference on an occasion; without one, what does not depend on the event.
    fn value(&self, occasion: Option<&Occasion>, reference: &Reference, depth: usize) -> Value {
        let path = reference.path();
        if reference.root == "env" {
            let text =
                reference.name(0).filter(|_| reference.segments.len() == 1).and_then(|name| self.env(name));
            return match text {
                Some(text) if depth > 0 => {
                    self.filled(occasion, text, depth - 1).map_or(Value::Unknown, Value::Text)
                }
                _ => Value::Unknown,
            };
        }
        let Some(occasion) = occasion else { return Value::Unknown };
        let text = |text: &str| Value::Text(text.to_owned());
        let pull = occasion.is_pull_request();
        match path.as_str() {
            "github.event_name" => text(&occasion.event),
            "github.ref" if occasion.event == "pull_request_target" => {
                text(&format!("refs/heads/{}", occasion.default_branch))
            }
            "github.ref" => text(&occasion.reference),
            "github.ref_name" => text(occasion.ref_name()),
            "github.ref_type" => {
                text(if occasion.reference.starts_with("refs/tags/") { "tag" } else { "branch" })
            }
            "github.sha" => text(SHA),
            "github.head_ref" => text(if pull { "feature" } else { "" }),
            "github.base_ref" => text(if pull { &occasion.default_branch } else { "" }),
            "github.event.repository.default_branch" => text(&occasion.default_branch),
            "github.event.pull_request" if pull => Value::Object,
            "github.event.number" | "github.event.pull_request.number" if pull => Value::Number(7.0),
            path => {
                let absent = [
                    ("github.event.pull_request", pull),
                    ("github.event.release", occasion.event == "release"),
                    ("github.event.workflow_run", occasion.event == "workflow_run"),
                    ("github.event.inputs", occasion.inputs),
                    ("inputs", occasion.inputs),
                ];
                let missing = absent.iter().any(|(start, there)| {
                    !there
                        && path
                            .strip_prefix(start)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
                // The inputs of a called workflow come from its caller.
                let called =
                    self.workflow.triggers.iter().any(|trigger| trigger.name.value == "workflow_call");
                if missing && !(called && path.starts_with("inputs")) { Value::Null } else { Value::Unknown }
            }
        }
    }

    /// The value of an expression.
    pub(crate) fn evaluate(&self, occasion: Option<&Occasion>, expr: &Expr) -> Value {
        evaluate(expr, &|reference| self.value(occasion, reference, DEPTH))
    }

    /// A text with its expressions filled in; nothing where one is not known.
    pub(crate) fn fill(&self, occasion: Option<&Occasion>, text: &Text) -> Option<String> {
        self.filled(occasion, text, DEPTH)
    }

    fn filled(&self, occasion: Option<&Occasion>, text: &Text, depth: usize) -> Option<String> {
        let mut out = String::with_capacity(text.value.len());
        let mut at = 0;
        for part in &text.interpolations {
            let expr = part.expr.as_ref().ok()?;
            out.push_str(text.value.get(at..part.range.start)?);
            out.push_str(&evaluate(expr, &|reference| self.value(occasion, reference, depth)).shown()?);
            at = part.range.end;
        }
        out.push_str(text.value.get(at..)?);
        Some(out)
    }

    /// A text with the expressions filled in that are known; the others stay.
    pub(crate) fn fill_known(&self, occasion: Option<&Occasion>, text: &Text) -> String {
        let mut out = String::with_capacity(text.value.len());
        let mut at = 0;
        for part in &text.interpolations {
            out.push_str(text.value.get(at..part.range.start).unwrap_or_default());
            let value = part.expr.as_ref().ok().and_then(|expr| self.evaluate(occasion, expr).shown());
            match value {
                Some(value) => out.push_str(&value),
                None => out.push_str(text.value.get(part.range.clone()).unwrap_or_default()),
            }
            at = part.range.end;
        }
        out.push_str(text.value.get(at..).unwrap_or_default());
        out
    }

    /// Whether a condition holds, where that is known; an absent one does.
    pub(crate) fn holds(&self, occasion: &Occasion, condition: Option<&Condition>) -> Option<bool> {
        let Some(condition) = condition else { return Some(true) };
        match &condition.expr {
            Some(Ok(expr)) => self.evaluate(Some(occasion), expr).truth(),
            Some(Err(_)) => None,
            // A text beside the braces is always true.
            None => Some(true),
        }
    }

    /// Whether the step runs on an occasion, where that is known; `job` says whether its job does.
    pub(crate) fn step_runs(&self, occasion: &Occasion, job: Option<bool>) -> Option<bool> {
        let own = self.holds(occasion, self.step.and_then(|step| step.condition.as_ref()));
        match (job, own) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}
