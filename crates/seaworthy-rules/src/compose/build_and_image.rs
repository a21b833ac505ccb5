//! Reports services that are built and have an image's name, without saying which of the two counts.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "build-and-image",
    summary: "a service has both `build` and `image`",
    passes: "no service leaves open whether it is built or pulled",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["dclint/no-build-and-image"], refs: ["Compose build specification"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let (Some(span), Some(image)) = (service.build_span, &service.image) else { continue };
        if service.pull_policy.is_some() {
            continue;
        }
        out.finding(format!("service `{}` is built and named `{}`", service.name, image.value))
            .why("`docker compose pull` may fetch another image of that name than the one that is built")
            .help("say `pull_policy: build` where it is always built, or remove one of the two")
            .at_file(&compose.file, span)
            .command(config(compose, service));
    }
}
