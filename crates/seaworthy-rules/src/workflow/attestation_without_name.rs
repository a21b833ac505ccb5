//! Reports attestations of a digest that no name goes with.

use super::steps::groups;
use crate::{Cx, Sink};

declare_rule! {
    name: "attestation-without-name",
    summary: "an attestation is given a digest and no name",
    passes: "attestations of a digest name what they are about",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["x/attest-subject-name"],
    refs: ["actions/attest, subject-name"],
}

const ACTIONS: [&str; 3] = ["actions/attest", "actions/attest-build-provenance", "actions/attest-sbom"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        for step in group.steps {
            let Some(name) = ACTIONS.iter().find(|name| step.uses(name)) else { continue };
            let Some(digest) = step.input("subject-digest").filter(|entry| !entry.as_str().trim().is_empty())
            else {
                continue;
            };
            if step.input("subject-name").is_some() {
                continue;
            }
            out.finding(format!("`{name}` is given `subject-digest` without `subject-name`"))
                .why("the action refuses a digest without the name of what it is the digest of: the step fails after the push")
                .help("add `subject-name` with the image's name and without a tag, as in `ghcr.io/OWNER/IMAGE`")
                .at_file(group.file, digest.key.span)
                .command(format!("grep -n -A 6 '{name}' {}", group.file.path));
        }
    }
}
