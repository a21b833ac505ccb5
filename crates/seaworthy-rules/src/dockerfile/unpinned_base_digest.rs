//! Reports base images that are not pinned by digest.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind};

declare_rule! {
    name: "unpinned-base-digest",
    summary: "the base image is not pinned by digest",
    passes: "every base image is pinned by digest",
    family: Dockerfile, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: ["OCI image specification, descriptors"],
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
            out.finding(format!("`{name}` names no digest"))
                .why("a tag can be moved to other bytes at any time, also by somebody who should not")
                .help(format!("write `{name}@sha256:…` and let a bot renew it"))
                .at_file(&docker.file, image.span)
                .command(format!("docker buildx imagetools inspect {name}"));
        }
    }
}
