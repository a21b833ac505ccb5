//! Reports documented images that no workflow of the project publishes, although they are meant as its own.

use super::published::Published;
use crate::{Cx, Sink, text};
use seaworthy_finding::{Applicability, Edit, Span, did_you_mean};
use seaworthy_oci::Reference;
use std::collections::BTreeSet;

declare_rule! {
    name: "unpublished-image",
    summary: "a document names an image that the workflows never publish",
    passes: "documented images are those the workflows publish",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    fix: Unsafe,
    aliases: ["x/readme-image"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let published = Published::of(cx);
    let names = published.names();
    if names.is_empty() || !published.names_complete {
        out.not_applicable("the names that workflows publish are not all known");
        return;
    }
    // Where the right name stands in the documents too, others beside it are other images.
    let documented: BTreeSet<String> = cx
        .documents()
        .iter()
        .flat_map(|document| &document.commands)
        .filter_map(|command| literal(&command.image()?.value).map(|image| image.repository()))
        .collect();
    let right_one_named = documented.iter().any(|image| names.contains(image.as_str()));
    for compose in cx.composes() {
        for service in compose.services.iter().filter(|service| service.build.is_none()) {
            let Some(word) = &service.image else { continue };
            let Some(image) = literal(&word.value) else { continue };
            let repository = image.repository();
            // Only a name that is nearly right: services of others stand beside it.
            let Some(meant) =
                meant(&repository, &names, true).filter(|_| !names.contains(repository.as_str()))
            else {
                continue;
            };
            let shown = meant.strip_prefix("docker.io/").unwrap_or(meant);
            out.finding(format!(
                "service `{}` runs `{}`, which no workflow publishes",
                service.name,
                name_of(&word.value)
            ))
            .why("the pull ends with an error, or takes somebody else's image")
            .help(format!("write `{shown}`"))
            .at_file(&compose.file, word.span)
            .command(format!("grep -n 'images:\\|tags:' {}", published.workflows.join(" ")));
        }
    }
    for document in cx.documents() {
        for command in document.commands.iter().filter(|command| !matches!(command.verb.as_str(), "push")) {
            let Some(word) = command.image() else { continue };
            let Some(image) = literal(&word.value) else { continue };
            let repository = image.repository();
            if names.contains(repository.as_str()) {
                continue;
            }
            let Some(meant) = meant(&repository, &names, right_one_named) else { continue };
            let own: Vec<&str> = names.iter().copied().collect();
            let shown = meant.strip_prefix("docker.io/").unwrap_or(meant);
            let written = word.span.of(&document.file.text);
            let tail = written.len() - name_length(written);
            let edit =
                Edit { span: Span::new(word.span.start, word.span.end - tail), text: shown.to_owned() };
            out.finding(format!(
                "no workflow publishes `{}`: {} publishes {}",
                name_of(&word.value),
                text::names(&published.workflows, 2),
                text::names(&own, 3)
            ))
            .why("the reader's pull ends with an error, or takes somebody else's image")
            .help(format!("write `{shown}`"))
            .at_file(&document.file, word.span)
            .fix(Applicability::Unsafe, format!("Write `{shown}`"), &document.file, vec![edit])
            .command(format!("grep -n 'images:\\|tags:' {}", published.workflows.join(" ")));
        }
    }
}

/// An image's name without placeholders.
pub(crate) fn literal(text: &str) -> Option<Reference> {
    let path = text.split_once('/').filter(|(host, _)| host.contains('.')).map_or(text, |(_, path)| path);
    let open = text.contains(['$', '<', '>', '{', '}', '[', ']', '%', '*', '(', '`', '\u{2026}'])
        || text.contains("...")
        || ["your", "example", "OWNER", "USER", "ORG", "IMAGE", "REPO"]
            .iter()
            .any(|word| path.contains(word));
    // A digest that is shortened or made up does not read; the name does.
    if open { None } else { text.split('@').next()?.parse().ok() }
}

/// Name without tag and digest.
fn name_of(text: &str) -> &str {
    &text[..name_length(text)]
}

fn name_length(text: &str) -> usize {
    let name = text.split('@').next().unwrap_or(text);
    match name.rsplit_once(':') {
        Some((head, tag)) if !tag.contains('/') => head.len(),
        _ => name.len(),
    }
}

/// The published image that was meant.
fn meant<'a>(repository: &str, names: &BTreeSet<&'a str>, right_one_named: bool) -> Option<&'a str> {
    let split = |name: &'a str| name.rsplit_once('/');
    let (space, last) = repository.rsplit_once('/')?;
    // One registry and owner, and a name that is nearly the same.
    let siblings: Vec<(&str, &'a str)> = names
        .iter()
        .filter_map(|name| split(name).filter(|(own, _)| *own == space).map(|(_, last)| (last, *name)))
        .collect();
    if let Some(near) = did_you_mean(last, siblings.iter().map(|(last, _)| *last)) {
        return siblings.iter().find(|(last, _)| *last == near).map(|(_, name)| *name);
    }
    if right_one_named {
        return None;
    }
    if let [(_, only)] = siblings[..] {
        return Some(only);
    }
    // The same name under another owner or registry.
    let same: Vec<&'a str> =
        names.iter().copied().filter(|name| split(name).is_some_and(|(_, own)| own == last)).collect();
    match same[..] {
        [only] if space != "docker.io/library" => Some(only),
        _ => None,
    }
}
