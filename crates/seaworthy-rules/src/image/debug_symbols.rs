//! Reports programs that carry debug sections.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "debug-symbols",
    summary: "programs carry debug symbols",
    passes: "no program carries debug symbols",
    family: Image, category: Size, severity: Info, confidence: High, persona: Pedantic,
    aliases: [], refs: ["strip(1)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let paths: Vec<&str> = image
        .binaries
        .iter()
        .filter(|binary| binary.debug_symbols)
        .map(|binary| binary.path.as_str())
        .collect();
    let Some(first) = paths.first() else { return };
    out.finding(format!(
        "{} with debug sections: {}",
        text::count(paths.len(), "program"),
        text::names(&paths, 4)
    ))
    .why("debug sections are often larger than the program and tell a reader of the image how it is built")
    .help("strip the program in the build stage: `strip`, or `strip = true` in the Cargo profile")
    .at_layer("", *first)
    .command(format!("readelf -S {first} | grep debug"));
}
