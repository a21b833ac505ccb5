//! Reports comments above `FROM` and `ARG` that do not begin with the name.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;

declare_rule! {
    name: "invalid-definition-description",
    summary: "the comment above a definition does not describe it",
    passes: "every comment above a definition begins with its name",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["InvalidDefinitionDescription"], refs: ["BuildKit, InvalidDefinitionDescription"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let names: Vec<String> = match &item.kind {
                Kind::From { alias: Some(alias), .. } => vec![alias.raw.to_lowercase()],
                Kind::Arg { args } => args.iter().map(|arg| arg.name.unquoted()).collect(),
                _ => continue,
            };
            // The last comment counts, and an empty one parts it from the definition.
            let Some(comment) = docker.tree.comments_above(item).last() else { continue };
            let word = comment.text.split(' ').next().unwrap_or_default();
            let other = crate::suppress::is_pragma(&comment.text);
            if item.broken || word.is_empty() || names.iter().any(|name| name == word) || other {
                continue;
            }
            let first = names.first().map_or("", String::as_str);
            out.finding(format!("the comment above `{first}` begins with `{word}`"))
                .why("`docker build --call=outline` and `--call=targets` show it only when it begins with the name")
                .help(format!("write `# {first} …`, or leave a line empty between the two"))
                .at_file(&docker.file, item.span)
                .command(format!("docker build --call=outline -f {} .", docker.file.path));
        }
    }
}
