//! Reports secrets of the repository that jobs without an environment use.

use super::expressions::expressions_below;
use super::steps::listens;
use crate::{Cx, Sink};

declare_rule! {
    name: "secret-outside-environment",
    summary: "a secret is used without an environment that guards it",
    passes: "every secret is guarded by an environment",
    family: Workflow, category: Security, severity: Low, confidence: High, persona: Auditor,
    aliases: ["zizmor/secrets-outside-env"], refs: ["GitHub documentation, environments for deployment"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows().iter().filter(|fact| !listens(&fact.workflow, "workflow_call")) {
        for job in &fact.workflow.jobs {
            if job.environment.is_some() || job.uses.is_some() {
                continue;
            }
            expressions_below(&job.node, &fact.file, &mut |file, _, expr| {
                for reference in expr.references() {
                    let name = reference.name(0).unwrap_or_default();
                    if reference.root != "secrets" || name == "github_token" {
                        continue;
                    }
                    let text = reference.span.of(&file.text);
                    out.finding(format!("the job `{}` uses `{text}` without an environment", job.id.value))
                        .why("whoever may push a branch can change the workflow there and read the secret")
                        .help("keep the secret in an environment with a rule for branches, and name it: `environment: publish`")
                        .at_file(file, reference.span)
                        .command(format!("grep -n 'secrets\\.' {}", file.path));
                }
            });
        }
    }
}
