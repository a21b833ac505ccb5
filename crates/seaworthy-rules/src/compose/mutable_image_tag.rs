//! Reports images of services without a tag or with the tag `latest`.

use crate::{Cx, Sink};

declare_rule! {
    name: "mutable-image-tag",
    summary: "a service's image has no fixed tag",
    passes: "every service's image has a fixed tag",
    family: Compose, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: ["CL-0004", "dclint/service-image-require-explicit-tag"], refs: ["Compose specification, image"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let Some(image) = &service.image else { continue };
            let name = image.value.as_str();
            // What is built here is named, not pulled.
            if service.build.is_some() || name.contains(['@', '$']) || name.is_empty() {
                continue;
            }
            let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
            let message = match tag {
                None => {
                    format!("service `{}` runs `{name}` without a tag, which means `latest`", service.name)
                }
                Some(tag @ ("edge" | "nightly" | "dev" | "test" | "beta" | "canary" | "stable")) => {
                    format!("service `{}` runs `{name}`; `{tag}` moves with every release", service.name)
                }
                Some("latest") => {
                    format!("service `{}` runs `{name}`, whatever that is on the day", service.name)
                }
                Some(_) => continue,
            };
            let fixed_word = tag.is_some_and(|tag| tag != "latest");
            out.finding(message)
                .aliases(if fixed_word {
                    &["dclint/service-image-require-explicit-tag"]
                } else {
                    &["CL-0004", "dclint/service-image-require-explicit-tag"]
                })
                .why("two hosts run different versions, and a restart may be an upgrade")
                .help("name a version, best with its digest: `image:1.2@sha256:…`")
                .at_file(&compose.file, image.span)
                .command(format!("docker compose -f {} config --images", compose.file.path));
        }
    }
}
