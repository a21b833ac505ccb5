//! Reports an image that is named by the tag `latest`, or by none.

use crate::{Cx, Sink};

declare_rule! {
    name: "latest-image-tag",
    summary: "the image is named by the tag `latest`",
    passes: "the image's name does not move",
    family: Image, category: SupplyChain, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["DKL-DI-0006"], refs: ["Docker documentation, image tags"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let named =
        ["docker-daemon:", "docker://", "containers-storage:", "oci:", "oci-archive:", "docker-archive:"]
            .iter()
            .find_map(|scheme| image.source.strip_prefix(scheme).map(|rest| (*scheme, rest)));
    let Some((scheme, name)) = named else {
        out.not_applicable("the image has no name");
        return;
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = last.split_once('@').map_or(last, |(before, _)| before).split_once(':').map(|(_, tag)| tag);
    let path = scheme.starts_with("oci") || scheme == "docker-archive:";
    let moving = match tag {
        Some(tag) => tag == "latest",
        // A path without a name names no tag at all; a reference without one means `latest`.
        None => !path && !name.contains('@'),
    };
    if !moving {
        return;
    }
    out.finding(format!("`{}` is the tag `latest`", image.source))
        .why("the tag moves with every push, so nobody can say which image was looked at or run")
        .help("name a version or a digest, such as `NAME:1.4.2` or `NAME@sha256:…`")
        .at_config("name")
        .command("docker image ls");
}
