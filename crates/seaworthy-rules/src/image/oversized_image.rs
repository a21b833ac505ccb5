//! Reports an image over the size budget of the policy.

use crate::{Cx, Sink};
use seaworthy_finding::format_bytes;

declare_rule! {
    name: "oversized-image",
    summary: "the image is larger than its budget",
    passes: "the image is within its size budget",
    family: Image, category: Size, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["seaworthy.toml: budget.compressed, budget.unpacked"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let budget = cx.image.map(|image| &image.budget);
    let limits = [
        ("compressed", image.compressed, budget.and_then(|budget| budget.compressed)),
        ("unpacked", image.unpacked, budget.and_then(|budget| budget.unpacked)),
    ];
    if limits.iter().all(|(_, _, limit)| limit.is_none()) {
        out.not_applicable(format!(
            "no size budget in `seaworthy.toml`; the image is {} compressed",
            format_bytes(image.compressed)
        ));
        return;
    }
    let biggest = image.layers.iter().enumerate().max_by_key(|(_, layer)| layer.compressed);
    let mut files: Vec<_> = image.files.iter().filter(|file| file.size > 0).collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.size));
    let top: Vec<String> =
        files.iter().take(5).map(|file| format!("{} {}", format_bytes(file.size), file.path)).collect();
    for (kind, size, limit) in limits {
        let Some(limit) = limit.filter(|limit| size > *limit) else { continue };
        let help = match biggest {
            Some((at, layer)) => format!(
                "layer {} is the biggest, {} compressed (`{}`); copy only what runs from a build stage",
                at + 1,
                format_bytes(layer.compressed),
                layer.created_by.chars().take(60).collect::<String>()
            ),
            None => "copy only what runs from a build stage".to_owned(),
        };
        out.finding(format!(
            "the image is {} {kind}, its budget is {}",
            format_bytes(size),
            format_bytes(limit)
        ))
        .why("every host pulls these bytes, and every start after a scale-out waits for them")
        .help(help)
        .at_layer(biggest.map_or(String::new(), |(_, layer)| layer.digest.clone()), "")
        .observation(format!("largest files:\n{}", top.join("\n")))
        .command("seaworthy inspect IMAGE");
    }
    out.observed(format!(
        "{} compressed, {} unpacked",
        format_bytes(image.compressed),
        format_bytes(image.unpacked)
    ));
}
