//! Reports a version control directory in the image.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "source-control-left",
    summary: "the image contains a version control directory",
    passes: "the image contains no version control directory",
    family: Image, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DKL-LI-0003"], refs: ["CWE-527"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let found: Vec<_> = image
        .files
        .iter()
        .filter(|file| {
            // Every repository has a head; a directory of that name alone proves nothing.
            [("/.git", "/HEAD"), ("/.hg", "/requires"), ("/.svn", "/wc.db")].iter().any(|(folder, proof)| {
                file.path.strip_suffix(proof).is_some_and(|rest| rest.ends_with(folder))
            })
        })
        .collect();
    let Some(first) = found.first() else { return };
    let folders: Vec<&str> =
        found.iter().filter_map(|file| file.path.rsplit_once('/')).map(|(folder, _)| folder).collect();
    let layer = image.layers.get(first.layer).map_or(String::new(), |layer| layer.digest.clone());
    out.finding(format!("the image contains {}", text::names(&folders, 4)))
        .why("it holds every version of every file, and whatever secret was ever committed")
        .help("add `.git` to `.dockerignore`, and copy only what is needed")
        .at_layer(layer, folders.first().copied().unwrap_or_default())
        .command("docker run --rm --entrypoint find IMAGE / -xdev -name .git -type d");
}
