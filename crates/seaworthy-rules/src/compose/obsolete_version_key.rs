//! Reports the top-level `version`.

use crate::dockerfile::whole_lines;
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "obsolete-version-key",
    summary: "the compose file has the obsolete key `version`",
    passes: "the compose file has no `version`",
    family: Compose, category: Truth, severity: Low, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: ["dclint/no-version-field"], refs: ["Compose specification, version and name"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        let Some(span) = compose.version else { continue };
        let line = whole_lines(&compose.file.text, span);
        let finding = out
            .finding(format!("`{}` has no effect", span.of(&compose.file.text)))
            .why("compose warns about it at every command, and readers believe that it selects features")
            .help("remove the line")
            .at_file(&compose.file, span)
            .command(format!("docker compose -f {} config --quiet", compose.file.path));
        // In a flow mapping other keys stand on the same line.
        if !line.of(&compose.file.text).trim_start().starts_with('{') {
            finding.fix(
                Applicability::Safe,
                "Remove `version`",
                &compose.file,
                vec![Edit { span: line, text: String::new() }],
            );
        }
    }
}
