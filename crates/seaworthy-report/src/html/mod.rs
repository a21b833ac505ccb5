//! One self-contained page that reads well without a script.
//!
//! Nothing is loaded from anywhere: one style sheet, allowed by its digest, and inline SVG. The report
//! itself lies in the page as JSON, for tools.

mod build;
mod escape;
mod findings;
mod image;
mod map;
mod release;
mod run;
mod scan;
mod scores;
mod stages;
mod treemap;

use crate::sentence::{counts_line, verdict_sentence};
use crate::view;
use crate::{Options, json};
use escape::{rich, text};
use seaworthy_finding::{CheckStatus, Report, Verdict};
use seaworthy_oci::Digest;
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");

/// Renders the page.
pub(crate) fn render(report: &Report, options: &Options<'_>) -> Result<String, serde_json::Error> {
    let mut out = String::with_capacity(64 * 1024);
    head(&mut out, report);
    out.push_str("<body>\n<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n");
    banner(&mut out, report);
    out.push_str("<main>\n");
    scores::section(&mut out, report);
    stages::section(&mut out, report);
    findings::sections(&mut out, report, options);
    if let Some(image) = report.facts.get("image") {
        image::section(&mut out, image);
    }
    scan::section(&mut out, report);
    if let Some(build) = report.facts.get("build") {
        build::section(&mut out, build);
    }
    if let Some(run) = report.facts.get("run") {
        run::section(&mut out, run);
    }
    if let Some(release) = report.facts.get("release") {
        release::section(&mut out, release);
    }
    out.push_str("</main>\n");
    footer(&mut out, report);
    let data = serde_json::to_string(&json::document(report)?)?;
    let _ = writeln!(
        out,
        "<script type=\"application/json\" id=\"seaworthy-report\">{}</script>",
        escape::json(&data)
    );
    out.push_str("</body>\n</html>\n");
    Ok(out)
}

fn head(out: &mut String, report: &Report) {
    let title = format!("{} · {}", report.verdict.words(), report.subject);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"generator\" content=\"Seaworthy {}\">\n<title>{} · Seaworthy</title>\n\
         <style>{STYLE}</style>\n</head>\n",
        style_digest(),
        text(&report.version),
        text(&title)
    );
}

/// The digest by which the policy allows the style sheet, in base 64.
fn style_digest() -> String {
    use base64::Engine as _;
    let digest = Digest::of(STYLE.as_bytes());
    let hex = digest.hex().as_bytes();
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
    let bytes: Vec<u8> = hex.chunks(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The mark of the tool: a load line, which tells how deep a ship may lie.
const MARK: &str = "<svg class=\"mark\" viewBox=\"0 0 32 32\" width=\"28\" height=\"28\" aria-hidden=\"true\">\
    <circle cx=\"16\" cy=\"16\" r=\"9\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"3\"/>\
    <path d=\"M2 16h28\" stroke=\"currentColor\" stroke-width=\"3\"/></svg>";

fn banner(out: &mut String, report: &Report) {
    let (class, glyph) = verdict_look(report.verdict);
    let words = report.verdict.words();
    let sentence = verdict_sentence(report);
    let decided = sentence.strip_prefix(words).unwrap_or(&sentence).trim_start_matches(": ");
    // The names are listed as links below.
    let decided = match (decided.find(" ("), decided.find(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &decided[..open], &decided[close + 1..]),
        _ => decided.to_owned(),
    };
    let _ = write!(
        out,
        "<header class=\"top {class}\">\n<div class=\"wrap\">\n<div class=\"brand\">{MARK}\
         <span>Seaworthy</span><span class=\"what\"><code>seaworthy {}</code></span></div>\n\
         <div class=\"verdict\" id=\"verdict\">\n<span class=\"seal\" aria-hidden=\"true\">{glyph}</span>\n\
         <div><p class=\"subject\">{}</p>\n<h1>{words}</h1>\n<p class=\"decided\">{}</p>\n",
        text(&report.command),
        text(&report.subject),
        text(&decided)
    );
    if !report.decided_by.is_empty() {
        out.push_str("<p class=\"by\">Decided by ");
        let links: Vec<String> = report
            .decided_by
            .iter()
            .map(|name| {
                let is_check = report.checks.iter().any(|check| check.rule == *name);
                let stage = if is_check { "" } else { "stage-" };
                format!("<a href=\"#{stage}{}\">{}</a>", escape::id(name), text(name))
            })
            .collect();
        out.push_str(&links.join(" "));
        out.push_str("</p>\n");
    }
    let _ = writeln!(out, "</div>\n</div>\n<nav aria-label=\"Sections\">\n<ul>");
    for (anchor, label) in sections(report) {
        let _ = writeln!(out, "<li><a href=\"#{anchor}\">{label}</a></li>");
    }
    out.push_str("</ul>\n</nav>\n</div>\n</header>\n");
}

const fn verdict_look(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Fit => ("fit", "✓"),
        Verdict::FitWithWarnings => ("warn", "!"),
        Verdict::NotProven => ("unproven", "?"),
        Verdict::NotFit => ("unfit", "✗"),
    }
}

/// The sections the page has, with their counts.
fn sections(report: &Report) -> Vec<(&'static str, String)> {
    let counts = report.counts();
    let mut list = Vec::new();
    let aside = counts.suppressed + counts.waived + counts.hidden + counts.baselined;
    for (count, anchor, word) in [
        (findings::rules(report, true).len(), "failed", "failed"),
        (findings::rules(report, false).len(), "warnings", "with warnings"),
        (counts.not_run, "not-run", "not run"),
        (counts.passed, "passed", "passed"),
        (counts.not_applicable, "not-applicable", "not applicable"),
        (aside, "set-aside", "set aside"),
    ] {
        if count > 0 {
            list.push((anchor, format!("<b>{count}</b> {word}")));
        }
    }
    for (key, label) in [
        ("image", "Image"),
        ("scan", "Vulnerabilities"),
        ("build", "Build"),
        ("run", "Trial"),
        ("release", "Release"),
    ] {
        if report.facts.contains_key(key) {
            list.push((key, label.to_owned()));
        }
    }
    list
}

fn footer(out: &mut String, report: &Report) {
    let _ = write!(out, "<footer>\n<div class=\"wrap\">\n<p>{}</p>\n", text(&counts_line(report)));
    if let Some(next) = view::next_step(report) {
        let _ = writeln!(out, "<p class=\"next\"><b>Hint:</b> {}</p>", rich(&next));
    }
    let word = CheckStatus::NotRun.word();
    let _ = write!(
        out,
        "<p class=\"fine\">The verdict is decided by checks, never by a score. A check that was {word} never \
         counts as passed, and its category has no score. Sizes are in units of ten.</p>\n\
         <p class=\"fine\">Made by Seaworthy {} on <time datetime=\"{1}\">{1}</time>. This page loads nothing; \
         the report lies in it as JSON.</p>\n</div>\n</footer>\n",
        text(&report.version),
        text(&report.created)
    );
}
