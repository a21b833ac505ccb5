//! Reports symbolic links that lead nowhere.

use crate::{Cx, Sink, text};
use seaworthy_facts::FileKind;

declare_rule! {
    name: "dangling-link",
    summary: "symbolic links lead nowhere",
    passes: "every symbolic link leads somewhere",
    family: Image, category: Truth, severity: Info, confidence: Medium, persona: Auditor,
    aliases: [], refs: ["symlink(7)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    // What the engine mounts is not in the image.
    const MOUNTED: [&str; 5] = ["/proc", "/sys", "/dev", "/run", "/var/run"];
    let Some(image) = cx.image_facts() else { return };
    let lost: Vec<_> = image
        .files
        .iter()
        .filter(|file| file.kind == FileKind::Symlink && image.resolve(&file.path).is_none())
        .filter(|file| {
            let target = file.link.as_deref().unwrap_or_default();
            let mounted = |path: &str| {
                MOUNTED.iter().any(|root| path == *root || path.starts_with(&format!("{root}/")))
            };
            target != "/" && !mounted(target) && !mounted(&file.path)
        })
        .collect();
    let Some(first) = lost.first() else { return };
    let paths: Vec<&str> = lost.iter().map(|file| file.path.as_str()).collect();
    let list: Vec<String> = lost
        .iter()
        .take(50)
        .map(|file| format!("{} -> {}", file.path, file.link.as_deref().unwrap_or_default()))
        .collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!("{} nowhere: {}", text::count(paths.len(), "link"), text::names(&paths, 4)))
        .why(
            "whoever opens one is told that there is no such file; often something was left out of the image",
        )
        .help("remove the link, or copy what it leads to")
        .at_layer(layer, first.path.clone())
        .observation(list.join("\n"))
        .command("docker run --rm --entrypoint find IMAGE / -xdev -xtype l");
}
