//! Reports files that carry capabilities.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "file-capabilities",
    summary: "files carry capabilities",
    passes: "no file carries capabilities",
    family: Image, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: ["capabilities(7), File capabilities"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let found: Vec<_> = image.files.iter().filter(|file| file.capabilities).collect();
    let Some(first) = found.first() else { return };
    let list: Vec<String> = found
        .iter()
        .map(|file| {
            let names = file.detail.as_ref().map(|detail| detail.capabilities()).unwrap_or_default();
            if names.is_empty() { file.path.clone() } else { format!("{} ({})", file.path, names.join(", ")) }
        })
        .collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!("{} with capabilities: {}", text::count(found.len(), "file"), text::names(&list, 3)))
        .why("whoever runs one gains them, and under `cap_drop: [ALL]` or `no-new-privileges` it may not start at all")
        .help("remove them with `setcap -r`, or give the capability to the container and say so in the compose file")
        .at_layer(layer, first.path.clone())
        .observation(list.join("\n"))
        .command("docker run --rm --user 0 --entrypoint getcap IMAGE -r /");
}
