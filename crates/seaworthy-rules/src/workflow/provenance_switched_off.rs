//! Reports published images without provenance because it was switched off.

use super::occasion::Scope;
use super::publish;
use crate::{Cx, Sink};
use seaworthy_workflow::{Text, Uses};

declare_rule! {
    name: "provenance-switched-off",
    summary: "a published image has no provenance, because it is switched off",
    passes: "no build switches provenance off",
    family: Workflow, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: ["docker/build-push-action, provenance", "SLSA 1.0, provenance"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for job in &fact.workflow.jobs {
            // Another action may attest instead.
            let attested = job.steps.iter().any(|step| {
                let name = step.uses.as_ref().and_then(Uses::action).unwrap_or_default();
                name.starts_with("actions/attest")
            });
            for step in job.steps.iter().filter(|step| publish::is_build(step) && !attested) {
                let scope = Scope { workflow: &fact.workflow, job: Some(job), step: Some(step) };
                let Some(entry) = step.input("provenance") else { continue };
                let off =
                    entry.text().and_then(Text::as_bool) == Some(false) || entry.as_str().trim() == "false";
                if !off || publish::pushes(&fact.file, scope, step, None) == Some(false) {
                    continue;
                }
                out.finding(format!("the job `{}` publishes without provenance", job.id.value))
                    .why("nobody can tell from the image which commit and which workflow made it")
                    .help("remove the line, or write `mode=max`; a registry that shows an odd platform `unknown` is not broken")
                    .at_file(&fact.file, entry.value.span)
                    .command(format!("grep -n 'provenance:' {}", fact.file.path));
            }
        }
    }
}
