//! Reports text that strangers write and a script runs: `${{ github.event.issue.title }}` in `run`.

use super::edit::{self, Anchor};
use super::flow::{flows, from_outside};
use super::steps::{Group, Script, groups, scripts};
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit, Span};
use seaworthy_workflow::{Interpolation, Step};
use std::collections::BTreeSet;

declare_rule! {
    name: "template-injection",
    summary: "a script runs text that strangers write",
    passes: "no script runs text that strangers write",
    family: Workflow, category: Security, severity: High, confidence: High, persona: Regular, fix: Unsafe,
    aliases: ["zizmor/template-injection"], refs: ["GitHub documentation, script injections"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        let mut seen = BTreeSet::new();
        for step in group.steps {
            for script in scripts(step) {
                let edits = fix(&group, step, &script);
                for part in &script.text.interpolations {
                    for place in outside(part) {
                        if !seen.insert(place.start) {
                            continue;
                        }
                        let name = place.of(&group.file.text);
                        let whose = match script.input {
                            Some(input) => format!("the input `{input}`"),
                            None => "the script".to_owned(),
                        };
                        let finding = out
                            .finding(format!("{whose} of {} runs whatever `{name}` says", group.name()))
                            .why("the text is put into the script before the shell reads it, so `$(…)` in a title runs with the job's token and secrets")
                            .help(format!("give it as `env: {}: ${{{{ {name} }}}}` and read the variable, quoted", variable(name)))
                            .at_file(group.file, place)
                            .command(format!("grep -n '{name}' {}", group.file.path));
                        if let Some(edits) = edits.clone() {
                            finding.fix(
                                Applicability::Unsafe,
                                "Read it from the environment",
                                group.file,
                                edits,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Where an expression lets through what strangers write.
pub(crate) fn outside(part: &Interpolation) -> Vec<Span> {
    let Ok(expr) = &part.expr else { return Vec::new() };
    let found = flows(expr).into_iter().filter(|flow| flow.reference.as_ref().is_some_and(from_outside));
    found.map(|flow| flow.expr.span).collect()
}

/// The edits that move every such expression of the step into its environment, where all of them can be moved.
fn fix(group: &Group<'_>, step: &Step, script: &Script<'_>) -> Option<Vec<Edit>> {
    let text = &group.file.text;
    // Every finding of the script carries all of its edits.
    if script.text.interpolations.len() > 100 {
        return None;
    }
    if script.input.is_some()
        || !group.owns(step)
        || !matches!(group.shell(step), Some("bash" | "sh" | "zsh"))
    {
        return None;
    }
    let mut entries: Vec<(String, String)> = Vec::new();
    let mut edits = Vec::new();
    for part in &script.text.interpolations {
        let Ok(expr) = &part.expr else { continue };
        if outside(part).is_empty() {
            continue;
        }
        let reference = expr.reference()?;
        let plain = reference
            .segments
            .iter()
            .all(|segment| matches!(segment, seaworthy_workflow::expr::Segment::Name(_)));
        if !plain || in_single_quotes(script.text.as_str(), part.range.start) {
            return None;
        }
        let name = variable(expr.span.of(text));
        let value = part.span.of(text).to_owned();
        if step.env.get(&name).is_some() || value.contains('\n') {
            return None;
        }
        if !entries.iter().any(|(known, _)| *known == name) {
            entries.push((name.clone(), value));
        }
        edits.push(Edit { span: part.span, text: format!("${{{name}}}") });
    }
    if entries.is_empty() || step.run.as_ref()?.span.start < step.span.start {
        return None;
    }
    edits.extend(edit::add_below(text, step, "env", &entries, Anchor::Before(step.run_key?))?);
    Some(edits)
}

/// The variable for a reference: `GITHUB_EVENT_ISSUE_TITLE` would look like one of the runner's own, so the context's
/// name is left out.
fn variable(reference: &str) -> String {
    let path = reference.trim_start_matches("github.event.").trim_start_matches("github.");
    let mut out = String::new();
    for ch in path.chars() {
        if ch.is_ascii_alphanumeric() {
            out.push(ch.to_ascii_uppercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    let out = out.trim_end_matches('_');
    if out.is_empty() { "EVENT".to_owned() } else { out.to_owned() }
}

/// Whether a place of a shell script is inside of single quotes, where no variable is read.
fn in_single_quotes(script: &str, at: usize) -> bool {
    let (mut single, mut double, mut escaped) = (false, false, false);
    for ch in script.get(..at).unwrap_or_default().chars() {
        match ch {
            _ if escaped => escaped = false,
            '\\' if !single => escaped = true,
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            _ => {}
        }
    }
    single || script.contains("<<'") || script.contains("<< '")
}
