//! What failed, what warns, what was not run, what passed: in this order.

use super::escape::{block, id, rich, text};
use crate::diff::{self, Hunk};
use crate::frame::frame;
use crate::text::plural;
use crate::view::{self, Loudness, loudness, place, trust, worst_first};
use crate::{Options, text::escape};
use seaworthy_finding::{
    Applicability, Category, Check, CheckStatus, Confidence, EvidenceKind, Finding, Location, Report,
    format_ms,
};
use std::fmt::Write as _;

/// Findings of one rule are detailed up to this number; the rest are listed.
const DETAILED: usize = 20;

/// Writes every section about checks and findings.
pub(super) fn sections(out: &mut String, report: &Report, options: &Options<'_>) {
    open(out, report, options, true);
    open(out, report, options, false);
    not_run(out, report);
    folded(out, report, CheckStatus::Pass, "passed", "Passed");
    folded(out, report, CheckStatus::NotApplicable, "not-applicable", "Not applicable");
    set_aside(out, report);
}

/// The rules with findings that failed, or those that only warn, the worst first; and rules that broke.
pub(super) fn rules(report: &Report, failed: bool) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for finding in worst_first(report) {
        let is_failed = loudness(report, finding) == Loudness::Error;
        if is_failed == failed && !names.contains(&finding.rule.as_str()) {
            names.push(&finding.rule);
        }
    }
    // A failed check without a finding of its own is still shown.
    for check in view::checks_with(report, |check| match check.status {
        CheckStatus::Fail | CheckStatus::Error => failed,
        CheckStatus::Warn => !failed,
        _ => false,
    }) {
        if !names.contains(&check.rule.as_str()) && !report.open().any(|one| one.rule == check.rule) {
            names.push(&check.rule);
        }
    }
    names
}

fn open(out: &mut String, report: &Report, options: &Options<'_>, failed: bool) {
    let names = rules(report, failed);
    if names.is_empty() {
        return;
    }
    let (anchor, title) = if failed { ("failed", "Failed") } else { ("warnings", "Warnings") };
    let count = names.len();
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"{anchor}\">\n<h2 id=\"{anchor}\">{title} <span class=\"count\">{count}</span></h2>"
    );
    for name in names {
        card(out, report, options, name, failed);
    }
    out.push_str("</section>\n");
}

fn card(out: &mut String, report: &Report, options: &Options<'_>, name: &str, failed: bool) {
    let check = report.checks.iter().find(|check| check.rule == name);
    let findings: Vec<&Finding> = worst_first(report)
        .into_iter()
        .filter(|one| one.rule == name && (loudness(report, one) == Loudness::Error) == failed)
        .collect();
    let (class, glyph, word) = if failed { ("poor", "✗", "failed") } else { ("fair", "!", "warning") };
    let anchor = id(name);
    let title = match (findings.as_slice(), check) {
        ([only], _) => only.message.as_str(),
        (_, Some(check)) => check.title.as_str(),
        ([first, ..], None) => first.message.as_str(),
        ([], None) => name,
    };
    let _ = write!(
        out,
        "<article class=\"card {class}\" id=\"{anchor}\">\n<header><span class=\"glyph\" role=\"img\" \
         aria-label=\"{word}\">{glyph}</span><div><h3>{}</h3>\n<p class=\"meta\">\
         <a class=\"rule\" href=\"#{anchor}\">{}</a>",
        rich(title),
        text(name)
    );
    if let Some(worst) = findings.iter().map(|one| one.severity).max() {
        let _ = write!(out, "<span class=\"chip {0}\">{0}</span>", worst.word());
    }
    if let Some(check) = check {
        let _ = write!(out, "<span>{}</span>", text(check.category.title()));
        if check.gate {
            out.push_str("<span>decides the verdict</span>");
        }
        if check.ms > 0 {
            let _ = write!(out, "<span>{}</span>", format_ms(check.ms));
        }
    }
    if findings.len() > 1 {
        let _ = write!(out, "<span>{}</span>", plural(findings.len(), "place"));
    }
    out.push_str("</p></div></header>\n");
    if let Some(check) = check.filter(|check| !check.reason.is_empty()) {
        let lead = if check.status == CheckStatus::Error { "The rule broke: " } else { "" };
        let _ = writeln!(out, "<p>{lead}{}</p>", rich(&check.reason));
    }
    let shared = |field: fn(&Finding) -> &str| {
        let first = findings.first().map_or("", |one| field(one));
        findings.iter().all(|one| field(one) == first).then_some(first).filter(|text| !text.is_empty())
    };
    let why = shared(|one| &one.why);
    let help = shared(|one| &one.help);
    // Where several findings share them, they stand once, above all.
    let (why, help) = if findings.len() > 1 { (why, help) } else { (None, None) };
    for (name, value) in [("Why", why), ("Help", help)] {
        if let Some(value) = value {
            advice(out, name, value);
        }
    }
    for (at, one) in findings.iter().enumerate() {
        if at == DETAILED {
            let _ = writeln!(out, "<p>{} more:</p>\n<ul class=\"more\">", findings.len() - DETAILED);
        }
        if at >= DETAILED {
            let _ =
                writeln!(out, "<li><code>{}</code> {}</li>", text(&place(&one.location)), rich(&one.message));
            continue;
        }
        finding(out, one, options, findings.len() > 1, why.is_none(), help.is_none());
    }
    if findings.len() > DETAILED {
        out.push_str("</ul>\n");
    }
    tail(out, &findings);
    out.push_str("</article>\n");
}

fn finding(out: &mut String, finding: &Finding, options: &Options<'_>, titled: bool, why: bool, help: bool) {
    out.push_str("<div class=\"finding\">\n");
    if titled {
        let _ = writeln!(out, "<h4>{}</h4>", rich(&finding.message));
    }
    let label = if finding.title == finding.message { "" } else { finding.title.as_str() };
    let _ = writeln!(out, "<p class=\"place\"><code>{}</code></p>", text(&place(&finding.location)));
    if let Location::File { path, span, .. } = &finding.location {
        if let Some(framed) = (options.sources)(path).and_then(|source| frame(&source, *span, 2)) {
            code(out, &framed, label);
        }
    } else if !label.is_empty() && !titled {
        let _ = writeln!(out, "<p>{}</p>", rich(label));
    }
    for (wanted, name, value) in [(why, "Why", &finding.why), (help, "Help", &finding.help)] {
        if wanted && !value.is_empty() {
            advice(out, name, value);
        }
    }
    fix(out, finding, options);
    for proof in view::evidence(finding) {
        let word = view::evidence_word(proof.kind);
        let shell = if proof.kind == EvidenceKind::Command { " class=\"shell\"" } else { "" };
        let _ = writeln!(
            out,
            "<figure class=\"proof\"><figcaption>{word}</figcaption><pre{shell} tabindex=\"0\">{}</pre></figure>",
            block(proof.text.trim_end())
        );
    }
    out.push_str("</div>\n");
}

/// Why it matters or what to do. The lines after the first are something to copy.
fn advice(out: &mut String, name: &str, value: &str) {
    let (first, rest) = value.trim_end().split_once('\n').unwrap_or((value, ""));
    let _ = writeln!(out, "<p class=\"{}\"><b>{name}</b> {}</p>", name.to_lowercase(), rich(first));
    if !rest.is_empty() {
        let _ = writeln!(out, "<pre tabindex=\"0\">{}</pre>", block(rest));
    }
}

/// The lines with their numbers, the place marked and its label below.
fn code(out: &mut String, framed: &crate::frame::Frame, label: &str) {
    out.push_str("<pre class=\"frame\" tabindex=\"0\">");
    let mut at = 0;
    let last = framed.first_line + framed.text.lines().count();
    let digits = last.to_string().len();
    for (offset, line) in framed.text.split_inclusive('\n').enumerate() {
        let number = framed.first_line + offset;
        let body = line.trim_end_matches('\n');
        let range = at..at + body.len();
        at += line.len();
        let start = framed.mark.start.clamp(range.start, range.end);
        let end = framed.mark.end.clamp(start, range.end);
        let touched = start < end || (framed.mark.is_empty() && range.contains(&framed.mark.start));
        let cut = |from: usize, to: usize| plain(framed.text.get(from..to).unwrap_or_default());
        let class = if touched { " class=\"hit\"" } else { "" };
        let _ = write!(out, "<span{class}><i>{number:>digits$}</i> {}", cut(range.start, start));
        if start < end {
            let _ = write!(out, "<mark>{}</mark>", cut(start, end));
        }
        let _ = write!(out, "{}\n</span>", cut(end, range.end));
        let is_last_marked = framed.mark.end <= range.end && framed.mark.end >= range.start;
        if is_last_marked && !label.is_empty() {
            let column = framed.text.get(range.start..start).map_or(0, |text| text.chars().count());
            let _ = write!(
                out,
                "<span class=\"label\"><i>{:digits$}</i> {}<b>↑ {}</b>\n</span>",
                "",
                " ".repeat(column.min(40)),
                rich(label)
            );
        }
    }
    out.push_str("</pre>\n");
}

/// Text of a frame is escaped already; only markup is left to do.
fn plain(escaped: &str) -> String {
    escaped.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn fix(out: &mut String, finding: &Finding, options: &Options<'_>) {
    let Some(fix) = &finding.fix else { return };
    let class = if fix.applicability == Applicability::Safe { "good" } else { "fair" };
    let _ = write!(
        out,
        "<figure class=\"fix\"><figcaption><b>Fix</b> {} <span class=\"trust {class}\">{}</span></figcaption>",
        rich(&fix.title),
        text(trust(fix.applicability))
    );
    let hunks = (options.sources)(&fix.path).map_or_else(Vec::new, |source| diff::hunks(&source, fix));
    if !hunks.is_empty() {
        let _ =
            write!(out, "<pre class=\"diff\" tabindex=\"0\" aria-label=\"Change of {}\">", text(&fix.path));
        let mut left: usize = 40;
        for Hunk { line, removed, added } in &hunks {
            let _ = write!(out, "<span class=\"hunk\">{} line {line}\n</span>", text(&fix.path));
            for (tag, sign, lines) in [("del", '-', removed), ("ins", '+', added)] {
                for line in lines.iter().take(left) {
                    let _ =
                        write!(out, "<{tag}>{sign} {}\n</{tag}>", block(line.trim_end_matches(['\n', '\r'])));
                }
            }
            left = left.saturating_sub(removed.len() + added.len());
        }
        out.push_str("</pre>");
    }
    out.push_str("</figure>\n");
}

fn tail(out: &mut String, findings: &[&Finding]) {
    let mut aliases: Vec<String> =
        findings.iter().flat_map(|one| &one.aliases).map(|alias| escape(alias)).collect();
    aliases.sort();
    aliases.dedup();
    let sure = findings.iter().map(|one| one.confidence).max();
    let mut parts: Vec<String> = Vec::new();
    if let Some(sure) = sure {
        let word = match sure {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        };
        parts.push(format!("Confidence {word}"));
    }
    if !aliases.is_empty() {
        parts.push(format!("elsewhere {}", text(&aliases.join(", "))));
    }
    if !parts.is_empty() {
        let _ = writeln!(out, "<p class=\"tail\">{}</p>", parts.join(" · "));
    }
}

fn not_run(out: &mut String, report: &Report) {
    let checks = view::checks_with(report, |check| check.status == CheckStatus::NotRun);
    if checks.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"not-run\">\n<h2 id=\"not-run\">Not run <span class=\"count\">{}</span></h2>\n\
         <p class=\"lead\">Nothing is known of these; they count as neither passed nor failed.</p>\n<ul class=\"rows\">",
        checks.len()
    );
    for check in checks {
        row(out, check, "none", "–", "not run");
    }
    out.push_str("</ul>\n</section>\n");
}

fn folded(out: &mut String, report: &Report, status: CheckStatus, anchor: &str, title: &str) {
    let checks = view::checks_with(report, |check| check.status == status);
    if checks.is_empty() {
        return;
    }
    let (class, glyph) = if status == CheckStatus::Pass { ("good", "✓") } else { ("none", "·") };
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"{anchor}\">\n<details>\n<summary><h2 id=\"{anchor}\">{title} <span class=\"count\">{}</span></h2></summary>",
        checks.len()
    );
    for category in Category::ALL {
        let mut of = checks.iter().filter(|check| check.category == category).peekable();
        if of.peek().is_none() {
            continue;
        }
        let _ =
            writeln!(out, "<h3 class=\"group\">{}</h3>\n<ul class=\"rows compact\">", text(category.title()));
        for check in of {
            row(out, check, class, glyph, status.word());
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</details>\n</section>\n");
}

fn row(out: &mut String, check: &Check, class: &str, glyph: &str, word: &str) {
    let time = if check.ms > 0 { format_ms(check.ms) } else { String::new() };
    let _ = write!(
        out,
        "<li class=\"{class}\" id=\"{}\"><span class=\"glyph\" role=\"img\" aria-label=\"{word}\">{glyph}</span>\
         <div><b>{}</b>",
        id(&check.rule),
        rich(&check.title)
    );
    if !check.reason.is_empty() {
        let _ = write!(out, "<p>{}</p>", rich(&check.reason));
    }
    let gate = if check.gate && check.status == CheckStatus::NotRun { "decides the verdict · " } else { "" };
    let _ = writeln!(
        out,
        "<p class=\"rulename\">{gate}{}</p></div><span class=\"time\">{time}</span></li>",
        text(&check.rule)
    );
}

fn set_aside(out: &mut String, report: &Report) {
    let findings = view::set_aside(report);
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"set-aside\">\n<details>\n<summary><h2 id=\"set-aside\">Set aside \
         <span class=\"count\">{}</span></h2></summary>\n<ul class=\"rows\">",
        findings.len()
    );
    for finding in findings {
        let word = view::status_word(finding.status);
        let reason = finding.reason.as_ref().map_or(String::new(), |text| format!(": {}", rich(text)));
        let _ = writeln!(
            out,
            "<li class=\"none\"><span class=\"glyph\" aria-hidden=\"true\">○</span><div><b>{}</b><p>{word}{reason}</p>\
             <p class=\"rulename\">{} · {} · {}</p></div></li>",
            rich(&finding.message),
            text(&finding.rule),
            finding.severity.word(),
            text(&place(&finding.location))
        );
    }
    out.push_str("</ul>\n</details>\n</section>\n");
}
