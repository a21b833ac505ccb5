//! Reports workflows that publish images nobody signs or attests.

use super::occasion::Scope;
use super::{publish, signature_by_tag};
use crate::{Cx, Sink};
use seaworthy_facts::WorkflowFact;
use seaworthy_workflow::{Step, Uses};

declare_rule! {
    name: "unsigned-publication",
    summary: "published images are neither signed nor attested",
    passes: "published images are signed or attested",
    family: Workflow, category: SupplyChain, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["SLSA 1.0, provenance", "cosign documentation, signing containers"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    // One workflow may build and another one sign.
    if cx.workflows().iter().any(signs) {
        return;
    }
    for fact in cx.workflows() {
        let pushed = fact.workflow.jobs.iter().find_map(|job| {
            job.steps.iter().find(|step| {
                let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
                publish::pushes(&fact.file, scope, step, None) != Some(false)
            })
        });
        let Some(step) = pushed else { continue };
        let place = step.uses_key.or(step.run_key).unwrap_or(step.span);
        out.finding("images are published, but no workflow signs or attests them")
            .why("whoever pulls cannot tell your image from one that was put in its place")
            .help("add actions/attest-build-provenance with `subject-digest: ${{ steps.BUILD.outputs.digest }}`, or `cosign sign --yes NAME@DIGEST`")
            .at_file(&fact.file, place)
            .command("grep -rn -e cosign -e attest .github/workflows");
    }
}

fn signs(fact: &WorkflowFact) -> bool {
    fact.workflow.jobs.iter().any(|job| {
        let called = job.uses.as_ref().map(|uses| uses.text.value.to_ascii_lowercase()).unwrap_or_default();
        // What a called workflow does is not known; names of well-known ones tell.
        ["slsa", "sign", "attest", "cosign"].iter().any(|word| called.contains(word))
            || job.steps.iter().any(|step| signs_step(fact, step))
    })
}

fn signs_step(fact: &WorkflowFact, step: &Step) -> bool {
    let name = step.uses.as_ref().and_then(Uses::action).unwrap_or_default();
    if ["attest", "cosign", "notation", "slsa", "sigstore"].iter().any(|word| name.contains(word)) {
        return true;
    }
    let attested = |name: &str| !matches!(step.input_str(name).trim(), "" | "false");
    if publish::is_build(step) && (attested("sbom") || step.input_str("provenance").contains("mode=max")) {
        return true;
    }
    step.run.as_ref().is_some_and(|run| run.value.contains("cosign") || run.value.contains("notation sign"))
        && (publish::commands(&fact.file, step)
            .iter()
            .any(|command| signature_by_tag::signs(command).is_some())
            || step.run.as_ref().is_some_and(|run| run.value.contains("sign")))
}

/// Whether a workflow signs images, and without a key: nothing where it signs none.
pub(crate) fn signs_keyless(fact: &WorkflowFact) -> Option<bool> {
    let mut found = None;
    for job in &fact.workflow.jobs {
        for step in
            job.steps.iter().filter(|step| step.run.as_ref().is_some_and(|run| run.value.contains("cosign")))
        {
            for command in publish::commands(&fact.file, step) {
                if signature_by_tag::signs(&command).is_some() {
                    let keyed = command
                        .words
                        .iter()
                        .any(|word| word.starts_with("--key") || word.starts_with("-key"));
                    found = Some(found.unwrap_or(false) || !keyed);
                }
            }
        }
    }
    found
}
