//! Reports a structure test that fails, and a file of them that does not read.

use crate::{Cx, Sink, text};
use seaworthy_facts::{StructureFile, StructureOutcome, StructureTest, TextFile};

declare_rule! {
    name: "structure-test-failed",
    summary: "the image does not pass a structure test",
    passes: "the image passes every structure test",
    family: Structure, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["seaworthy.toml: image.test.structure", "container-structure-test, README"],
}

/// Most lines of a command's output that are shown.
const LINES: usize = 8;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(structure) = &cx.facts.structure else { return };
    let mut tests = 0;
    let mut unrun = Vec::new();
    for file in &structure.files {
        let text = TextFile::new(&file.path, file.text.clone());
        for problem in &file.problems {
            out.finding(format!("the file is refused: {}", problem.message))
                .why("container-structure-test refuses the file as well, or reads it otherwise than it says")
                .help(or(&problem.help, "correct the file"))
                .at_file(&text, problem.span)
                .command(format!("seaworthy test --validate --structure {}", file.path));
        }
        tests += file.tests.len();
        for test in &file.tests {
            match test.outcome {
                StructureOutcome::Passed => {}
                StructureOutcome::NotRun => unrun.push(test),
                StructureOutcome::Failed => failed(file, &text, test, out),
            }
        }
    }
    if let Some(first) = unrun.first() {
        let why = first.errors.first().map_or("it could not be run here", |error| error.message.as_str());
        out.not_run(format!("{} of {tests}: {why}", text::count(unrun.len(), "test")));
    } else if tests == 0 {
        out.not_run("there is no test in the files");
    }
    out.observed(text::count(tests, "test"));
}

fn failed(file: &StructureFile, text: &TextFile, test: &StructureTest, out: &mut Sink) {
    let first = test.errors.first();
    let more = match test.errors.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let message = first.map_or("it fails", |error| error.message.as_str());
    let mut finding = out
        .finding(format!("{}: {message}{more}", test.name))
        .why("the file says what this image promises")
        .help(or(
            first.map_or("", |error| error.help.as_str()),
            "mend the image, or what the file expects of it",
        ))
        .at_file(text, first.map_or(test.span, |error| error.span));
    for error in test.errors.iter().skip(1) {
        let (line, _) = text.lines.line_col(&text.text, error.span.start);
        let help = if error.help.is_empty() { String::new() } else { format!("; {}", error.help) };
        finding = finding.observation(format!("line {line}: {}{help}", error.message));
    }
    for (name, output) in [("standard output", &test.stdout), ("standard error", &test.stderr)] {
        if !output.trim().is_empty() {
            let lines: Vec<&str> = output.trim_end().lines().collect();
            let shown = &lines[lines.len().saturating_sub(LINES)..];
            let cut = if shown.len() < lines.len() { ", its end" } else { "" };
            finding = finding.excerpt(format!("{name}{cut}:\n{}", shown.join("\n")));
        }
    }
    finding.command(format!("seaworthy test IMAGE --structure {}", file.path));
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
