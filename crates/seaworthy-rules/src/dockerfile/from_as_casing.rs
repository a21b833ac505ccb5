//! Reports `FROM … as`, where the two words differ in case.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "from-as-casing",
    summary: "`FROM` and `AS` differ in case",
    passes: "`FROM` and `AS` are written alike",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: ["FromAsCasing"], refs: ["BuildKit, FromAsCasing"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for stage in docker.tree.stages() {
            let Kind::From { image, alias: Some(alias) } = &stage.from.kind else { continue };
            let gap = Span::new(image.span.end, alias.span.start);
            let between = gap.of(&docker.file.text);
            let Some(at) = between.to_ascii_lowercase().find("as") else { continue };
            let span = Span::new(gap.start + at, gap.start + at + 2);
            let word = span.of(&docker.file.text);
            let from = stage.from.keyword_span.of(&docker.file.text);
            let wanted = if from == from.to_lowercase() { "as" } else { "AS" };
            let mixed = from != from.to_lowercase() && from != from.to_uppercase();
            if word == wanted || mixed {
                continue;
            }
            out.finding(format!("`{word}` is not written like `{from}`"))
                .why("one spelling makes a file easier to search")
                .help(format!("write `{wanted}`"))
                .at_file(&docker.file, span)
                .fix(
                    Applicability::Safe,
                    format!("Write `{wanted}`"),
                    &docker.file,
                    vec![Edit { span, text: wanted.to_owned() }],
                )
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
