//! Reports images of services without a tag or with one that moves.

use super::support::{name_and_tag, services};
use crate::{Cx, Sink};
use seaworthy_finding::Persona;

declare_rule! {
    name: "mutable-image-tag",
    summary: "a service's image has no fixed tag",
    passes: "every service's image has a fixed tag",
    family: Compose, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: ["CL-0004", "dclint/service-image-require-explicit-tag"], refs: ["Compose specification, image"],
}

/// Tags that move with every release.
pub(super) const MOVING: [&str; 6] = ["latest", "stable", "edge", "nightly", "dev", "test"];
/// Tags that may move, and that one peer counts.
const FURTHER: [&str; 3] = ["beta", "canary", "lts"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let Some(image) = &service.image else { continue };
        let name = image.value.as_str();
        // What is built here is named, not pulled.
        if service.build_span.is_some() || name.contains('@') || name.is_empty() {
            continue;
        }
        let tag = name_and_tag(name).1;
        let lower = tag.map(str::to_ascii_lowercase);
        // A reference without a value may be the tag as well.
        if tag.is_none() && name.contains('$') {
            continue;
        }
        let message = match (tag, lower.as_deref()) {
            (None, _) => {
                format!("service `{}` runs `{name}` without a tag, which means `latest`", service.name)
            }
            (Some(_), Some("latest")) => {
                format!("service `{}` runs `{name}`, whatever that is on the day", service.name)
            }
            (Some(tag), Some(lower)) if MOVING.contains(&lower) || FURTHER.contains(&lower) => {
                format!("service `{}` runs `{name}`; `{tag}` moves with every release", service.name)
            }
            _ => continue,
        };
        let further = lower.as_deref().is_some_and(|tag| FURTHER.contains(&tag));
        let finding = out.finding(message);
        // Who starts it is asked for the version; the tag is only what stands there without an answer.
        let asked = image.span.of(&compose.file.text).contains('$');
        // `dev` and `nightly` are what somebody chose; `latest` is what nobody did.
        let chosen = lower.as_deref().is_some_and(|tag| tag != "latest");
        let finding = if asked || chosen { finding.persona(Persona::Pedantic) } else { finding };
        finding
            .aliases(if further {
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
