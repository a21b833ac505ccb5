//! Reports a published image without a bill of materials.

use super::is_sbom;
use crate::{Cx, Sink};

declare_rule! {
    name: "sbom-missing",
    summary: "no bill of materials is attached to the published image",
    passes: "a bill of materials is attached to the published image",
    family: Release, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["SPDX 2.3", "OCI distribution specification, referrers"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(release) = cx.release() else { return };
    if !release.sbom_wanted {
        out.not_applicable("`sbom = false` in `[publish]`");
        return;
    }
    let mut attached = release.referrers.iter().filter(|referrer| is_sbom(referrer));
    if let Some(known) = attached.find(|referrer| referrer.subject == release.tested) {
        out.observed(known.artifact_type.clone());
        return;
    }
    out.finding(format!(
        "{} manifests are attached, none of them a bill of materials of this image",
        release.referrers.len()
    ))
    .why("when the next vulnerable library is announced nobody can ask which images contain it")
    .help("publish with `sbom = true`, and check that the destination supports referrers")
    .at_registry(release.destination.clone())
    .command(format!("oras discover {}@{}", release.destination, release.tested));
}
