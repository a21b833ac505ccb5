//! Reports clean-ups that delete the parts of images for several platforms.

use super::publish;
use crate::{Cx, Sink};
use seaworthy_workflow::{Step, Uses};

declare_rule! {
    name: "untagged-image-deletion",
    summary: "a clean-up deletes untagged images, which are parts of tagged ones",
    passes: "no clean-up deletes parts of tagged images",
    family: Workflow, category: Runtime, severity: High, confidence: Medium, persona: Regular,
    aliases: [], refs: ["actions/delete-package-versions", "OCI image specification, image index"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    // Only an index has parts: several platforms, or an attestation beside the image.
    let index = cx.workflows().iter().any(|fact| {
        fact.workflow
            .jobs
            .iter()
            .flat_map(|job| &job.steps)
            .any(|step| publish::is_build(step) && several(step))
    });
    if !index {
        return;
    }
    for fact in cx.workflows() {
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            let name = step.uses.as_ref().and_then(Uses::action).unwrap_or_default();
            let input = match name.as_str() {
                "actions/delete-package-versions" if step.input_str("package-type") == "container" => {
                    "delete-only-untagged-versions"
                }
                // Since 3.0 it looks into indexes by itself where it may.
                "snok/container-retention-policy" if step.uses.as_ref().and_then(Uses::major) < Some(3) => {
                    "untagged-only"
                }
                _ => continue,
            };
            let Some(entry) = step.input(input).filter(|entry| entry.as_str().trim() == "true") else {
                continue;
            };
            out.finding(format!("`{name}` deletes every image without a tag"))
                .why("the images for single platforms, and the attestations, have no tag of their own: the tagged image stays and can no longer be pulled")
                .help("use a clean-up that keeps what an index names, such as dataaxiom/ghcr-cleanup-action")
                .at_file(&fact.file, entry.value.span)
                .command(format!("grep -n '{input}' {}", fact.file.path));
        }
    }
}

/// Whether a build makes an index.
fn several(step: &Step) -> bool {
    let platforms = step.input_str("platforms");
    let attested = !matches!(step.input_str("provenance").trim(), "false");
    platforms.contains(',') || platforms.contains("${{") || platforms.trim().contains('\n') || attested
}
