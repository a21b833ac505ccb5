//! Reports a wanted tag that does not resolve at the destination.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "tag-missing",
    summary: "a wanted tag does not resolve at the destination",
    passes: "every wanted tag resolves",
    family: Release, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(release) = cx.release() else { return };
    if !release.invalid_tags.is_empty() && release.read_back.is_none() {
        out.not_run("nothing was published: a tag is one no registry accepts");
        return;
    }
    if release.tags.is_empty() {
        out.not_applicable("no tag was wanted");
        return;
    }
    for tag in release.tags.iter().filter(|tag| tag.digest.is_none()) {
        out.finding(format!("`{}:{}` does not resolve after publishing", release.destination, tag.tag))
            .why("users of that tag get nothing, or an old image from a cache")
            .help("publish again and look at the destination's own log")
            .at_registry(format!("{}:{}", release.destination, tag.tag))
            .command("seaworthy publish");
    }
    out.observed(text::count(release.tags.len(), "tag"));
}
