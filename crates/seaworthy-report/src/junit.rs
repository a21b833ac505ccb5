//! JUnit XML: a suite per category, a case per check, so that every CI server can list them.

use crate::sentence::verdict_sentence;
use crate::text::{escape, escape_block};
use crate::view::{evidence, evidence_word, place};
use seaworthy_facts::{StructureFile, StructureOutcome, StructureProblem};
use seaworthy_finding::{Category, Check, CheckStatus, Finding, Report, StageStatus};
use std::fmt::Write as _;

/// One `<testcase>` and what it counts as.
struct Case {
    xml: String,
    ms: u64,
    failed: bool,
    error: bool,
    skipped: bool,
}

/// Renders the document. A warning is a passed case that says so; what was not run is skipped, with its reason.
pub(crate) fn render(report: &Report) -> String {
    let mut suites: Vec<(String, Vec<Case>)> = Vec::new();
    if !report.stages.is_empty() {
        let cases = report.stages.iter().map(|stage| {
            let name = format!("stage {}", stage.name);
            let summary = escape(&stage.summary);
            match stage.status {
                StageStatus::Done => case(&name, "stages", stage.ms, "", &output(&summary)),
                StageStatus::Failed => {
                    case(&name, "stages", stage.ms, "failure", &message("failure", &summary, ""))
                }
                StageStatus::NotRun => case(&name, "stages", 0, "skipped", &skipped(&summary)),
            }
        });
        suites.push(("Stages".to_owned(), cases.collect()));
    }
    let tests = structure(report);
    for category in Category::ALL {
        // Where the tests stand for themselves, the rule that sums them up would count them twice.
        let summed = |check: &&Check| tests.is_empty() || check.rule != "structure-test-failed";
        let checks = report.checks.iter().filter(|check| check.category == category).filter(summed);
        let cases: Vec<Case> = checks.map(|check| check_case(report, check)).collect();
        if !cases.is_empty() {
            suites.push((category.title().to_owned(), cases));
        }
    }
    suites.extend(tests);
    let orphans = report.open().filter(|one| !report.checks.iter().any(|check| check.rule == one.rule));
    let orphans: Vec<Case> = orphans
        .map(|one| {
            case(&one.rule, "findings", 0, "failure", &message("failure", &one.message, &details(&[one])))
        })
        .collect();
    if !orphans.is_empty() {
        suites.push(("Findings".to_owned(), orphans));
    }
    document(report, &suites)
}

/// A suite for each file of structure tests, a case for each test, by the names container-structure-test gives them.
fn structure(report: &Report) -> Vec<(String, Vec<Case>)> {
    let suite = |file: StructureFile| {
        let class = "structure";
        let problems = file.problems.iter().map(|problem| {
            let first = format!("the file is refused: {}", escape(&problem.message));
            case(&file.path, class, 0, "error", &message("error", &first, &problem.help))
        });
        let tests = file.tests.iter().map(|test| {
            let mut body = String::new();
            let kind = match test.outcome {
                StructureOutcome::Passed => "",
                StructureOutcome::Failed => {
                    let told = |error: &StructureProblem| match error.help.as_str() {
                        "" => escape(&error.message),
                        help => format!("{} ({})", escape(&error.message), escape(help)),
                    };
                    let all: Vec<String> = test.errors.iter().map(told).collect();
                    let first = test.errors.first().map_or("it fails", |error| error.message.as_str());
                    body = message("failure", first, &all.join("\n"));
                    "failure"
                }
                StructureOutcome::NotRun => {
                    let why = test.errors.first().map_or("", |error| error.message.as_str());
                    body = skipped(&format!("not run: {}", escape(why)));
                    "skipped"
                }
            };
            for (tag, text) in [("system-out", &test.stdout), ("system-err", &test.stderr)] {
                if !text.is_empty() {
                    let _ = writeln!(body, "      <{tag}>{}</{tag}>", xml(&escape_block(text)));
                }
            }
            case(&test.name, class, test.ms, kind, &body)
        });
        (file.path.clone(), problems.chain(tests).collect())
    };
    crate::structure::facts(report).into_iter().flat_map(|facts| facts.files).map(suite).collect()
}

fn document(report: &Report, suites: &[(String, Vec<Case>)]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let name = format!("seaworthy {} {}", report.command, report.subject);
    let _ = writeln!(out, "<testsuites name=\"{}\" {}>", xml(&escape(&name)), totals(all()));
    for (name, cases) in suites {
        let stamp = xml(&escape(&report.created));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" {} timestamp=\"{stamp}\">",
            xml(&escape(name)),
            totals(cases.iter())
        );
        for case in cases {
            out.push_str(&case.xml);
        }
        out.push_str("  </testsuite>\n");
    }
    let _ = writeln!(out, "</testsuites>\n<!-- {} -->", xml(&verdict_sentence(report)).replace("--", "- -"));
    out
}

fn totals<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let (mut tests, mut failures, mut errors, mut skipped, mut ms) = (0, 0, 0, 0, 0_u64);
    for case in cases {
        tests += 1;
        failures += usize::from(case.failed);
        errors += usize::from(case.error);
        skipped += usize::from(case.skipped);
        ms = ms.saturating_add(case.ms);
    }
    format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{}\"",
        seconds(ms)
    )
}

fn check_case(report: &Report, check: &Check) -> Case {
    let findings: Vec<&Finding> = report.open().filter(|one| one.rule == check.rule).collect();
    let first = findings.first().map_or(check.title.as_str(), |one| one.message.as_str());
    let class = class_name(check.category.title());
    let reason = escape(&check.reason);
    let (kind, body) = match check.status {
        CheckStatus::Pass if reason.is_empty() => ("", String::new()),
        CheckStatus::Pass => ("", output(&reason)),
        CheckStatus::Warn => ("", output(&format!("warning: {}", details(&findings)))),
        CheckStatus::Fail => ("failure", message("failure", first, &details(&findings))),
        CheckStatus::Error => ("error", message("error", &reason, "")),
        CheckStatus::NotRun => ("skipped", skipped(&format!("not run: {reason}"))),
        CheckStatus::NotApplicable => ("skipped", skipped(&format!("not applicable: {reason}"))),
    };
    case(&check.rule, &class, check.ms, kind, &body)
}

fn case(name: &str, class: &str, ms: u64, kind: &str, body: &str) -> Case {
    let name = xml(&escape(name));
    let mut text = format!(
        "    <testcase name=\"{name}\" classname=\"seaworthy.{}\" time=\"{}\"",
        xml(class),
        seconds(ms)
    );
    if body.is_empty() {
        text.push_str("/>\n");
    } else {
        let _ = write!(text, ">\n{body}    </testcase>\n");
    }
    Case { xml: text, ms, failed: kind == "failure", error: kind == "error", skipped: kind == "skipped" }
}

/// A heading as a class name.
fn class_name(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

fn message(tag: &str, first: &str, body: &str) -> String {
    format!("      <{tag} message=\"{}\">{}</{tag}>\n", xml(&escape(first)), xml(body))
}

fn skipped(reason: &str) -> String {
    format!("      <skipped message=\"{}\"/>\n", xml(reason))
}

fn output(text: &str) -> String {
    format!("      <system-out>{}</system-out>\n", xml(text))
}

/// Every finding of a check in words.
fn details(findings: &[&Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let _ = writeln!(out, "{}: {}", place(&finding.location), escape(&finding.message));
        for (name, text) in [("why", &finding.why), ("help", &finding.help)] {
            if !text.is_empty() {
                let _ = writeln!(out, "  {name}: {}", escape_block(text.trim_end()).replace('\n', "\n    "));
            }
        }
        if let Some(fix) = &finding.fix {
            let _ = writeln!(out, "  fix: {}", escape(&fix.title));
        }
        for proof in evidence(finding) {
            let text = escape_block(proof.text.trim_end()).replace('\n', "\n    ");
            let _ = writeln!(out, "  {}: {text}", evidence_word(proof.kind));
        }
    }
    out.trim_end().to_owned()
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Text for XML 1.0. Control characters are visible by now; two code points are left that no document may hold.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
