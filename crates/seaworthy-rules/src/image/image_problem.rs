//! Reports mismatches inside the image, such as a history that does not fit its layers.

use crate::{Cx, Sink};

declare_rule! {
    name: "image-problem",
    summary: "the image contradicts itself",
    passes: "manifest, configuration and layers agree",
    family: Image, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["OCI image specification, configuration"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    for problem in &image.problems {
        out.finding(problem.clone())
            .why("tools that trust one part of the image and tools that trust the other see different images")
            .help("build the image again with a builder that writes manifest, configuration and layers together")
            .at_config("manifest")
            .command("seaworthy inspect IMAGE");
    }
}
