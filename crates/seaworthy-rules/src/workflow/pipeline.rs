//! What GitLab pipelines run, cut into commands, and on which refs.

use crate::script::{Simple, shell};
use seaworthy_facts::{PipelineFact, PipelineJob, PipelineRule, TextFile};
use seaworthy_finding::Span;

/// The jobs that can run; templates are judged through the jobs that extend them.
pub(crate) fn jobs(pipeline: &PipelineFact) -> impl Iterator<Item = &PipelineJob> {
    pipeline.jobs.iter().filter(|job| !job.hidden)
}

/// The commands of a job, in order.
pub(crate) fn commands(job: &PipelineJob) -> Vec<Simple> {
    let mut out = Vec::new();
    for line in &job.script {
        shell::split(&line.text, &line.map, &mut out);
    }
    out
}

/// Where a word of a command stands: the word itself where it is found as written, else the command.
pub(crate) fn word(file: &TextFile, command: Span, word: &str) -> Span {
    let text = file.text.get(command.start..command.end).unwrap_or_default();
    match text.rfind(word).filter(|_| !word.is_empty()) {
        Some(at) => Span::new(command.start + at, command.start + at + word.len()),
        None => command,
    }
}

/// Whether the job runs on refs that anyone who may push a branch can make: branches, merge requests.
pub(crate) fn on_any_branch(pipeline: &PipelineFact, job: &PipelineJob) -> bool {
    if job.unresolved || pipeline.workflow_rules.as_deref().is_some_and(|rules| !open(rules)) {
        return false;
    }
    let conditions = &job.conditions;
    if matches!(conditions.when.as_deref(), Some("never" | "manual")) {
        return false;
    }
    if let Some(rules) = &conditions.rules {
        return open(rules);
    }
    if conditions.only_more || conditions.except.iter().any(|name| name.value == "branches") {
        return false;
    }
    let any = |name: &str| matches!(name, "branches" | "merge_requests" | "pushes");
    conditions.only.is_empty() || conditions.only.iter().any(|name| any(&name.value))
}

/// Whether one of the rules lets a job run without asking for a particular ref.
fn open(rules: &[PipelineRule]) -> bool {
    rules.iter().any(|rule| {
        let runs = !matches!(rule.when.as_deref(), Some("never" | "manual"));
        let free = rule.condition.as_ref().is_none_or(|condition| {
            let text = condition.value.as_str();
            let sources = ["merge_request_event", "\"push\"", "'push'"];
            let asks = [
                "CI_COMMIT_TAG",
                "CI_DEFAULT_BRANCH",
                "PROTECTED",
                "CI_COMMIT_REF_NAME",
                "=~",
                "SCHEDULE",
                "schedule",
            ];
            let branch = text.contains("CI_COMMIT_BRANCH") && text.contains("==");
            let only_source =
                text.contains("CI_PIPELINE_SOURCE") && sources.iter().any(|known| text.contains(known));
            let bare =
                matches!(text.trim(), "$CI_COMMIT_BRANCH" | "$CI_MERGE_REQUEST_IID" | "$CI_MERGE_REQUEST_ID");
            !branch && !asks.iter().any(|word| text.contains(word)) && (only_source || bare)
        });
        runs && free
    })
}
