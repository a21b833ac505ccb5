//! Reports programs that no package brought and that do not list what they are made of.

use crate::{Cx, Sink, text};
use seaworthy_facts::Contents;

declare_rule! {
    name: "unknown-contents",
    summary: "nothing tells what some programs of the image are made of",
    passes: "every program lists its parts or belongs to a package",
    family: Image, category: Security, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: [],
}

/// Programs that are named.
const NAMED: usize = 5;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let unknown: Vec<&str> = image
        .binaries
        .iter()
        .filter(|binary| binary.contents == Contents::Unknown)
        .map(|binary| binary.path.as_str())
        .collect();
    let Some(first) = unknown.first() else {
        out.observed(format!("{} programs", image.binaries.len()));
        return;
    };
    let (count, are) = (unknown.len(), if unknown.len() == 1 { "program is" } else { "programs are" });
    out.finding(format!("{count} {are} of unknown contents: {}", text::names(&unknown, NAMED)))
        .why("no SBOM and no search for known flaws sees what is inside, so nothing found there means nothing")
        .help("build with a list inside: `cargo auditable build`, Go with modules; or install the program from a package")
        .at_layer("", *first)
        .command("seaworthy sbom IMAGE --format cyclonedx");
}
