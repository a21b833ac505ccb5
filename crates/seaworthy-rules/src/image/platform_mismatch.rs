//! Reports programs for another architecture than the image's.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "platform-mismatch",
    summary: "programs in the image are for another architecture",
    passes: "the programs are for the image's architecture",
    family: Image, category: Truth, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["OCI image configuration, architecture"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let claimed = image.config.architecture.as_str();
    let main = image.config.config.argv().first().cloned().unwrap_or_default();
    let wrong: Vec<_> = image
        .binaries
        .iter()
        .filter(|binary| !binary.architecture.is_empty() && binary.architecture != claimed)
        .filter(|binary| binary.path == main || image.binaries.len() < 20)
        .collect();
    let Some(first) = wrong.first() else {
        out.observed(format!("{} for {claimed}", text::count(image.binaries.len(), "program")));
        return;
    };
    let paths: Vec<&str> = wrong.iter().map(|binary| binary.path.as_str()).collect();
    out.finding(format!(
        "the image says `{claimed}`, but {} is built for `{}`",
        text::names(&paths, 3),
        first.architecture
    ))
    .why("the container ends at once with `exec format error` on the platform it claims")
    .help("build the program for the target platform, or build the image with the right `--platform`")
    .at_config("architecture")
    .command(format!("docker run --rm --entrypoint file IMAGE {}", first.path));
}
