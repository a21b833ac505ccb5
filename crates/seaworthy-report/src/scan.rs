//! Known vulnerabilities as a table: one line each, then what was looked at and what was not.

use crate::Options;
use crate::text::{escape, fit, pad, plural, width};
use anstyle::{AnsiColor, Style};
use seaworthy_facts::{Observed, Origin, Rating, ScanFacts, Standing, Tally, VulnerabilityFact};
use seaworthy_finding::{FindingStatus, Report};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The rule whose findings the table shows.
pub(crate) const RULE: &str = "known-vulnerability";
/// So many lines fit on a screen that somebody reads.
const LINES: usize = 30;
/// A summary may not exceed a mebibyte.
const ROWS: usize = 500;

/// The scan of a report, where there is one.
pub(crate) fn facts(report: &Report) -> Option<ScanFacts> {
    serde_json::from_value(report.facts.get("scan")?.clone()).ok()
}

/// `2 critical, 5 high`; `none` where there are none.
pub fn tally_words(tally: &Tally) -> String {
    let parts: Vec<String> = Rating::ALL
        .iter()
        .filter_map(|rating| tally.get(rating).map(|count| format!("{count} {}", rating.word())))
        .collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// `9.8`.
pub(crate) fn score(one: &VulnerabilityFact) -> String {
    one.score.map_or(String::new(), |score| format!("{}.{}", score / 10, score % 10))
}

/// Why vulnerabilities that the policy accepts do not count: by name and place.
pub(crate) fn accepted(report: &Report) -> BTreeMap<(String, String), String> {
    let mut out = BTreeMap::new();
    for finding in report.findings.iter().filter(|one| one.rule == RULE && one.status != FindingStatus::Open)
    {
        let Some(id) = finding.aliases.first() else { continue };
        let (seaworthy_finding::Location::Layer { path: place, .. }
        | seaworthy_finding::Location::File { path: place, .. }) = &finding.location
        else {
            continue;
        };
        out.insert((id.clone(), place.clone()), finding.reason.clone().unwrap_or_default());
    }
    out
}

/// The table and its summary; nothing where nothing was scanned.
pub fn terminal(report: &Report, options: &Options<'_>) -> String {
    let Some(scan) = facts(report) else { return String::new() };
    let mut out = String::new();
    let database = match &scan.database {
        Observed::Seen(database) => database,
        Observed::NotRun(reason) => {
            return format!(" – packages were not held against advisories: {}\n", escape(reason));
        }
        Observed::NotApplicable(_) | Observed::NotTried => return out,
    };
    let accepted = accepted(report);
    let shown: Vec<&VulnerabilityFact> = scan
        .open()
        .filter(|one| options.verbose > 0 || !accepted.contains_key(&(one.id.clone(), one.evidence.clone())))
        .collect();
    let most = if options.verbose > 0 { usize::MAX } else { LINES };
    out.push_str(&rows(&shown[..shown.len().min(most)], options));
    if shown.len() > most {
        let _ = writeln!(out, "   {} more, less severe (`-v` shows them)", shown.len() - most);
    }
    if !shown.is_empty() {
        out.push('\n');
    }
    for line in summary(&scan, &accepted, &database.newest) {
        let _ = writeln!(out, " {line}");
    }
    out
}

/// A finding that the table shows.
pub(crate) fn in_table(report: &Report, finding: &seaworthy_finding::Finding) -> bool {
    finding.rule == RULE && report.facts.contains_key("scan")
}

/// The table for a step summary or a comment.
pub(crate) fn markdown(report: &Report) -> String {
    let cell = |text: &str| crate::text::rich_html(text).replace('|', "&#124;").replace('\n', " ");
    let Some(scan) = facts(report) else { return String::new() };
    let mut out = String::from("### Known vulnerabilities\n\n");
    let database = match &scan.database {
        Observed::Seen(database) => database,
        Observed::NotRun(reason) => return format!("{out}Not run: {}\n\n", cell(reason)),
        Observed::NotApplicable(_) | Observed::NotTried => return String::new(),
    };
    for line in summary(&scan, &accepted(report), &database.newest) {
        let _ = writeln!(out, "- {}", cell(&line));
    }
    out.push('\n');
    let all: Vec<&VulnerabilityFact> = scan.open().collect();
    if !all.is_empty() {
        out.push_str(
            "| Severity | Vulnerability | Package | Installed | Fixed in |\n|---|---|---|---|---|\n",
        );
        for one in all.iter().take(ROWS) {
            let _ = writeln!(
                out,
                "| {} {} | {} | {} | {} | {} |",
                one.rating.word(),
                score(one),
                cell(&one.id),
                cell(&one.package),
                cell(&one.version),
                one.fixed.first().map_or("–".to_owned(), |version| cell(version))
            );
        }
        if all.len() > ROWS {
            let _ = writeln!(out, "\n{} more, less severe.", all.len() - ROWS);
        }
        out.push('\n');
    }
    out
}

/// What the scan comes to, line by line.
pub(crate) fn summary(
    scan: &ScanFacts,
    accepted: &BTreeMap<(String, String), String>,
    newest: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    let total = scan.open().count();
    let fixable = scan.open().filter(|one| !one.fixed.is_empty()).count();
    let exploited = scan.open().filter(|one| one.exploited.is_some()).count();
    let mut line = match total {
        0 => "no known vulnerability".to_owned(),
        1 => format!("1 known vulnerability: {}", tally_words(&scan.tally())),
        _ => format!("{total} known vulnerabilities: {}", tally_words(&scan.tally())),
    };
    if total > 0 {
        let _ = write!(line, "; {fixable} with a fix");
    }
    if exploited > 0 {
        let _ = write!(line, "; {exploited} exploited already");
    }
    lines.push(line);
    let count = |keep: &dyn Fn(&VulnerabilityFact) -> bool| {
        scan.vulnerabilities.iter().filter(|one| keep(one)).count()
    };
    let aside: Vec<String> = [
        (accepted.len(), "accepted by the policy"),
        (count(&|one| matches!(one.standing, Standing::Vex(_))), "dismissed by VEX"),
        (
            count(&|one| matches!(one.standing, Standing::Distribution(_))),
            "left to the distribution's advisories",
        ),
        (count(&|one| one.informational.is_some()), "warnings about packages"),
        (scan.elsewhere.len(), "about other systems only"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    if !aside.is_empty() {
        lines.push(format!("not counted: {}", aside.join(", ")));
    }
    if let Some(base) = &scan.base {
        lines.push(base_line(scan, base));
    }
    if let Some(change) = &scan.compared {
        lines.push(format!(
            "on {}: {} instead of {}; {} gone, {} new",
            escape(&change.name),
            tally_words(&change.after),
            tally_words(&change.before),
            change.gone.len(),
            change.new.len()
        ));
    }
    let judged: Vec<String> =
        scan.judged.iter().map(|(name, count)| format!("{} {count}", escape(name))).collect();
    let number = usize::try_from(scan.judged_packages()).unwrap_or(usize::MAX);
    let judged = if judged.is_empty() { "none".to_owned() } else { judged.join(", ") };
    lines.push(format!("judged {}: {judged}", plural(number, "package")));
    for one in &scan.unjudged {
        lines.push(format!("not judged {}: {}", plural(one.packages.len(), "package"), escape(&one.reason)));
    }
    let day = newest.get(..10).unwrap_or("no date");
    let ages: Vec<String> = scan.ages.iter().map(|(name, age)| format!("{} {age}", escape(name))).collect();
    let ages =
        if ages.is_empty() { String::new() } else { format!("; days since the last: {}", ages.join(", ")) };
    lines.push(format!("advisories up to {}{ages}", escape(day)));
    lines
}

fn base_line(scan: &ScanFacts, base: &seaworthy_facts::ScanBase) -> String {
    let of = |origin: Origin| {
        let mut tally = Tally::new();
        for one in scan.open().filter(|one| one.origin == Some(origin)) {
            *tally.entry(one.rating).or_default() += 1;
        }
        tally_words(&tally)
    };
    let guessed = if base.guessed { ", guessed from the history" } else { "" };
    format!(
        "{} ({}{guessed}): {}; yours: {}",
        if base.name.is_empty() { "base image".to_owned() } else { format!("base {}", escape(&base.name)) },
        plural(base.layers, "layer"),
        of(Origin::Base),
        of(Origin::Yours)
    )
}

/// A probability times 100,000 in percent: `42.0 %`.
pub(crate) fn percent(epss: u32) -> String {
    let tenths = (epss + 50) / 100;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn rows(list: &[&VulnerabilityFact], options: &Options<'_>) -> String {
    if list.is_empty() {
        return String::new();
    }
    // Only a database with EPSS scores has anything to say in that column.
    let likely = list.iter().any(|one| one.epss.is_some());
    let cells: Vec<[String; 7]> = list
        .iter()
        .map(|one| {
            let rating = format!("{:<10} {:>4}", one.rating.word(), score(one));
            let origin = match one.origin {
                Some(Origin::Base) => "base",
                Some(Origin::Yours) => "yours",
                None => "",
            };
            let mark = if one.exploited.is_some() { "!" } else { "" };
            [
                rating,
                format!("{}{mark}", escape(&one.id)),
                escape(&one.package),
                escape(&one.version),
                one.fixed.first().map_or("–".to_owned(), |version| escape(version)),
                one.epss.map_or_else(String::new, percent),
                origin.to_owned(),
            ]
        })
        .collect();
    let heads = [
        "severity",
        "vulnerability",
        "package",
        "installed",
        "fixed in",
        if likely { "EPSS" } else { "" },
        "",
    ];
    let widest = [15, 24, 34, 26, 26, 6, 5];
    let wide: Vec<usize> = (0..7)
        .map(|at| {
            let cells = cells.iter().map(|row| width(&row[at])).max().unwrap_or(0);
            cells.max(width(heads[at])).min(widest[at])
        })
        .collect();
    let line = |row: &[String]| {
        // A column without anything in it takes no room.
        let parts: Vec<String> = row
            .iter()
            .zip(&wide)
            .filter(|(_, wide)| **wide > 0)
            .map(|(text, wide)| pad(&fit(text, *wide), *wide))
            .collect();
        parts.join("  ").trim_end().to_owned()
    };
    let mut out = String::new();
    let _ = writeln!(out, "   {}", line(&heads.map(str::to_owned)));
    let used: usize = wide.iter().filter(|wide| **wide > 0).map(|wide| wide + 2).sum::<usize>() + 3;
    for (row, one) in cells.iter().zip(list) {
        let text = line(row);
        let (glyph, style) = match one.rating {
            Rating::Critical | Rating::High => ("✗", AnsiColor::Red.on_default()),
            Rating::Medium | Rating::Unknown => ("!", AnsiColor::Yellow.on_default()),
            Rating::Low | Rating::Negligible => ("·", Style::new().dimmed()),
        };
        let room = options.width.saturating_sub(used);
        let summary = if room >= 24 && !one.summary.is_empty() {
            fit(&escape(&one.summary), room)
        } else {
            String::new()
        };
        let full = if summary.is_empty() { text } else { format!("{}  {summary}", pad(&text, used - 5)) };
        let glyph = if options.color { format!("{style}{glyph}{style:#}") } else { glyph.to_owned() };
        let _ = writeln!(out, " {glyph} {full}");
    }
    out
}
