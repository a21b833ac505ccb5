//! Reports the jobs of a matrix that push different images to one tag.

use super::occasion::Scope;
use super::publish;
use crate::{Cx, Sink, text};
use seaworthy_workflow::{Entry, Job, Kind, Matrix, Node, Workflow};

declare_rule! {
    name: "matrix-overwrites-tag",
    summary: "the jobs of a matrix push different images to one tag",
    passes: "every job of a matrix pushes to tags of its own, or by digest",
    family: Workflow, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: ["x/matrix-overwrites-tag"],
    refs: ["Docker documentation, multi-platform image with GitHub Actions: distribute build across runners"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            let matrix = job.strategy.as_ref().and_then(|strategy| strategy.matrix.as_ref());
            if !matrix.is_some_and(several) {
                continue;
            }
            for step in job.steps.iter().filter(|step| step.uses("docker/build-push-action")) {
                let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
                if publish::pushes(&fact.file, scope, step, None) == Some(false)
                    || step.input_str("outputs").contains("push-by-digest=true")
                    || step
                        .condition
                        .as_ref()
                        .is_some_and(|condition| names_matrix(&condition.text.value, scope))
                {
                    continue;
                }
                let Some(tags) = step.input("tags").or_else(|| step.input("outputs")) else { continue };
                let differs: Vec<&str> = step
                    .with
                    .iter()
                    .filter(|entry| {
                        !["tags", "cache-from", "cache-to", "labels"].iter().any(|name| entry.is(name))
                    })
                    .filter(|entry| names_matrix(entry.as_str(), scope))
                    .map(|entry| entry.key.as_str())
                    .collect();
                let runner = job.runs_on.as_ref().is_some_and(|runs_on| {
                    runs_on.labels.iter().any(|label| names_matrix(&label.value, scope))
                });
                if (differs.is_empty() && !runner) || distinct(tags.as_str(), job, scope, &fact.workflow, 0) {
                    continue;
                }
                let by = if differs.is_empty() { "the runner".to_owned() } else { text::names(&differs, 3) };
                out.finding(format!(
                    "the jobs of `{}` differ in {by}, but push to the same tags",
                    job.id.value
                ))
                .why("each push replaces the one before: of all images only that of the slowest job stays")
                .help("put the matrix value into the tag, or push by digest and join the digests with `docker buildx imagetools create`")
                .at_file(&fact.file, tags.value.span)
                .command(format!("grep -n -e 'matrix' -e 'tags:' {}", fact.file.path));
            }
        }
    }
}

/// Whether the matrix has, as far as it can be told, more than one job.
fn several(matrix: &Matrix) -> bool {
    matrix.expression.is_none()
        && (matrix.rows.iter().any(|row| row.values.as_ref().is_some_and(|values| values.len() > 1))
            || matrix.include.len() > 1)
}

/// Whether a text depends on the matrix, directly or by a variable.
fn names_matrix(text: &str, scope: Scope<'_>) -> bool {
    let direct = |text: &str| {
        text.contains("matrix.")
            || text.contains("matrix[")
            || text.contains("matrix)")
            || text.contains("strategy.job-index")
    };
    let envs = [scope.step.map(|step| &step.env), scope.job.map(|job| &job.env), Some(&scope.workflow.env)];
    direct(text)
        || envs
            .into_iter()
            .flatten()
            .flat_map(|env| &env.vars)
            .any(|entry| text.contains(&format!("env.{}", entry.key.value)) && direct(entry.as_str()))
}

/// Whether the tags differ from job to job, or cannot be told.
fn distinct(tags: &str, job: &Job, scope: Scope<'_>, workflow: &Workflow, depth: usize) -> bool {
    if names_matrix(tags, scope) {
        return true;
    }
    let mut rest = tags;
    while let Some(at) = rest.find("steps.") {
        rest = &rest[at + 6..];
        let id = rest.split(['.', ' ', '}', '[', ')']).next().unwrap_or_default();
        let step = job.steps.iter().find(|step| step.id.as_ref().is_some_and(|known| known.value == id));
        let Some(step) = step.filter(|_| depth < 3) else { return true };
        let inner = Scope { step: Some(step), ..scope };
        if mentions(&step.node, inner, &mut 10_000)
            || (!step.uses("docker/metadata-action") && step.uses.is_some())
        {
            return true;
        }
        // What a script takes from the runner or an earlier step is not known.
        let earlier = step.with.iter().map(Entry::as_str);
        if earlier
            .into_iter()
            .any(|text| text.contains("steps.") && distinct(text, job, inner, workflow, depth + 1))
        {
            return true;
        }
        if step.run.as_ref().is_some_and(|run| run.value.contains('$')) {
            return true;
        }
    }
    // An environment variable that no `env` sets comes from an earlier step.
    let mut rest = tags;
    while let Some(at) = rest.find("env.") {
        rest = &rest[at + 4..];
        let name = rest.split(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_').next().unwrap_or_default();
        let envs = [scope.step.map(|step| &step.env), Some(&job.env), Some(&workflow.env)];
        if !envs.into_iter().flatten().any(|env| env.get(name).is_some()) {
            return true;
        }
    }
    false
}

/// Whether anything in a step depends on the matrix.
fn mentions(node: &Node, scope: Scope<'_>, budget: &mut usize) -> bool {
    // Aliases of aliases multiply; what is too long to look through may depend on it.
    if *budget == 0 {
        return true;
    }
    *budget -= 1;
    match &node.kind {
        Kind::Scalar(text) => names_matrix(&text.value, scope),
        Kind::Seq(items) => items.iter().any(|item| mentions(item, scope, budget)),
        Kind::Map(entries) => entries.iter().any(|(_, value)| mentions(value, scope, budget)),
    }
}
