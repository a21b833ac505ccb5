//! Reports base images that do not exist for the platform of the build.

use super::constant_platform::halves;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind, Stage};
use seaworthy_facts::{BaseOffer, BasesFacts};
use seaworthy_finding::Severity;

declare_rule! {
    name: "base-platform-mismatch",
    summary: "the base image is not for the platform of the build",
    passes: "every base image exists for the platforms of the build",
    family: Dockerfile, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: ["InvalidBaseImagePlatform"], refs: ["BuildKit, InvalidBaseImagePlatform"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(bases) = &cx.facts.bases else {
        out.not_applicable("base images are looked up only with `check --bases`");
        return;
    };
    let declared = cx.image.map_or(&[][..], |image| &image.platforms);
    let mut unknown = Vec::new();
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let (Base::Image(name), Kind::From { image, .. }) = (&stage.base, &stage.from.kind) else {
                continue;
            };
            let Some(offer) = bases.images.get(name) else { continue };
            if let Some(problem) = &offer.problem {
                unknown.push(format!("`{name}`: {problem}"));
                continue;
            }
            for wanted in wanted(&stage, declared, bases) {
                if serves(offer, &wanted) {
                    continue;
                }
                let has = offer.platforms.join(", ");
                let finding = if offer.index {
                    out.finding(format!("`{name}` has no image for `{wanted}`, only for {has}"))
                        .aliases(&[])
                        .severity(Severity::High)
                        .why("the build ends here: there is nothing to begin with")
                } else {
                    out.finding(format!("`{name}` is an image for `{has}`, and the build is for `{wanted}`"))
                        .why("its programs do not run on the platform that the image says it is for")
                };
                finding
                    .help(format!("take a base that exists for `{wanted}`, or build for a platform it has"))
                    .at_file(&docker.file, image.span)
                    .command(format!("docker buildx imagetools inspect {}", offer.source));
            }
        }
    }
    if !unknown.is_empty() && out.findings.is_empty() {
        out.not_run(unknown.join("; "));
    }
}

/// The platforms a stage is built for; none where only the build knows.
fn wanted(stage: &Stage<'_>, declared: &[String], bases: &BasesFacts) -> Vec<String> {
    let target = || if declared.is_empty() { vec![bases.host.clone()] } else { declared.to_vec() };
    let Some(word) = stage.from.flag_value("platform") else { return target() };
    if !word.has_variable() {
        return vec![word.unquoted()];
    }
    match word.raw.trim_matches(['"', '\'']) {
        "$TARGETPLATFORM" | "${TARGETPLATFORM}" => target(),
        "$BUILDPLATFORM" | "${BUILDPLATFORM}" => vec![bases.host.clone()],
        _ => Vec::new(),
    }
}

/// Whether system and architecture agree, which is all that BuildKit compares.
fn serves(offer: &BaseOffer, wanted: &str) -> bool {
    let Some(wanted) = halves(wanted) else { return true };
    offer.platforms.iter().any(|has| halves(has).as_ref() == Some(&wanted))
}
