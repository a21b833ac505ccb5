//! Reports a version label that is not the version the project's manifest says.

use super::label;
use crate::{Cx, Sink};
use seaworthy_facts::About;

declare_rule! {
    name: "version-label-mismatch",
    summary: "the version label is not the project's version",
    passes: "the version label is the project's version",
    family: Document, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: ["labels.version-matches"], refs: ["OCI image spec, pre-defined annotation keys"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    let mut versions = project.declarations.iter().filter(|known| known.about == About::Version);
    // With two manifests, which of them the image is about is not known.
    let (Some(version), None) = (versions.next(), versions.next()) else {
        out.not_applicable("not exactly one manifest states the project's version");
        return;
    };
    let Some(docker) = cx.main_dockerfile() else { return };
    let Some((value, span)) = label(docker, &["org.opencontainers.image.version"]) else { return };
    let plain = value.trim_start_matches('v');
    if plain == version.value
        || !plain.starts_with(|c: char| c.is_ascii_digit())
        || version.value.starts_with("0.0.0")
    {
        return;
    }
    out.finding(format!("the label says `{value}`, `{}` says `{}`", version.path, version.value))
        .why("a label that nobody renews names a version the image is not")
        .help("pass the version as a build argument, or let the workflow set the label")
        .at_file(&docker.file, span)
        .command(format!("grep -n version {}", version.path));
}
