//! Reports commands to the runner that were removed.

use crate::{Cx, Sink};
use seaworthy_facts::TextFile;
use seaworthy_finding::Span;
use seaworthy_workflow::Text;
use std::collections::BTreeSet;
use std::ops::Range;

declare_rule! {
    name: "deprecated-workflow-command",
    summary: "a script talks to the runner by a command that was taken away",
    passes: "no script uses a command of the runner that was taken away",
    family: Workflow, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: ["actionlint/deprecated-commands"],
    refs: ["GitHub documentation, workflow commands for GitHub Actions"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        for step in fact.workflow.jobs.iter().flat_map(|job| &job.steps) {
            step.run.iter().for_each(|run| script(&fact.file, run, out));
        }
    }
    for fact in cx.actions() {
        for step in &fact.action.steps {
            step.run.iter().for_each(|run| script(&fact.file, run, out));
        }
    }
}

fn script(file: &TextFile, run: &Text, out: &mut Sink) {
    let mut seen = BTreeSet::new();
    let mut offsets = None;
    for (command, range) in commands(&run.value) {
        // A block is one place; the same command in it twice is one finding.
        if run.is_block() && !seen.insert(command) {
            continue;
        }
        let offsets = offsets.get_or_insert_with(|| run.offsets(&file.text));
        let of = |at: usize| offsets.get(at).copied().unwrap_or_default();
        let exact = Span::new(of(range.start), of(range.end - 1) + 1);
        let (line, _) = file.lines.line_col(&file.text, exact.start);
        let place = if run.is_block() { run.header() } else { exact };
        let (what, instead) = match command {
            "set-output" => ("switched off", "echo \"NAME=VALUE\" >> \"$GITHUB_OUTPUT\""),
            "save-state" => ("switched off", "echo \"NAME=VALUE\" >> \"$GITHUB_STATE\""),
            "set-env" => ("refused", "echo \"NAME=VALUE\" >> \"$GITHUB_ENV\""),
            _ => ("refused", "echo \"DIRECTORY\" >> \"$GITHUB_PATH\""),
        };
        out.finding(format!("`::{command}` is deprecated (line {line})"))
            .why(format!("the command is, or will be, {what}: what it sets is missing then"))
            .help(format!("write `{instead}`"))
            .at_file(file, place)
            .command(format!("grep -n '::{command}' {}", file.path));
    }
}

/// The commands in a script that were taken away, and where.
fn commands(script: &str) -> Vec<(&'static str, Range<usize>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = script[at..].find("::") {
        let start = at + found;
        let rest = &script[start + 2..];
        at = start + 2;
        let known = ["set-output", "save-state", "set-env"];
        let named = known.into_iter().find(|command| {
            let tail = rest.strip_prefix(command).map(str::trim_start);
            let tail = tail.and_then(|tail| tail.strip_prefix("name="));
            let Some((name, value)) = tail.and_then(|tail| tail.split_once("::")) else { return false };
            let word = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-');
            let starts = name.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_');
            starts && name.chars().all(word) && value.starts_with(|ch: char| !ch.is_whitespace())
        });
        if let Some(command) = named {
            out.push((command, start..start + 2 + command.len()));
        } else if rest
            .strip_prefix("add-path::")
            .is_some_and(|path| path.starts_with(|ch: char| !ch.is_whitespace()))
        {
            out.push(("add-path", start..start + 10));
        }
    }
    out
}
