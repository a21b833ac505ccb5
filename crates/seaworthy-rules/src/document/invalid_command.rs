//! Reports documented commands that the tool refuses.

use crate::{Cx, Sink};
use seaworthy_facts::DocCommand;
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
