//! Reports base images whose toolchain is not the version the project's own files ask for.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Kind};
use seaworthy_facts::{About, Declaration};

declare_rule! {
    name: "base-version-mismatch",
    summary: "the base image has another toolchain version than the project asks for",
    passes: "base images have the toolchain version the project asks for",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for docker in cx.dockerfiles().iter().filter(|docker| docker.context.is_empty()) {
        for stage in docker.tree.stages() {
            let Base::Image(base) = &stage.base else { continue };
            let Kind::From { image, .. } = &stage.from.kind else { continue };
            let name = super::own::last(base);
            let about = match name {
                "rust" => About::Rust,
                "node" => About::Node,
                "python" => About::Python,
                "golang" => About::Go,
                _ => continue,
            };
            let Some(tag) = base.rsplit_once(':').map(|(_, tag)| tag.split('@').next().unwrap_or(tag)) else {
                continue;
            };
            let Some(real) = numbers(tag) else { continue };
            let Some(wanted) = project.declarations.iter().find(|known| known.about == about) else {
                continue;
            };
            let Some(refused) = differs(about, &real, wanted) else { continue };
            out.finding(format!("`{base}` {refused}: `{}` asks for {}", wanted.path, wanted.value))
                .why(if about == About::Go {
                    "the build stops, or downloads another toolchain while it runs"
                } else {
                    "what is tested on one version runs on another"
                })
                .help(format!(
                    "take the `{name}` image of version {}, or change `{}`",
                    wanted.value, wanted.path
                ))
                .at_file(&docker.file, image.span)
                .command(format!("cat {}", wanted.path));
        }
    }
}

/// How a version of the base contradicts what is wanted; nothing where it does not, or where that is not certain.
fn differs(about: About, real: &[u64], wanted: &Declaration) -> Option<&'static str> {
    let want = numbers(&wanted.value)?;
    if about == About::Go {
        // `go 1.22` is a lower bound.
        let both = real.len().min(want.len()).min(2);
        return (both == 2 && real[..2] < want[..2]).then_some("is too old");
    }
    let same = real.iter().zip(&want).all(|(a, b)| a == b);
    (!same).then_some("is another version")
}

/// The leading numbers of `1.75.0-slim`.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let head = text.split(['-', '_', ' ']).next()?;
    let parts: Option<Vec<u64>> = head.split('.').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| !parts.is_empty() && parts.len() <= 3)
}
