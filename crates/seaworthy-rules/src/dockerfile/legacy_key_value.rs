//! Reports `ENV name value` and `LABEL name value`.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "legacy-key-value",
    summary: "`ENV` or `LABEL` is written without `=`",
    passes: "`ENV` and `LABEL` are written with `=`",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: ["LegacyKeyValueFormat"], refs: ["Dockerfile reference, ENV"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let (Kind::Env { pairs, legacy: true } | Kind::Label { pairs, legacy: true }) = &item.kind else {
                continue;
            };
            let [pair] = pairs.as_slice() else { continue };
            let key = pair.key.unquoted();
            let finding = out
                .finding(format!("`{} {key} …` is the old form", item.keyword))
                .why(
                    "everything up to the end of the line is the value, also what was meant as a second pair",
                )
                .help(format!("write `{} {key}=…`", item.keyword))
                .at_file(&docker.file, pair.span)
                .command(format!("docker build --check -f {} .", docker.file.path));
            let raw = pair.value.raw.as_str();
            let one_line = !pair.span.of(&docker.file.text).contains('\n') && item.comments.is_empty();
            let plain = !raw.is_empty() && !raw.contains(['"', '\'', '\\', '`', '\n']);
            if plain && one_line && !item.broken && item.inline_comment.is_none() {
                let value =
                    if raw.contains(char::is_whitespace) { format!("\"{raw}\"") } else { raw.to_owned() };
                finding.fix(
                    Applicability::Safe,
                    "Write it with `=`",
                    &docker.file,
                    vec![Edit {
                        span: Span::new(pair.key.span.end, pair.value.span.end),
                        text: format!("={value}"),
                    }],
                );
            }
        }
    }
}
