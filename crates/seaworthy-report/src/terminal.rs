//! For people at a terminal: one line per check, details of what failed, the verdict last.

use crate::diff::{self, Hunk};
use crate::frame::frame;
use crate::sentence::{counts_line, findings_line, verdict_sentence};
use crate::text::{escape, escape_block, fit, pad, paragraphs, plural, wrap};
use crate::view::{self, Loudness, loudness, place, worst_first};
use crate::{Options, score::scores};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use seaworthy_facts::StructureOutcome;
use seaworthy_finding::{
    Check, CheckStatus, Finding, Location, Report, StageReport, StageStatus, Verdict, format_ms,
};
use std::fmt::Write as _;

/// Up to this many passed checks are listed one by one; more are counted unless `-v` asks for them.
const LISTED: usize = 16;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default();
const HINT: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The whole screen of a command.
pub fn screen(report: &Report, options: &Options<'_>) -> String {
    let mut out = String::new();
    for stage in &report.stages {
        out.push_str(&stage_line(stage, options));
    }
    let checks = check_lines(report, options);
    if !report.stages.is_empty() && !checks.is_empty() {
        out.push('\n');
    }
    out.push_str(&checks);
    let tests = structure_lines(report, options);
    if !tests.is_empty() && !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&tests);
    let table = crate::scan::terminal(report, options);
    if !table.is_empty() && !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&table);
    let details = findings(report, options);
    if !details.is_empty() && !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&details);
    if !details.is_empty() || !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&footer(report, options));
    out
}

/// One stage of `ship`: ` ✓ build        12.3 s  4.2 MB compressed`.
pub fn stage_line(stage: &StageReport, options: &Options<'_>) -> String {
    let (glyph, style) = match stage.status {
        StageStatus::Done => ("✓", GOOD),
        StageStatus::Failed => ("✗", BAD),
        StageStatus::NotRun => ("–", WARN),
    };
    let time = if stage.status == StageStatus::NotRun { String::new() } else { format_ms(stage.ms) };
    let not_run = stage.status == StageStatus::NotRun && !stage.summary.starts_with("not run");
    let lead = if not_run { "not run: " } else { "" };
    let name = pad(&fit(&escape(&stage.name), 12), 12);
    format!(
        " {} {} {time:>8}  {lead}{}\n",
        paint(options, style, glyph),
        paint(options, BOLD, &name),
        escape(&stage.summary)
    )
}

/// One check with what was observed or why it did not run, and its time where it was measured.
pub fn check_line(check: &Check, options: &Options<'_>) -> String {
    let (glyph, style) = match check.status {
        CheckStatus::Pass => ("✓", GOOD),
        CheckStatus::Fail => ("✗", BAD),
        CheckStatus::Warn => ("!", WARN),
        CheckStatus::NotRun => ("–", WARN),
        CheckStatus::NotApplicable => ("·", DIM),
        CheckStatus::Error => ("✗", BAD),
    };
    // A time that was not measured says nothing.
    let time = if check.ms == 0 { String::new() } else { format_ms(check.ms) };
    let lead = match check.status {
        CheckStatus::NotRun => "not run",
        CheckStatus::NotApplicable => "not applicable",
        CheckStatus::Error => "the rule broke",
        CheckStatus::Fail | CheckStatus::Warn => "",
        CheckStatus::Pass => "",
    };
    let reason = escape(&check.reason);
    let mut note = match (lead.is_empty(), reason.is_empty()) {
        (true, _) => reason,
        (false, true) => lead.to_owned(),
        (false, false) => format!("{lead}: {reason}"),
    };
    if matches!(check.status, CheckStatus::Fail | CheckStatus::Warn) {
        let count = if check.findings > 1 { format!(" × {}", check.findings) } else { String::new() };
        note = if note.is_empty() {
            format!("{}{count}", escape(&check.rule))
        } else {
            format!("{}{count}: {note}", escape(&check.rule))
        };
    }
    let note = match (note.is_empty(), time.is_empty()) {
        (true, _) => time,
        (false, true) => note,
        (false, false) => format!("{note} ({time})"),
    };
    let lines = beside(&escape(&check.title), &note, options.width);
    format!(" {} {lines}", paint(options, style, glyph))
}

/// Every structure test, file by file.
fn structure_lines(report: &Report, options: &Options<'_>) -> String {
    /// So many tests of a file are listed one by one; of more, those that did not pass.
    const MANY: usize = 60;
    let mut out = String::new();
    for file in crate::structure::facts(report).into_iter().flat_map(|facts| facts.files) {
        let count = |outcome| file.tests.iter().filter(|test| test.outcome == outcome).count();
        let mut words = vec![format!("{} passed", count(StructureOutcome::Passed))];
        for (outcome, word) in [(StructureOutcome::Failed, "failed"), (StructureOutcome::NotRun, "not run")] {
            if count(outcome) > 0 {
                words.push(format!("{} {word}", count(outcome)));
            }
        }
        if !file.problems.is_empty() {
            words = vec!["refused, nothing was run".to_owned()];
        }
        let _ = writeln!(out, " {}  {}", paint(options, BOLD, &escape(&file.path)), words.join(", "));
        for test in &file.tests {
            let (glyph, style) = match test.outcome {
                StructureOutcome::Passed if file.tests.len() > MANY && options.verbose == 0 => continue,
                StructureOutcome::Passed => ("✓", GOOD),
                StructureOutcome::Failed => ("✗", BAD),
                StructureOutcome::NotRun => ("–", WARN),
            };
            let why = match (test.outcome, test.errors.first()) {
                (StructureOutcome::NotRun, Some(error)) => format!("not run: {}", escape(&error.message)),
                _ if test.ms > 0 => format!("({})", format_ms(test.ms)),
                _ => String::new(),
            };
            let lines = beside(&escape(&test.name), &why, options.width.saturating_sub(2));
            let _ = write!(out, "   {} {}", paint(options, style, glyph), lines.replace("\n ", "\n   "));
        }
    }
    out
}

/// A title and its note in two columns, below each other where there is no room for two. Nothing is cut: the end of a
/// sentence is often what it is about.
fn beside(title: &str, note: &str, width: usize) -> String {
    /// Columns of the glyph before the title.
    const GLYPH: usize = 3;
    /// The least room that a note of several words needs.
    const ROOM: usize = 24;
    let width = width.max(40);
    let columns = (width * 3 / 5).clamp(24, 60);
    let at = GLYPH + columns + 2;
    let (at, room) = if width < at + ROOM { (GLYPH + 2, width - GLYPH - 2) } else { (at, width - at) };
    let mut titles = wrap(title, width - GLYPH);
    let mut notes = if note.is_empty() { Vec::new() } else { wrap(note, room) };
    let mut out = titles.remove(0);
    for line in titles {
        let _ = write!(out, "\n{:GLYPH$}{line}", "");
    }
    if !notes.is_empty() && at > GLYPH + 2 && !out.contains('\n') && crate::text::width(&out) <= columns {
        out = format!("{}  {}", pad(&out, columns), notes.remove(0));
    }
    for line in notes {
        let _ = write!(out, "\n{:at$}{line}", "");
    }
    out.push('\n');
    out
}

/// The checks: passed, not applicable, warnings, not run, failed; what needs attention nearest the prompt.
fn check_lines(report: &Report, options: &Options<'_>) -> String {
    let mut out = String::new();
    let passed = view::checks_with(report, |check| check.status == CheckStatus::Pass);
    // With stages, every passed check was shown as its stage ended; here it would hide what needs attention.
    let shown_before = !report.stages.is_empty() && options.verbose == 0;
    let observed = |check: &Check| !shown_before && (check.ms > 0 || !check.reason.is_empty());
    let list_all = options.verbose > 0 || (!shown_before && passed.len() <= LISTED);
    let mut counted = 0;
    for check in passed {
        if list_all || observed(check) {
            out.push_str(&check_line(check, options));
        } else {
            counted += 1;
        }
    }
    if counted > 0 {
        let more = if out.is_empty() { "" } else { " more" };
        let noun = if counted == 1 { "check" } else { "checks" };
        let glyph = paint(options, GOOD, "✓");
        let _ = writeln!(out, " {glyph} {counted}{more} {noun} passed (`-v` lists them)");
    }
    let not_applicable = view::checks_with(report, |check| check.status == CheckStatus::NotApplicable);
    if options.verbose > 0 {
        for check in not_applicable {
            out.push_str(&check_line(check, options));
        }
    } else if !not_applicable.is_empty() {
        let _ = writeln!(out, " {} {} not applicable", paint(options, DIM, "·"), not_applicable.len());
    }
    // A static finding is told below with its place; a line here would only say it twice.
    let told = |check: &Check| {
        report.command == "check" && options.verbose == 0 && report.open().any(|one| one.rule == check.rule)
    };
    for status in [CheckStatus::Warn, CheckStatus::NotRun, CheckStatus::Error, CheckStatus::Fail] {
        let checks = view::checks_with(report, |check| check.status == status && !told(check));
        if status == CheckStatus::NotRun {
            out.push_str(&not_run_lines(&checks, options));
            continue;
        }
        for check in checks {
            out.push_str(&check_line(check, options));
        }
    }
    out
}

/// The checks that did not run. A reason that many of them share is said once.
fn not_run_lines(checks: &[&Check], options: &Options<'_>) -> String {
    /// From so many checks on a reason is said once.
    const MANY: usize = 3;
    let sharing = |reason: &str| checks.iter().filter(|check| check.reason == reason).count();
    let mut out = String::new();
    let mut said: Vec<&str> = Vec::new();
    for check in checks {
        let reason = check.reason.as_str();
        if reason.is_empty() || sharing(reason) < MANY {
            out.push_str(&check_line(check, options));
            continue;
        }
        if said.contains(&reason) {
            continue;
        }
        said.push(reason);
        let text = format!("{} not run: {}", plural(sharing(reason), "check"), escape(reason));
        let lines = wrap(&text, options.width.max(40) - 3);
        let _ = writeln!(out, " {} {}", paint(options, WARN, "–"), lines.join("\n   "));
        for check in checks.iter().filter(|check| check.reason == reason) {
            for line in wrap(&escape(&check.title), options.width.max(40) - 5) {
                let _ = writeln!(out, "     {line}");
            }
        }
    }
    out
}

/// The details of every finding that counts, the worst last.
fn findings(report: &Report, options: &Options<'_>) -> String {
    let mut out = String::new();
    if options.verbose > 1 {
        for finding in view::set_aside(report) {
            let word = view::status_word(finding.status);
            let reason = finding.reason.as_ref().map_or(String::new(), |text| format!(": {}", escape(text)));
            let (rule, at) = (escape(&finding.rule), place(&finding.location));
            let _ = writeln!(out, "{word}[{rule}]: {} ({at}){reason}", escape(&finding.message));
        }
        if !out.is_empty() {
            out.push('\n');
        }
    }
    let mut all = worst_first(report);
    // The table has told of them, one line each.
    all.retain(|one| !crate::scan::in_table(report, one));
    let shown = options.max_findings.unwrap_or(usize::MAX).min(all.len());
    if shown < all.len() {
        let more = plural(all.len() - shown, "less severe finding");
        let _ = writeln!(out, "{more} not shown (`--format json` has them all)\n");
    }
    let blocks: Vec<String> = all[..shown]
        .iter()
        .rev()
        .map(|one| finding(one, loudness(report, one) == Loudness::Error, options))
        .collect();
    out.push_str(&blocks.join("\n"));
    out
}

/// One finding: a caret frame where it has a place in a file, why it matters, the fix as a diff, the evidence.
pub fn finding(finding: &Finding, failed: bool, options: &Options<'_>) -> String {
    let level = if failed {
        Level::ERROR
    } else if finding.severity == seaworthy_finding::Severity::Info {
        Level::INFO
    } else {
        Level::WARNING
    };
    let rule = escape(&finding.rule);
    let at = place(&finding.location);
    let text_columns = options.width.clamp(40, 120) - 12;
    let mut title = level.primary_title(escape(&finding.message)).id(rule.clone());
    if let (true, Some(base)) = (options.hyperlinks, options.rule_url) {
        title = title.id_url(escape(&format!("{base}{}", finding.rule)));
    }
    let framed = match &finding.location {
        Location::File { path, span, .. } => {
            (options.sources)(path).and_then(|source| frame(&source, *span, 0))
        }
        _ => None,
    };
    let mut group = match (&finding.location, &framed) {
        (Location::File { path, .. }, Some(frame)) => {
            let label = if finding.title == finding.message { String::new() } else { escape(&finding.title) };
            let mut mark = AnnotationKind::Primary.span(frame.mark.clone());
            if !label.is_empty() {
                mark = mark.label(label);
            }
            title.element(
                Snippet::source(frame.text.clone())
                    .line_start(frame.first_line)
                    .path(escape(path))
                    .annotation(mark),
            )
        }
        _ => title.element(Origin::path(at)),
    };
    let mut notes: Vec<(&str, String)> = Vec::new();
    if !finding.why.is_empty() {
        notes.push(("why", finding.why.clone()));
    }
    if !finding.help.is_empty() {
        notes.push(("help", finding.help.clone()));
    }
    for (name, text) in notes {
        let lines = paragraphs(&text, text_columns);
        group = group.element(Level::NOTE.with_name(name).message(lines.join("\n")));
    }
    for proof in view::evidence(finding) {
        let text = escape_block(proof.text.trim_end());
        group = group.element(Level::NOTE.with_name(view::evidence_word(proof.kind)).message(text));
    }
    let mut last = format!("severity {}, confidence {}", finding.severity.word(), confidence(finding));
    if !finding.aliases.is_empty() {
        let aliases: Vec<String> = finding.aliases.iter().map(|alias| escape(alias)).collect();
        let _ = write!(last, "; elsewhere {}", aliases.join(", "));
    }
    group = group.element(Level::NOTE.message(last));
    if let Some(fix) = &finding.fix {
        let text = format!("{} ({})", escape(&fix.title), view::trust(fix.applicability));
        group = group.element(Level::NOTE.with_name("fix").message(text));
    }
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(options.width.max(40)).hyperlink(options.hyperlinks);
    let groups: [Group<'_>; 1] = [group];
    let mut out = renderer.render(&groups);
    out.push('\n');
    let last_line = framed.map(|frame| frame.first_line + frame.text.lines().count() - 1);
    out.push_str(&fix_lines(finding, last_line, options));
    out
}

/// The lines a fix changes, below its title and in line with the frame.
fn fix_lines(finding: &Finding, framed: Option<usize>, options: &Options<'_>) -> String {
    /// More lines than this are counted instead of shown.
    const LONGEST: usize = 24;
    let Some(fix) = &finding.fix else { return String::new() };
    let hunks = (options.sources)(&fix.path).map_or_else(Vec::new, |source| diff::hunks(&source, fix));
    let last = hunks.iter().map(|hunk| hunk.line + hunk.removed.len()).max().unwrap_or(1);
    let gutter = last.max(framed.unwrap_or(1)).to_string().len();
    let mut out = String::new();
    let same = matches!(&finding.location, Location::File { path, .. } if *path == fix.path);
    if !same && !hunks.is_empty() {
        let _ = writeln!(out, "{:gutter$}--> {}:{}", "", escape(&fix.path), hunks[0].line);
    }
    let total: usize = hunks.iter().map(|hunk| hunk.removed.len() + hunk.added.len()).sum();
    let mut left = LONGEST;
    for Hunk { line, removed, added } in &hunks {
        let old = removed.iter().enumerate().map(|(at, text)| (line + at, '-', AnsiColor::Red, text));
        let new = added.iter().enumerate().map(|(at, text)| (line + at, '+', AnsiColor::Green, text));
        for (number, sign, color, text) in old.chain(new).take(left) {
            let changed = format!("{sign} {}", fit(&escape_block(text.trim_end_matches(['\n', '\r'])), 400));
            let changed = paint(options, color.on_default(), changed.trim_end());
            let _ = writeln!(out, "{number:>gutter$} {changed}");
        }
        left = left.saturating_sub(removed.len() + added.len());
    }
    if total > LONGEST {
        let _ = writeln!(out, "{:gutter$} … {} more", "", plural(total - LONGEST, "changed line"));
    }
    out
}

/// The end of every screen: counts, scores, the verdict, and the next command.
pub fn footer(report: &Report, options: &Options<'_>) -> String {
    let mut out = String::new();
    if let Some(line) = findings_line(report) {
        let _ = writeln!(out, "{line}");
    }
    let (safe, unsafe_too) = view::fixable(report);
    match (safe, unsafe_too) {
        (0, 0) => {}
        (0, count) => {
            let _ = writeln!(out, "{count} fixable with `seaworthy check --fix --unsafe-fixes`");
        }
        (count, 0) => {
            let _ = writeln!(out, "{count} fixable with `seaworthy check --fix`");
        }
        (count, more) => {
            let _ = writeln!(
                out,
                "{count} fixable with `seaworthy check --fix`, {more} more with `--unsafe-fixes`"
            );
        }
    }
    let _ = writeln!(out, "{}", counts_line(report));
    let all = scores(report);
    if all.iter().any(|score| score.value.is_some()) {
        let parts = all.iter().map(|score| {
            let style = match score.band() {
                "good" => GOOD,
                "fair" => WARN,
                "poor" => BAD,
                _ => DIM,
            };
            format!("{} {}", score.category.title(), paint(options, style, &score.text()))
        });
        let line = parts.collect::<Vec<_>>().join(" · ");
        let missing = all.iter().any(|score| score.value.is_none());
        let note = if missing { "; – where a check was not run or none applies" } else { "" };
        let _ = writeln!(out, "{line}   (of 100{note})");
    }
    let style = match report.verdict {
        Verdict::Fit => GOOD.bold(),
        Verdict::FitWithWarnings | Verdict::NotProven => WARN.bold(),
        Verdict::NotFit => BAD,
    };
    let sentence = verdict_sentence(report);
    let words = report.verdict.words();
    let rest = sentence.strip_prefix(words).unwrap_or_default();
    let _ = writeln!(out, "{}{rest}", paint(options, style, words));
    if let Some(next) = view::next_step(report) {
        let _ = writeln!(out, "\n{} {next}", paint(options, HINT, "hint:"));
    }
    out
}

fn confidence(finding: &Finding) -> &'static str {
    match finding.confidence {
        seaworthy_finding::Confidence::Low => "low",
        seaworthy_finding::Confidence::Medium => "medium",
        seaworthy_finding::Confidence::High => "high",
    }
}

/// Text in a style, where colour is wanted.
fn paint(options: &Options<'_>, style: Style, text: &str) -> String {
    if options.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
