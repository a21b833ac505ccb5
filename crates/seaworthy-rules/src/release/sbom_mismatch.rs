//! Reports an attached bill of materials that is not the one of the image's bytes.

use crate::{Cx, Sink};

declare_rule! {
    name: "sbom-mismatch",
    summary: "the attached bill of materials is not the image's",
    passes: "the attached bill of materials is the image's",
    family: Release, category: Truth, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(release) = cx.release() else { return };
    match release.sbom_matches {
        None if release.sbom_wanted => out.not_run("the bill of materials was not read back"),
        None => out.not_applicable("no bill of materials was wanted"),
        Some(true) => out.observed("read back and equal"),
        Some(false) => {
            out.finding("the bill of materials read back differs from the one made from the image's bytes")
                .why("scanners trust it instead of looking into the image")
                .help("publish again; make it from the final image, not from the sources")
                .at_registry(release.destination.clone())
                .command("seaworthy publish");
        }
    }
}
