//! Reports images that a pull request can push.

use super::occasion::{Scope, jobs_run, occasions};
use super::publish;
use crate::{Cx, Sink};
use seaworthy_facts::WorkflowFact;
use seaworthy_workflow::{Entry, Job, Step, Text, Trigger};

declare_rule! {
    name: "push-on-pull-request",
    summary: "a pull request can push an image",
    passes: "no pull request pushes an image",
    family: Workflow, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: ["x/push-on-pull-request"],
    refs: ["GitHub documentation, events that trigger workflows: pull_request"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for fact in cx.workflows() {
        let workflow = &fact.workflow;
        let unmerged =
            |name: &str| workflow.triggers.iter().all(|trigger| trigger.name.value != name || open(trigger));
        let pulls: Vec<_> = occasions(project, fact)
            .into_iter()
            .filter(|occasion| occasion.is_pull_request() && unmerged(&occasion.event))
            .map(|occasion| (jobs_run(workflow, &occasion), occasion))
            .collect();
        for (at, job) in workflow.jobs.iter().enumerate().filter(|_| !pulls.is_empty()) {
            let names = Names::new(fact, job);
            for step in &job.steps {
                let scope = Scope { workflow, job: Some(job), step: Some(step) };
                let pushed = pulls.iter().find(|(runs, pull)| {
                    publish::pushes(&fact.file, scope, step, Some(pull)) == Some(true)
                        && scope.step_runs(pull, runs[at]) == Some(true)
                });
                let Some((_, pull)) = pushed else { continue };
                if names.own(step) || names.local(scope, step) {
                    continue;
                }
                let entry = step.input("push").or_else(|| step.input("outputs"));
                let key = step.run_key.or(step.uses_key).unwrap_or(step.span);
                let span = entry.map_or(key, |entry| entry.value.span);
                let why = if pull.event == "pull_request_target" {
                    "whoever opens a pull request publishes an image under your name"
                } else {
                    "an unreviewed change is published under the tags people pull; from a fork the push fails"
                };
                out.finding(format!("the job `{}` pushes an image on `{}`", job.id.value, pull.event))
                    .why(why)
                    .help("write `push: ${{ github.event_name != 'pull_request' }}`, and log in under the same condition")
                    .at_file(&fact.file, span)
                    .command(format!("grep -n -e 'pull_request' -e 'push:' {}", fact.file.path));
            }
        }
    }
}

/// Whether the event comes before the merge.
fn open(trigger: &Trigger) -> bool {
    trigger.types.as_ref().is_none_or(|types| {
        types.iter().any(|kind| matches!(kind.as_str(), "opened" | "synchronize" | "reopened"))
    })
}

/// What the rules of metadata-action in a job say about names.
struct Names {
    /// Whether pull requests have names of their own.
    by_pull: bool,
    /// Whether the images are those of a registry on the runner itself.
    local: bool,
}

impl Names {
    fn new(fact: &WorkflowFact, job: &Job) -> Self {
        let scope = Scope { workflow: &fact.workflow, job: Some(job), step: None };
        let mut images = job.steps.iter().filter_map(|step| step.input("images")?.text());
        let mut rules = job.steps.iter().filter(|step| step.uses("docker/metadata-action"));
        Self {
            by_pull: rules.any(|step| step.input_str("tags").contains("event=pr")),
            local: images.any(|text| on_runner(&scope.fill_known(None, text))),
        }
    }

    /// Whether the image goes to a registry on the runner itself.
    fn local(&self, scope: Scope<'_>, step: &Step) -> bool {
        let texts = ["tags", "outputs"].into_iter().filter_map(|name| step.input(name)?.text());
        self.local || texts.chain(&step.run).any(|text| on_runner(&scope.fill_known(None, text)))
    }

    /// Whether the image gets a name of the pull request's own, so that it replaces no other one.
    fn own(&self, step: &Step) -> bool {
        let words = ["event.number", "pull_request.number", "head_ref", "pull_request.head", "ttl.sh"];
        let mut texts = step.with.iter().map(Entry::as_str).chain(step.run.iter().map(Text::as_str));
        texts.any(|text| words.iter().any(|word| text.contains(word)))
            || (self.by_pull && step.input_str("tags").contains("steps."))
    }
}

fn on_runner(text: &str) -> bool {
    ["localhost", "127.0.0.1"].iter().any(|host| text.contains(host))
}
