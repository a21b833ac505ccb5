//! Markdown for a step summary or a comment: the verdict, tables, details folded away.

use crate::sentence::{counts_line, verdict_sentence};
use crate::text::{escape, escape_block, plural, rich_html};
use crate::view::{self, evidence, evidence_word, place, trust, worst_first};
use crate::{Options, diff, score::scores};
use seaworthy_finding::{CheckStatus, Finding, Report, StageStatus, Verdict, format_ms};
use std::fmt::Write as _;

/// A summary may not exceed a mebibyte; this many detailed findings stay far below.
const DETAILED: usize = 50;

/// Renders the summary.
pub(crate) fn render(report: &Report, options: &Options<'_>) -> String {
    let glyph = match report.verdict {
        Verdict::Fit => "✅",
        Verdict::FitWithWarnings => "⚠️",
        Verdict::NotProven => "❔",
        Verdict::NotFit => "❌",
    };
    let words = report.verdict.words();
    let mut out = format!("## {glyph} {words}\n\n");
    let sentence = verdict_sentence(report);
    let decided = sentence.strip_prefix(words).unwrap_or(&sentence).trim_start_matches(": ");
    let _ = writeln!(out, "**{}**\n", markdown(decided));
    let _ = writeln!(out, "{}\n", markdown(&counts_line(report)));
    scores_table(&mut out, report);
    stages_table(&mut out, report);
    out.push_str(&crate::scan::markdown(report));
    findings(&mut out, report, options);
    not_run(&mut out, report);
    passed(&mut out, report);
    let _ = writeln!(
        out,
        "<sub>Seaworthy {} · `{}` of {} · {}</sub>",
        markdown(&report.version),
        code(&format!("seaworthy {}", report.command)),
        markdown(&report.subject),
        markdown(&report.created)
    );
    out
}

fn scores_table(out: &mut String, report: &Report) {
    let all = scores(report);
    if all.iter().all(|score| score.value.is_none()) {
        return;
    }
    let titles: Vec<&str> = all.iter().map(|score| score.category.title()).collect();
    let _ = writeln!(out, "| {} |", titles.join(" | "));
    let _ = writeln!(out, "|{}", ":---:|".repeat(titles.len()));
    let values: Vec<String> = all.iter().map(crate::score::Score::text).collect();
    let _ = writeln!(out, "| {} |\n", values.join(" | "));
}

fn stages_table(out: &mut String, report: &Report) {
    if report.stages.is_empty() {
        return;
    }
    out.push_str("| Stage | Result | Time | |\n|---|---|--:|---|\n");
    for stage in &report.stages {
        let (word, time) = match stage.status {
            StageStatus::Done => ("✓ done", format_ms(stage.ms)),
            StageStatus::Failed => ("✗ failed", format_ms(stage.ms)),
            StageStatus::NotRun => ("– not run", String::new()),
        };
        let _ = writeln!(out, "| {} | {word} | {time} | {} |", cell(&stage.name), cell(&stage.summary));
    }
    out.push('\n');
}

fn findings(out: &mut String, report: &Report, options: &Options<'_>) {
    let mut all = worst_first(report);
    all.retain(|one| !crate::scan::in_table(report, one));
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "### {}\n", plural(all.len(), "finding"));
    for finding in all.iter().take(DETAILED) {
        let word = view::loudness(report, finding).word();
        let _ = writeln!(
            out,
            "<details><summary><b>{word}</b> <code>{}</code>: {}</summary>\n",
            rich_html(&finding.rule),
            rich_html(&finding.message)
        );
        detail(out, finding, options);
        out.push_str("</details>\n");
    }
    out.push('\n');
    if all.len() > DETAILED {
        let more = plural(all.len() - DETAILED, "less severe finding");
        let _ = writeln!(out, "{more} without details:\n");
        for finding in &all[DETAILED..] {
            let at = place(&finding.location);
            let _ = writeln!(
                out,
                "- `{}` {}: {}",
                code(&finding.rule),
                markdown(&at),
                markdown(&finding.message)
            );
        }
        out.push('\n');
    }
}

fn detail(out: &mut String, finding: &Finding, options: &Options<'_>) {
    let severity = finding.severity.word();
    let _ = writeln!(out, "`{}` · severity {severity}\n", code(&place(&finding.location)));
    for (name, text) in [("Why", &finding.why), ("Help", &finding.help)] {
        if !text.is_empty() {
            // The lines after the first are something to copy.
            let (first, rest) = text.trim_end().split_once('\n').unwrap_or((text, ""));
            let _ = writeln!(out, "**{name}:** {}\n", markdown(first));
            if !rest.is_empty() {
                fenced(out, "", rest);
            }
        }
    }
    if let Some(fix) = &finding.fix {
        let _ = writeln!(out, "**Fix:** {} ({})\n", markdown(&fix.title), trust(fix.applicability));
        let patch = (options.sources)(&fix.path).map_or_else(String::new, |source| {
            diff::unified(&escape(&fix.path), &source, &diff::hunks(&source, fix))
        });
        if !patch.is_empty() {
            fenced(out, "diff", &patch);
        }
    }
    for proof in evidence(finding) {
        let _ = writeln!(out, "{}:\n", evidence_word(proof.kind));
        fenced(out, "", &proof.text);
    }
}

fn not_run(out: &mut String, report: &Report) {
    let checks =
        view::checks_with(report, |check| matches!(check.status, CheckStatus::NotRun | CheckStatus::Error));
    if checks.is_empty() {
        return;
    }
    let _ = writeln!(out, "### {} not run\n", checks.len());
    for check in checks {
        let broke = if check.status == CheckStatus::Error { "the rule broke: " } else { "" };
        let _ = writeln!(
            out,
            "- `{}` {}: {broke}{}",
            code(&check.rule),
            markdown(&check.title),
            markdown(&check.reason)
        );
    }
    out.push('\n');
}

fn passed(out: &mut String, report: &Report) {
    let checks = view::checks_with(report, |check| check.status == CheckStatus::Pass);
    if checks.is_empty() {
        return;
    }
    let _ = writeln!(out, "<details><summary>{} passed</summary>\n", checks.len());
    for check in checks {
        let reason =
            if check.reason.is_empty() { String::new() } else { format!(" ({})", markdown(&check.reason)) };
        let _ = writeln!(out, "- {}{reason}", markdown(&check.title));
    }
    out.push_str("\n</details>\n\n");
}

/// A fenced block whose fence is longer than any run of backticks inside.
fn fenced(out: &mut String, language: &str, text: &str) {
    let text = escape_block(text.trim_end());
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}{language}\n{text}\n{fence}\n");
}

/// One line of text: the house's code spans stay code, all other markup is escaped.
fn markdown(text: &str) -> String {
    let text = escape(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        let is_code = at % 2 == 1 && at + 1 < parts.len() && !part.trim().is_empty();
        if is_code {
            // Two spans that touch would read as one.
            if out.ends_with('`') {
                out.push(' ');
            }
            let _ = write!(out, "`{part}`");
            continue;
        }
        if at % 2 == 1 {
            out.push_str("\\`");
        }
        for c in part.chars() {
            if matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '!' | '&' | '$') {
                out.push('\\');
            }
            out.push(c);
        }
        if at % 2 == 1 && at + 1 < parts.len() {
            out.push_str("\\`");
        }
    }
    out
}

/// The same inside a table, where a bar ends a cell even in code.
fn cell(text: &str) -> String {
    markdown(&text.replace('|', "¦"))
}

/// Text for a code span.
fn code(text: &str) -> String {
    escape(text).replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_stay_and_all_other_markup_is_escaped() {
        assert_eq!(markdown("`USER` is *not* <b>set</b>"), "`USER` is \\*not\\* \\<b\\>set\\</b\\>");
        assert_eq!(markdown("odd ` tick"), "odd \\` tick");
        assert_eq!(markdown("`a``b` and ``"), "`a` `b` and \\`\\`");
    }

    #[test]
    fn a_fence_outgrows_its_content() {
        let mut out = String::new();
        fenced(&mut out, "", "x\n````\ny");
        assert!(out.starts_with("`````\n"), "{out}");
    }
}
