//! Reports conditions with something beside their braces: the whole is a text, and every text is true.

use super::conditions::conditions;
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit, Span};
use seaworthy_workflow::Style;

declare_rule! {
    name: "condition-always-true",
    summary: "a condition is true whatever it asks",
    passes: "every condition depends on what it asks",
    family: Workflow, category: SupplyChain, severity: High, confidence: High, persona: Regular, fix: Unsafe,
    aliases: ["zizmor/unsound-condition"], refs: ["GitHub workflow syntax, jobs.<job_id>.if"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for asked in conditions(cx) {
        let text = &asked.condition.text;
        let Some(part) = text.interpolations.first() else { continue };
        if part.range.len() >= text.value.len() {
            continue;
        }
        let rest = text.value.len() - part.range.len();
        let blank = text.value[..part.range.start].trim().is_empty()
            && text.value[part.range.end..].trim().is_empty();
        let what = if blank { "a line break or a blank" } else { "text" };
        let finding = out
            .finding(format!("{what} stands beside `${{{{ … }}}}` ({rest} bytes), so the condition is always true"))
            .why("the expression is put into a text, and a text that is not empty counts as true: the step or job always runs")
            .help("leave out the braces, or end the block with `|-` or `>-`")
            .at_file(asked.file, part.span)
            .command(format!("grep -n -A3 'if:' {}", asked.file.path));
        let source = &asked.file.text;
        let header = matches!(text.style, Style::Literal | Style::Folded)
            && source.get(text.span.start + 1..).is_some_and(|rest| rest.starts_with(['\n', '\r', ' ']));
        let only_break = part.range.start == 0 && text.value[part.range.end..].chars().all(|ch| ch == '\n');
        if header && only_break {
            let at = text.span.start + 1;
            finding.fix(
                Applicability::Unsafe,
                "Leave out the last line break",
                asked.file,
                vec![Edit { span: Span::new(at, at), text: "-".to_owned() }],
            );
        }
    }
}
