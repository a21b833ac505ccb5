//! Reports empty lines inside of a continued instruction.

use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "empty-continuation",
    summary: "an empty line stands inside of a continued instruction",
    passes: "no empty line stands inside of a continued instruction",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Regular,
    fix: Safe,
    aliases: ["NoEmptyContinuation"], refs: ["BuildKit, NoEmptyContinuation"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            if item.empty_lines.is_empty() {
                continue;
            }
            let edits = item
                .empty_lines
                .iter()
                .map(|line| Edit { span: super::whole_lines(&docker.file.text, *line), text: String::new() });
            // BuildKit names the line the instruction goes on at behind the gap.
            let behind = item
                .empty_lines
                .last()
                .map_or(item.span.end, |line| super::whole_lines(&docker.file.text, *line).end);
            let rest = docker.file.text.get(behind..item.span.end).unwrap_or_default();
            let start = behind + (rest.len() - rest.trim_start().len());
            let length = rest.trim_start().lines().next().map_or(0, |line| line.trim_end().len());
            let span = if length == 0 { item.span } else { Span::new(start, start + length) };
            let finding = out
                .finding(format!(
                    "{} inside of this `{}`",
                    crate::text::count(item.empty_lines.len(), "empty line"),
                    item.keyword
                ))
                .why("BuildKit passes over it with a warning, and will refuse it in a later version")
                .help("remove the empty line, or begin it with `#`")
                .at_file(&docker.file, span)
                .command(format!("docker build --check -f {} .", docker.file.path));
            if !item.broken {
                finding.fix(Applicability::Safe, "Remove the empty lines", &docker.file, edits.collect());
            }
        }
    }
}
