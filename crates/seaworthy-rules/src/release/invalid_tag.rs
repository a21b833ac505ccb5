//! Reports tags no registry accepts.

use crate::{Cx, Sink};

declare_rule! {
    name: "invalid-tag",
    summary: "a tag is one no registry accepts",
    passes: "every tag is valid",
    family: Release, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["OCI distribution specification, pulling manifests"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(release) = cx.release() else { return };
    for tag in &release.invalid_tags {
        let cause = if tag.is_empty() {
            "it is empty".to_owned()
        } else if tag.len() > 128 {
            format!("it has {} characters, 128 are allowed", tag.len())
        } else if tag.starts_with(['-', '.']) {
            format!("it begins with `{}`", &tag[..1])
        } else {
            let bad = tag.chars().find(|c| !(c.is_ascii_alphanumeric() || "_.-".contains(*c)));
            bad.map_or_else(|| "it does not match the grammar".to_owned(), |c| format!("it contains `{c}`"))
        };
        out.finding(format!("`{tag}` is no tag: {cause}"))
            .why("the push of this tag fails, and with it the release")
            .help("change the rule under `tags` of `[publish]`; a prefix like `{{branch}}-` is empty on tags and pull requests")
            .at_registry(format!("{}:{tag}", release.destination))
            .command("seaworthy publish");
    }
}
