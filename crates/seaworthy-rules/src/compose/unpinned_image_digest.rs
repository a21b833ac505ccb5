//! Reports images of services that are not pinned by digest.

use super::support::{name_and_tag, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "unpinned-image-digest",
    summary: "a service's image is not pinned by digest",
    passes: "every service's image is pinned by digest",
    family: Compose, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CL-0019"], refs: ["OCI image specification, digests"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let Some(image) = &service.image else { continue };
        if image.value.contains("@sha256:") {
            continue;
        }
        let (_, Some(tag)) = name_and_tag(&image.value) else { continue };
        if super::mutable_image_tag::MOVING.contains(&tag.to_ascii_lowercase().as_str()) {
            continue;
        }
        out.finding(format!("service `{}` runs `{}` without a digest", service.name, image.value))
            .why("a tag can be pushed again, and then the same file starts something else")
            .help(format!("write `{}@sha256:…`, and let a bot keep it fresh", image.value))
            .at_file(&compose.file, image.span)
            .command(format!("docker buildx imagetools inspect {}", image.value));
    }
}
