//! Reports documented tags of the project's image that no rule of its workflows makes.

use super::published::Published;
use super::unpublished_image::literal;
use crate::{Cx, Sink, text};
use seaworthy_facts::DocumentFact;
use seaworthy_finding::Span;
use seaworthy_oci::Reference;

declare_rule! {
    name: "unpublished-tag",
    summary: "a document names a tag that the workflows never make",
    passes: "documented tags are those the workflows make",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["x/readme-tag", "claims.tags"], refs: ["docker/metadata-action, tags"],
}

const WHY: &str = "the reader's pull ends with `not found`, or takes an image nobody renews";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let published = Published::of(cx);
    if published.made.is_empty() || !published.names_complete {
        out.not_applicable("the tags that workflows make are not all known");
        return;
    }
    for document in cx.documents() {
        for (span, name) in named(document) {
            let Some((short, tag)) = name.rsplit_once(':') else { continue };
            let own: Vec<_> = published.made.iter().filter(|made| same(&made.image, short)).collect();
            let taken =
                own.iter().any(|made| !made.complete || made.shapes.iter().any(|shape| shape.takes(tag)));
            if own.is_empty() || taken || stands_for_another(tag) || !Reference::is_valid_tag(tag) {
                continue;
            }
            out.finding(format!("no workflow makes the tag `{tag}` of `{}`", own[0].image))
                .why(WHY)
                .help(format!(
                    "name a tag that {} makes, or make this one",
                    text::names(&published.workflows, 2)
                ))
                .at_file(&document.file, span)
                .command(format!("grep -n -A8 'tags:' {}", published.workflows.join(" ")));
        }
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
                .why(WHY)
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

/// `name:tag` in the code of sentences, and at the start of a line of a block without a language.
fn named(document: &DocumentFact) -> Vec<(Span, String)> {
    let text = &document.file.text;
    let mut out = Vec::new();
    for stretch in &document.prose {
        let body = stretch.of(text);
        let mut ticks = body.match_indices('`').map(|(at, _)| at);
        while let (Some(open), Some(close)) = (ticks.next(), ticks.next()) {
            let code = &body[open + 1..close];
            if reference(code) {
                out.push((Span::new(stretch.start + open + 1, stretch.start + close), code.to_owned()));
            }
        }
    }
    for block in document.code_blocks.iter().filter(|block| block.language.is_empty()) {
        let mut at = 0;
        for line in block.text.split_inclusive('\n') {
            let word = line.split_whitespace().next().unwrap_or_default();
            let comment = line.trim_start()[word.len()..].trim_start();
            if reference(word)
                && (comment.is_empty() || comment.starts_with('#'))
                && line.starts_with(word)
                && let Some(span) = block.pieces.span(Span::new(at, at + word.len()))
            {
                out.push((span, word.to_owned()));
            }
            at += line.len();
        }
    }
    out
}

/// Whether a word is a name with a tag and nothing else.
fn reference(word: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b))
    };
    word.rsplit_once(':').is_some_and(|(name, tag)| {
        plain(name) && plain(tag) && !tag.contains('/') && name.bytes().any(|b| b.is_ascii_lowercase())
    })
}

/// Whether a name, which may lack its registry and owner, is the image's.
fn same(image: &str, short: &str) -> bool {
    image == short || image.strip_suffix(short).is_some_and(|head| head.ends_with('/'))
}
