//! Reports ids of jobs and steps that the platform refuses.

use crate::{Cx, Sink};
use std::collections::BTreeMap;

declare_rule! {
    name: "invalid-workflow-id",
    summary: "the id of a job or step is not valid or not unique",
    passes: "the ids of jobs and steps are valid and unique",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["actionlint/id"],
    refs: ["GitHub documentation, jobs.<job_id>"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let file = &fact.file;
        let command = || format!("grep -n 'id:' {}", file.path);
        for job in &fact.workflow.jobs {
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            let steps = job.steps.iter().filter_map(|step| step.id.as_ref()).map(|id| ("step", id));
            for (kind, id) in std::iter::once(("job", &job.id)).chain(steps) {
                if id.has_expression() || id.value.is_empty() {
                    continue;
                }
                if !valid(&id.value) {
                    out.finding(format!("`{}` is no id for a {kind}", id.value))
                        .why("the platform refuses the workflow, so none of its jobs runs")
                        .help("begin with a letter or `_`, then use letters, digits, `-` and `_` only")
                        .at_file(file, id.span)
                        .command(command());
                }
                let (line, _) = file.lines.line_col(&file.text, id.span.start);
                if kind == "step"
                    && let Some(first) = seen.insert(id.value.to_lowercase(), line)
                {
                    out.finding(format!(
                        "the job `{}` has another step `{}` at line {first}",
                        job.id.value, id.value
                    ))
                    .why("ids do not care for case, and the platform refuses two that are equal")
                    .help("give one of the steps another id")
                    .at_file(file, id.span)
                    .command(command());
                }
            }
        }
    }
}

fn valid(id: &str) -> bool {
    id.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
