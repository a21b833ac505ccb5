//! Reports parser directives that are misspelt or stand where they are plain comments.

use crate::{Cx, Sink};
use seaworthy_finding::did_you_mean;

declare_rule! {
    name: "misplaced-directive",
    summary: "a parser directive has no effect",
    passes: "every parser directive has an effect",
    family: Dockerfile, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, parser directives"],
}

const NAMES: [&str; 3] = ["syntax", "escape", "check"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let first = docker.tree.instructions.first().map_or(usize::MAX, |item| item.span.start);
        for comment in docker.tree.comments.iter().take_while(|comment| comment.span.start < first) {
            let Some((name, value)) = comment.text.split_once('=') else { continue };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if value.is_empty() || value.contains(' ') || name.contains(char::is_whitespace) {
                continue;
            }
            // `# check=skip=…` above an instruction is that instruction's own.
            let exact = NAMES.contains(&name.as_str());
            if name == "check" || (name == "escape" && value.chars().count() != 1) {
                continue;
            }
            let near = did_you_mean(&name, NAMES).filter(|_| !exact);
            let Some(meant) = near.or_else(|| NAMES.into_iter().find(|known| *known == name)) else {
                continue;
            };
            let fits = match meant {
                "syntax" => value.contains('/'),
                "escape" => matches!(value, "\\" | "`"),
                _ => value.starts_with("skip=") || value.starts_with("error="),
            };
            if !fits {
                continue;
            }
            let (message, help) = if exact {
                (
                    format!("`{name}` stands below a comment or an empty line, so it is a comment itself"),
                    "move it to the first line of the file".to_owned(),
                )
            } else {
                (format!("`{name}` is no parser directive"), format!("write `# {meant}={value}`"))
            };
            out.finding(message)
                .why("the file is built as if the line were not there")
                .help(help)
                .at_file(&docker.file, comment.span)
                .command(format!("head -n 5 {}", docker.file.path));
        }
    }
}
