//! Reports comments that silence findings without a reason.

use crate::{Cx, Sink};

declare_rule! {
    name: "unexplained-suppression",
    summary: "a comment silences findings without a reason",
    passes: "every comment that silences findings gives a reason",
    family: Policy, category: Truth, severity: Low, confidence: High, persona: Auditor,
    aliases: [], refs: ["seaworthy.toml: rules"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for used in cx.usage.suppressions.iter().filter(|used| !used.explained) {
        let Some(file) = super::file(cx, &used.path) else { continue };
        let help = match used.dialect.tool() {
            "seaworthy" => "write the reason behind the bracket",
            "hadolint" => "write it behind another `#`: `# hadolint ignore=DL3008 # reason`",
            "BuildKit" => "write it behind `//`: `# check=skip=Rule // reason`",
            "checkov" => "write it behind the second colon: `#checkov:skip=CKV_DOCKER_3:reason`",
            "tally" => "write it as `;reason=…`",
            _ => "use `# seaworthy: ignore[rule] reason`, which has a place for one",
        };
        out.finding(format!("the comment for {} gives no reason", used.dialect.tool()))
            .why("without a reason nobody can say later whether it still holds")
            .help(help)
            .at_file(file, used.span)
            .command(format!("grep -n 'ignore\\|skip=\\|disable' {}", used.path));
    }
}
