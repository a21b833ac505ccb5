//! Reports base images without a tag or with the tag `latest`.

use super::bare;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind};
use seaworthy_finding::Persona;
use std::collections::BTreeSet;

declare_rule! {
    name: "mutable-base-tag",
    summary: "the base image has no fixed tag",
    passes: "every base image has a fixed tag",
    family: Dockerfile, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DL3006", "DL3007", "DKL-DI-0006", "CKV_DOCKER_7", "DS-0001", "pin-base-image"], refs: ["Dockerfile reference, FROM"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for stage in docker.tree.stages() {
            let Kind::From { image, alias } = &stage.from.kind else { continue };
            let known = names.contains(image.raw.as_str());
            names.extend(alias.as_ref().map(|alias| alias.raw.as_str()));
            let Base::Image(name) = &stage.base else { continue };
            let last = name.rsplit('/').next().unwrap_or(name);
            // A part without a value may hold the tag or a digest, unless it stands before the last slash.
            if name.is_empty()
                || name.contains('@')
                || last.contains('$')
                || last.is_empty()
                || stage.from.broken
            {
                continue;
            }
            let tag = last.split_once(':').map(|(_, tag)| tag);
            let message = match tag {
                None => format!("`{name}` has no tag, which means `latest`"),
                Some("latest") => format!("`{name}` follows whatever is newest"),
                Some(_) => continue,
            };
            let finding = out.finding(message);
            // Who builds is asked for the version; `latest` is only what stands there without an answer.
            let asked = image.raw.rsplit('/').next().is_some_and(|last| last.contains('$'));
            let finding = if asked { finding.persona(Persona::Pedantic) } else { finding };
            finding
                .aliases(&peers(&image.raw, name, tag.is_none(), known))
                .why("two builds of the same commit give different images, and a new major version arrives unannounced")
                .help("name a version, best with its digest: `image:1.2@sha256:…`")
                .at_file(&docker.file, image.span)
                .command(format!("grep -n '^FROM' {}", docker.file.path));
        }
    }
}

/// The other tools that raise the same; most of them do not know values, ports or case.
fn peers(raw: &str, name: &str, untagged: bool, known: bool) -> Vec<&'static str> {
    let text = bare(raw);
    let mut all = vec!["pin-base-image"];
    if untagged && !text.contains(':') && !text.starts_with('$') {
        all.push("DL3006");
    }
    if !untagged {
        all.push("DKL-DI-0006");
    }
    if !untagged && text.ends_with(":latest") {
        all.push("DL3007");
    }
    if (!raw.contains(':') && !known && raw != "scratch") || raw.ends_with(":latest") {
        all.push("CKV_DOCKER_7");
    }
    if name.matches(':').count() == usize::from(!untagged) {
        all.push("DS-0001");
    }
    all
}
