//! Reports texts of strangers that become part of a script.

use super::taint;
use crate::{Cx, Sink};
use seaworthy_facts::TextFile;
use seaworthy_workflow::{Step, Text};
use std::collections::BTreeSet;

declare_rule! {
    name: "untrusted-expression",
    summary: "a stranger's text becomes part of a script",
    passes: "no stranger's text becomes part of a script",
    family: Workflow, category: Security, severity: High, confidence: High, persona: Auditor,
    aliases: ["actionlint/expression", "CKV_GHA_2"],
    refs: ["GitHub documentation, script injections"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            look(&fact.file, step, out);
        }
    }
    for fact in cx.actions() {
        for step in &fact.action.steps {
            look(&fact.file, step, out);
        }
    }
}

fn look(file: &TextFile, step: &Step, out: &mut Sink) {
    if let Some(run) = &step.run {
        script(file, run, &["actionlint/expression", "CKV_GHA_2"], out);
    }
    if step.uses("actions/github-script")
        && let Some(text) = step.input("script").and_then(|entry| entry.text())
    {
        script(file, text, &["actionlint/expression"], out);
    }
}

fn script(file: &TextFile, text: &Text, aliases: &[&str], out: &mut Sink) {
    let mut seen = BTreeSet::new();
    for expr in text.expressions() {
        for reference in taint::in_result(expr) {
            let path = reference.path();
            // A block is one place; the same text in it twice is one finding.
            if text.is_block() && !seen.insert(path.clone()) {
                continue;
            }
            let (line, _) = file.lines.line_col(&file.text, reference.span.start);
            let name = variable(&path);
            let place = if text.is_block() { text.header() } else { reference.span };
            out.finding(format!("`{path}` is put into the script before it runs, at line {line}"))
                .aliases(aliases)
                .why("whoever chooses that text, which can be anybody, runs commands with the job's token and secrets")
                .help(format!(
                    "give it to the step as `env: {name}: ${{{{ {path} }}}}` and use the variable, in quotes"
                ))
                .at_file(file, place)
                .command(format!("grep -n '{}' {}", reference.span.of(&file.text), file.path));
        }
    }
}

/// A name for an environment variable, from the last two words of a path.
fn variable(path: &str) -> String {
    let words: Vec<&str> =
        path.split('.').filter(|word| !matches!(*word, "*" | "github" | "event" | "[]")).collect();
    let from = words.len().saturating_sub(2);
    words[from..].join("_").to_ascii_uppercase()
}
