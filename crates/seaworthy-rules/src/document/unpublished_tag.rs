//! Reports documented tags of the project's image that no rule of its workflows makes.

use super::published::Published;
use super::unpublished_image::literal;
use crate::{Cx, Sink, text};

declare_rule! {
    name: "unpublished-tag",
    summary: "a document names a tag that the workflows never make",
    passes: "documented tags are those the workflows make",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["x/readme-tag", "claims.tags"], refs: ["docker/metadata-action, tags"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let published = Published::of(cx);
    if published.made.is_empty() || !published.names_complete {
        out.not_applicable("the tags that workflows make are not all known");
        return;
    }
    for document in cx.documents() {
        for command in &document.commands {
            let takes = matches!(
                command.verb.as_str(),
                "run"
                    | "create"
                    | "pull"
                    | "verify"
                    | "verify-attestation"
                    | "tree"
                    | "history"
                    | "manifest inspect"
            );
            let Some(word) = command.image().filter(|_| takes) else { continue };
            let Some(image) = literal(&word.value) else { continue };
            if word.value.contains('@') {
                continue;
            }
            let repository = image.repository();
            let own: Vec<_> = published.made.iter().filter(|made| made.image == repository).collect();
            let tag = image.tag.as_deref().unwrap_or("latest");
            if own.is_empty()
                || own.iter().any(|made| !made.complete || made.shapes.iter().any(|shape| shape.takes(tag)))
            {
                continue;
            }
            if stands_for_another(tag) {
                continue;
            }
            let message = if image.tag.is_some() {
                format!("no workflow makes the tag `{tag}` of `{repository}`")
            } else {
                format!("without a tag this is `{repository}:latest`, which no workflow makes")
            };
            out.finding(message)
                .why("the reader's pull ends with `not found`, or takes an image nobody renews")
                .help(format!(
                    "write a tag that {} makes, or make this one",
                    text::names(&published.workflows, 2)
                ))
                .at_file(&document.file, word.span)
                .command(format!("grep -n -A8 'tags:' {}", published.workflows.join(" ")));
        }
    }
}

/// Whether a tag is written for any version: `x.y.z`, `VERSION`, `tag`.
fn stands_for_another(tag: &str) -> bool {
    let lower = tag.to_lowercase();
    let letters =
        |part: &str| matches!(part, "x" | "y" | "z" | "n" | "m" | "major" | "minor" | "patch" | "vx");
    lower.split(['.', '-']).any(letters)
        || ["version", "tag", "release", "commit", "sha", "xxx"]
            .iter()
            .any(|word| lower == *word || lower == format!("v{word}"))
        || (tag.chars().any(|c| c.is_ascii_uppercase()) && !tag.chars().any(|c| c.is_ascii_lowercase()))
}
