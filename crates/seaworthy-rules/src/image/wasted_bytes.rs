//! Reports bytes that are shipped although a later layer hides them.

use crate::{Cx, Sink};
use seaworthy_finding::{format_bytes, parse_bytes};

declare_rule! {
    name: "wasted-bytes",
    summary: "layers ship bytes that are never used",
    passes: "layers ship next to nothing that is never used",
    family: Image, category: Size, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

/// Waste below is not worth a change, unless the parameter `threshold` says otherwise.
const THRESHOLD: u64 = 1_000_000;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let threshold = cx.param("threshold").and_then(parse_bytes).unwrap_or(THRESHOLD);
    let total: u64 = image.waste.iter().map(|waste| waste.bytes).sum();
    let Some(first) = image.waste.first().filter(|_| total > threshold) else {
        out.observed(format!("{} wasted, threshold {}", format_bytes(total), format_bytes(threshold)));
        return;
    };
    let list: Vec<String> = image
        .waste
        .iter()
        .take(10)
        .map(|waste| {
            let cause = waste.cause.words();
            format!("{} {} (layer {}, {cause})", format_bytes(waste.bytes), waste.path, waste.layer + 1)
        })
        .collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!(
        "{} of {} unpacked are never used, most of it `{}` ({})",
        format_bytes(total),
        format_bytes(image.unpacked),
        first.path,
        format_bytes(first.bytes)
    ))
    .why("deleting or changing a file in a later instruction does not shrink the image")
    .help(
        "create, use and remove a file in the same `RUN`, and set owner and mode with `COPY --chown --chmod`",
    )
    .at_layer(layer, first.path.clone())
    .observation(list.join("\n"))
    .command("seaworthy inspect IMAGE");
}
