//! Reports base images without a tag or with the tag `latest`.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind};

declare_rule! {
    name: "mutable-base-tag",
    summary: "the base image has no fixed tag",
    passes: "every base image has a fixed tag",
    family: Dockerfile, category: SupplyChain, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DL3006", "DL3007", "DKL-DI-0006", "CKV_DOCKER_7", "DS-0001", "pin-base-image"], refs: ["Dockerfile reference, FROM"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let (Base::Image(name), Kind::From { image, .. }) = (&stage.base, &stage.from.kind) else {
                continue;
            };
            if name.is_empty() || name.contains(['@', '$']) || stage.from.broken {
                continue;
            }
            let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
            let (message, aliases): (String, &[&str]) = match tag {
                None => (
                    format!("`{name}` has no tag, which means `latest`"),
                    &["DL3006", "DS-0001", "CKV_DOCKER_7"],
                ),
                Some("latest") => (
                    format!("`{name}` follows whatever is newest"),
                    &["DL3007", "DKL-DI-0006", "DS-0001", "CKV_DOCKER_7"],
                ),
                Some(_) => continue,
            };
            out.finding(message)
                .aliases(aliases)
                .why("two builds of the same commit give different images, and a new major version arrives unannounced")
                .help("name a version, best with its digest: `image:1.2@sha256:…`")
                .at_file(&docker.file, image.span)
                .command(format!("grep -n '^FROM' {}", docker.file.path));
        }
    }
}
