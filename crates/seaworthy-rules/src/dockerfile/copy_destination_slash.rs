//! Reports `COPY` of several sources to a place that is not written as a directory.

use super::bare;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Keyword, Kind};
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "copy-destination-slash",
    summary: "several sources are copied to a place without a trailing `/`",
    passes: "several sources are copied to places with a trailing `/`",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Pedantic,
    fix: Unsafe,
    aliases: ["DL3021", "DS-0011"], refs: ["Dockerfile reference, COPY"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let (Kind::Copy { sources, dest: Some(dest), .. } | Kind::Add { sources, dest: Some(dest), .. }) =
                &item.kind
            else {
                continue;
            };
            let count = sources.len() + item.heredocs.len();
            let bare = if dest.json { dest.raw.as_str() } else { bare(&dest.raw) };
            if count < 2 || item.broken || item.inline_comment.is_some() || bare.ends_with('/') {
                continue;
            }
            // What an image's history shows is no instruction of a file.
            let history = sources
                .first()
                .is_some_and(|first| ["file:", "multi:"].iter().any(|start| first.raw.starts_with(start)))
                && sources.get(1).is_some_and(|word| word.raw == "in");
            let finding = out
                .finding(format!(
                    "`{}` of {count} sources to `{bare}`, which is not written as a directory",
                    item.keyword
                ))
                .aliases(if item.keyword == Keyword::Add {
                    &[]
                } else if history {
                    &["DL3021"]
                } else {
                    &["DL3021", "DS-0011"]
                })
                .why("where it is no directory yet, BuildKit takes it for a file and each file overwrites the one before; the classic builder and Podman before 4 stop")
                .help(format!("write `{bare}/`"))
                .at_file(&docker.file, dest.span)
                .command(format!("grep -n '^COPY' {}", docker.file.path));
            let text = dest.span.of(&docker.file.text);
            let end = dest.span.end - usize::from(text.ends_with(['"', '\'']));
            if !bare.is_empty() && !dest.has_variable() && !text.contains(['\\', '`', '\n']) {
                finding.fix(
                    Applicability::Unsafe,
                    "Write it as a directory",
                    &docker.file,
                    vec![Edit { span: Span::new(end, end), text: "/".to_owned() }],
                );
            }
        }
    }
}
