//! Reports a size stated in a document that the image does not have.

use crate::{Cx, Sink, text};
use seaworthy_finding::format_bytes;

declare_rule! {
    name: "size-claim",
    summary: "a document states a size the image does not have",
    passes: "the sizes the documents state are true",
    family: Claim, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let claims: Vec<_> =
        cx.documents().iter().flat_map(|doc| doc.sizes.iter().map(move |size| (doc, size))).collect();
    if claims.is_empty() {
        out.not_applicable("no document states the image's size");
        return;
    }
    let Some(image) = cx.image_facts() else {
        out.not_run("no image was inspected");
        return;
    };
    for (doc, claim) in &claims {
        // A figure may be rounded, so it is wrong only when it is off by more than a tenth.
        let false_for = |actual: u64| {
            if claim.bound { actual > claim.bytes } else { actual.abs_diff(claim.bytes) * 10 > claim.bytes }
        };
        let (kind, actual) = match claim.compressed {
            Some(true) => ("compressed", image.compressed),
            Some(false) => ("unpacked", image.unpacked),
            None => {
                if !false_for(image.unpacked) {
                    continue;
                }
                ("compressed", image.compressed)
            }
        };
        if false_for(actual) {
            out.finding(format!("the document says `{}`, the image is {} {kind}", claim.text.trim(), format_bytes(actual)))
                .why("readers choose and size their hosts by a number that is not true")
                .help("correct the number, or make the image smaller and set `budget` in `seaworthy.toml` to keep it so")
                .at_file(&doc.file, claim.span)
                .command("seaworthy inspect IMAGE");
        }
    }
    out.observed(format!("{} true", text::count(claims.len(), "claim")));
}
