//! Reports documented commands that the tool refuses.

use crate::{Cx, Sink};
use seaworthy_facts::{DocCommand, DocumentFact};
use seaworthy_finding::{Applicability, Edit, Span};
use seaworthy_oci::Reference;

declare_rule! {
    name: "invalid-command",
    summary: "a documented command is refused by its tool",
    passes: "every documented command can be run as it stands",
    family: Document, category: Truth, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["x/readme-command", "claims.commands"], refs: ["Docker CLI reference"],
}

const WHY: &str = "the reader copies it, and it ends in an error or does something else";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for document in cx.documents() {
        for (span, option) in pulls_with(document) {
            out.finding(format!("`{option}` is no option of `docker pull`"))
                .why(WHY)
                .help("remove it: `docker pull` always asks the registry")
                .at_file(&document.file, span)
                .command(format!("docker pull {option} busybox"));
        }
        for command in &document.commands {
            for problem in &command.problems {
                let finding = out
                    .finding(problem.message.clone())
                    .why(WHY)
                    .help(problem.help.clone())
                    .at_file(&document.file, problem.span)
                    .command(shown(&document.file.text, command));
                if let Some(instead) = &problem.instead {
                    let edits = vec![Edit { span: problem.span, text: instead.clone() }];
                    let title = format!("Write `{instead}`");
                    let _ = finding.fix(Applicability::Unsafe, title, &document.file, edits);
                }
            }
            if let Some((span, message)) = bad_image(command) {
                let _ = out
                    .finding(message)
                    .why(WHY)
                    .help("write the repository in lower case")
                    .at_file(&document.file, span)
                    .command(shown(&document.file.text, command));
            }
        }
    }
}

/// "Pull with `--no-cache`": an option of `docker build` that many take for one of `docker pull`.
fn pulls_with(document: &DocumentFact) -> Vec<(Span, &'static str)> {
    const OPTION: &str = "--no-cache";
    let text = &document.file.text;
    if !text.contains(OPTION) || !text.contains("ocker") {
        return Vec::new();
    }
    let mut out = Vec::new();
    for stretch in &document.prose {
        let body = stretch.of(text);
        for (at, _) in body.match_indices(OPTION) {
            let before = body[..at].trim_end_matches('`').trim_end().to_lowercase();
            let before = before.strip_suffix(" the").unwrap_or(&before);
            if before.ends_with("pull with")
                || before.ends_with("pull using")
                || before.ends_with("docker pull")
            {
                let start = stretch.start + at;
                out.push((Span::new(start, start + OPTION.len()), OPTION));
            }
        }
    }
    // A command in the sentence is reported as one.
    out.retain(|(span, _)| !document.commands.iter().any(|command| command.span.overlaps(*span)));
    out
}

/// The command as it stands in the document.
fn shown(text: &str, command: &DocCommand) -> String {
    command.span.of(text).to_owned()
}

/// An image's name that is meant as one and is none.
fn bad_image(command: &DocCommand) -> Option<(Span, String)> {
    let image = command.image()?;
    let name = image.value.as_str();
    let placeholder = name.contains(['$', '<', '>', '{', '}', '[', ']', '%', '*', '(', '`', '\u{2026}'])
        || name.contains("...")
        || ["your", "my", "name", "user", "owner", "org"]
            .iter()
            .any(|word| name.to_lowercase().contains(word));
    if placeholder || name.parse::<Reference>().is_ok() {
        return None;
    }
    let repository = name.split('@').next().unwrap_or(name);
    let repository = match repository.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => repository,
    };
    // A word in capitals stands for something else; mixed case is how people write their own name.
    let path = repository
        .split_once('/')
        .map_or(repository, |(first, rest)| if first.contains('.') { rest } else { repository });
    let mixed = path.split('/').any(|part| {
        part.bytes().any(|b| b.is_ascii_uppercase()) && part.bytes().any(|b| b.is_ascii_lowercase())
    });
    let plain = repository.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-:".contains(&b));
    let fixed = name.to_ascii_lowercase();
    (mixed && plain && fixed.parse::<Reference>().is_ok()).then(|| {
        (image.span, format!("`{name}` is no image name: a repository's name has no capital letters"))
    })
}
