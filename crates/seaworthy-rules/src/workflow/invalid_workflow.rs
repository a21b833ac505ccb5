//! Reports what the platform's reader refuses.

use crate::{Cx, Sink};
use seaworthy_facts::TextFile;
use seaworthy_finding::{Applicability, Edit};
use seaworthy_workflow::Problem;

declare_rule! {
    name: "invalid-workflow",
    summary: "the workflow does not read",
    passes: "the workflow reads",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["actionlint/syntax-check"], refs: ["GitHub documentation, workflow syntax"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        report(&fact.file, &fact.problems, "the workflow, so none of its jobs runs", out);
    }
    for fact in cx.actions() {
        report(&fact.file, &fact.problems, "the action, so the job that uses it fails", out);
    }
}

fn report(file: &TextFile, problems: &[Problem], what: &str, out: &mut Sink) {
    for problem in problems {
        let finding = out
            .finding(problem.message.clone())
            .why(format!("the platform refuses {what}"))
            .help("write what the message says; the rest of the file is judged as far as it reads")
            .at_file(file, problem.span)
            .command(format!("cat -n {}", file.path));
        if let Some(near) = &problem.near
            && problem.message.starts_with(&format!("`{}`", problem.span.of(&file.text)))
        {
            let edits = vec![Edit { span: problem.span, text: near.clone() }];
            finding.fix(Applicability::Unsafe, format!("Write `{near}`"), file, edits);
        }
    }
}
