//! Reports calls of workflows that are given every secret.

use super::steps::uses_place;
use crate::{Cx, Sink};
use seaworthy_workflow::JobSecrets;

declare_rule! {
    name: "inherited-secrets",
    summary: "a called workflow gets every secret",
    passes: "called workflows get named secrets",
    family: Workflow, category: Security, severity: Medium, confidence: High, persona: Pedantic,
    aliases: ["zizmor/secrets-inherit"], refs: ["GitHub documentation, passing secrets to reusable workflows"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            let (Some(uses), Some(JobSecrets::Inherit(_))) = (&job.uses, &job.secrets) else { continue };
            out.finding(format!("the job `{}` gives every secret to `{}`", job.id.value, uses.text.value))
                .why("that workflow, and every action it uses, can read secrets it has no use for")
                .help("name what it needs: `secrets: { REGISTRY_TOKEN: ${{ secrets.REGISTRY_TOKEN }} }`")
                .at_file(&fact.file, uses_place(&fact.file, uses))
                .command(format!("grep -n 'secrets: inherit' {}", fact.file.path));
        }
    }
}
