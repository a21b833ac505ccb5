//! Reports jobs on machines of one's own, which keep what a run leaves behind.

use super::flow::leaves;
use super::images::values;
use super::steps::whole_expression;
use crate::{Cx, Sink};
use seaworthy_workflow::Job;
use seaworthy_workflow::expr::{Expr, ExprKind};

declare_rule! {
    name: "self-hosted-runner",
    summary: "a job runs on a machine that keeps what a run leaves behind",
    passes: "no job runs on a machine that keeps what a run leaves behind",
    family: Workflow, category: Security, severity: Low, confidence: Medium, persona: Auditor,
    aliases: ["zizmor/self-hosted-runner"], refs: ["GitHub documentation, security hardening for self-hosted runners"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in fact.workflow.jobs.iter().filter(|job| job.uses.is_none()) {
            let Some((key, _)) = job.node.entry("runs-on") else { continue };
            if !own(job) {
                continue;
            }
            out.finding(format!("the job `{}` runs on a machine of your own", job.id.value))
                .why("a stranger's pull request may leave something there that the next run publishes")
                .help("use a hosted runner for what strangers can start, or one that is thrown away after each job")
                .at_file(&fact.file, key.span)
                .command(format!("grep -n 'runs-on' {}", fact.file.path));
        }
    }
}

/// Whether the job names a machine or a group of one's own, as far as that can be seen.
fn own(job: &Job) -> bool {
    let Some(runs_on) = &job.runs_on else { return false };
    if runs_on.group.is_some() {
        return true;
    }
    let named = |text: &str| text.eq_ignore_ascii_case("self-hosted");
    runs_on.labels.iter().any(|label| {
        if whole_expression(label.value.trim()) {
            label.expressions().flat_map(leaves).any(|leaf| computed(leaf, job))
        } else {
            named(&label.value)
        }
    })
}

fn computed(leaf: &Expr, job: &Job) -> bool {
    let hints = |text: &str| text.to_lowercase().contains("self-hosted");
    match &leaf.kind {
        ExprKind::Text(_) => false,
        _ => match leaf.reference().filter(|reference| reference.root == "matrix") {
            Some(reference) => {
                let matrix = job.strategy.as_ref().and_then(|strategy| strategy.matrix.as_ref());
                matrix.is_some_and(|matrix| values(matrix, &reference).iter().any(|value| hints(value)))
            }
            None => {
                let mut found = false;
                leaf.walk(&mut |part| found |= matches!(&part.kind, ExprKind::Text(text) if hints(text)));
                found
            }
        },
    }
}
