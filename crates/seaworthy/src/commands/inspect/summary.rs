//! The image on one screen: what it is, what it costs, whose it is, what it runs, what is wrong with it.

use super::paint::{BAD, BOLD, DIM, GOOD, HEAD, Paint, WARN, fit, pad_left};
use super::{instruction, spare};
use seaworthy_facts::{BaseBy, ImageFacts};
use seaworthy_finding::{CheckStatus, FindingStatus, Report, Severity, Verdict, format_bytes, format_ms};
use seaworthy_report::escape;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rows of layers; where there are more, the largest stand for all.
const LAYERS: usize = 6;
/// Rows of findings.
const FINDINGS: usize = 5;

/// The image in at most 14 lines.
pub(crate) fn image(facts: &ImageFacts, paint: Paint, width: usize) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let mut say = |name: &str, words: &str| {
        let words = fit(words, width.saturating_sub(12));
        let _ = writeln!(out, "  {} {words}", paint.with(DIM, &format!("{name:<9}")));
    };
    let created = facts.config.created.as_deref().unwrap_or("an unknown day");
    let created = created.split('T').next().unwrap_or(created);
    say("image", &format!("{}, {}", facts.platform, short(&facts.digest, 19)));
    say("made", &format!("{} of {} layers{}", escape(created), facts.layers.len(), base_words(facts)));
    let files = facts.files.iter().filter(|file| file.kind == seaworthy_facts::FileKind::File).count();
    say(
        "size",
        &format!(
            "{} to pull, {} unpacked, {} files",
            format_bytes(facts.compressed),
            format_bytes(facts.unpacked),
            grouped(files)
        ),
    );
    say("waste", &waste_words(facts));
    say("contains", &contents(facts));
    say("runs", &runs(facts));
    let body = out;
    let mut out = format!("{}\n{body}", paint.with(HEAD, &fit(&escape(&facts.source), width)));
    layers(&mut out, facts, paint, width);
    out
}

fn base_words(facts: &ImageFacts) -> String {
    let Some(base) = &facts.base else { return String::new() };
    let name = base.name.as_deref().or(base.digest.as_deref());
    let name = name.map_or(String::new(), |name| format!(" of {}", escape(name)));
    let Some(count) = base.layers else { return format!(", on{}", name.trim_start_matches(" of")) };
    let by = match base.by {
        BaseBy::Given => "",
        BaseBy::Label | BaseBy::History => " (by the history)",
    };
    let own: u64 = facts.layers.iter().skip(count).map(|layer| layer.compressed).sum();
    format!(", {count} the base's{name}{by}; yours {}", format_bytes(own))
}

fn waste_words(facts: &ImageFacts) -> String {
    let hidden = facts.hidden();
    let caches: u64 =
        facts.waste.iter().filter(|waste| waste.hidden_by.is_none()).map(|waste| waste.bytes).sum();
    let caches = if caches > 0 { format!(", {} caches", format_bytes(caches)) } else { String::new() };
    format!(
        "{} hidden{caches}; dive: {} % efficient, {} wasted",
        format_bytes(hidden),
        percent(facts.efficiency),
        format_bytes(facts.dive.wasted)
    )
}

/// A share in percent that does not call 99.96 a hundred.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    if text == "100.0" && share < 1.0 { "99.9".to_owned() } else { text.trim_end_matches(".0").to_owned() }
}

fn contents(facts: &ImageFacts) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &facts.packages {
        *kinds.entry(package.kind.as_str()).or_default() += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut parts: Vec<String> =
        kinds.iter().take(4).map(|(kind, count)| format!("{count} {kind}")).collect();
    if parts.is_empty() {
        parts.push("no packages".to_owned());
    }
    parts.push(match facts.binaries.len() {
        1 => "1 program".to_owned(),
        count => format!("{count} programs"),
    });
    let has = |names: &[&str]| names.iter().any(|name| facts.file(name).is_some());
    if has(&["/bin/sh", "/usr/bin/sh", "/busybox/sh"]) {
        parts.push("a shell".to_owned());
    }
    if facts.secrets.is_empty() {
        parts.join(", ")
    } else {
        format!("{}, {} secrets", parts.join(", "), facts.secrets.len())
    }
}

fn runs(facts: &ImageFacts) -> String {
    let config = &facts.config.config;
    let words: Vec<String> = config.entrypoint.iter().chain(&config.cmd).map(|word| escape(word)).collect();
    let command = if words.is_empty() { "nothing by itself".to_owned() } else { words.join(" ") };
    let user = if config.user.is_empty() { "root".to_owned() } else { escape(&config.user) };
    let ports: Vec<String> = config.exposed_ports.keys().map(|port| escape(port)).collect();
    let ports = if ports.is_empty() { String::new() } else { format!(", ports {}", ports.join(" ")) };
    let health = if config.healthcheck.is_some() { ", health check" } else { "" };
    format!("{} as {user}{ports}{health}", fit(&command, 38))
}

/// The largest layers in their order.
fn layers(out: &mut String, facts: &ImageFacts, paint: Paint, width: usize) {
    let count = facts.layers.len();
    if count == 0 {
        return;
    }
    let mut shown: Vec<usize> = (0..count).collect();
    if count > LAYERS {
        shown.sort_by_key(|at| std::cmp::Reverse(facts.layers[*at].compressed));
        shown.truncate(LAYERS - 1);
        shown.sort_unstable();
    }
    let base = facts.base.as_ref().and_then(|base| base.layers).unwrap_or_default();
    let heading = format!("  {:>3}  {:>9} {:>9} {:>9}  made by", "#", "to pull", "unpacked", "hidden");
    let _ = writeln!(out, "{}", paint.with(DIM, &heading));
    for at in &shown {
        let layer = &facts.layers[*at];
        let hidden = if layer.wasted > 0 { format_bytes(layer.wasted) } else { String::new() };
        let room = width.saturating_sub(39);
        let by = fit(&escape(&instruction(&layer.created_by)), room);
        let by = if *at < base { paint.with(DIM, &by) } else { by };
        let _ = writeln!(
            out,
            "  {:>3}{} {} {} {}  {by}",
            at + 1,
            if *at < base { "·" } else { " " },
            pad_left(&format_bytes(layer.compressed), 9),
            pad_left(&format_bytes(layer.unpacked), 9),
            paint.with(WARN, &pad_left(&hidden, 9)),
        );
    }
    if count > shown.len() {
        let rest = (0..count).filter(|at| !shown.contains(at));
        let bytes: u64 = rest.map(|at| facts.layers[at].compressed).sum();
        let words = format!("       {:>9}  in {} smaller layers", format_bytes(bytes), count - shown.len());
        let _ = writeln!(out, "{}", paint.with(DIM, &words));
    }
}

/// The findings in a few lines, the verdict last.
pub(crate) fn findings(report: &Report, facts: &ImageFacts, paint: Paint, width: usize) -> String {
    let mut out = String::new();
    let mut counted: Vec<_> =
        report.findings.iter().filter(|finding| finding.status == FindingStatus::Open).collect();
    counted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    // A rule that says something of many files says it once here.
    let mut rules: Vec<(&str, Severity, &str, usize)> = Vec::new();
    for finding in &counted {
        match rules.iter_mut().find(|(rule, ..)| *rule == finding.rule) {
            Some((.., count)) => *count += 1,
            None => rules.push((&finding.rule, finding.severity, &finding.message, 1)),
        }
    }
    for (rule, severity, message, count) in rules.iter().take(FINDINGS) {
        let look = if *severity >= Severity::High { BAD } else { WARN };
        let times = if *count > 1 { format!(" × {count}") } else { String::new() };
        let head = format!("{rule}{times}");
        let room = width.saturating_sub(head.chars().count() + 14);
        let _ = writeln!(
            out,
            "  {} {}  {}",
            paint.with(look, &format!("{:<8}", severity.word())),
            paint.with(BOLD, &head),
            fit(&escape(message), room)
        );
    }
    if rules.len() > FINDINGS {
        let rest = rules.len() - FINDINGS;
        let words = format!("  {:<8} {rest} more rule{}", "", if rest == 1 { "" } else { "s" });
        let _ = writeln!(out, "{}", paint.with(DIM, &words));
    }
    let look = match report.verdict {
        Verdict::Fit => GOOD,
        Verdict::NotFit => BAD,
        Verdict::FitWithWarnings | Verdict::NotProven => WARN,
    };
    let passed = report.checks.iter().filter(|check| check.status == CheckStatus::Pass).count();
    let _ = writeln!(
        out,
        "{}: {} of {} findings count, {passed} checks passed (read in {})",
        paint.with(look, report.verdict.words()),
        counted.len(),
        report.findings.len(),
        format_ms(facts.ms)
    );
    let left: u64 = spare::of(facts).values().map(|(_, bytes)| bytes).sum();
    let next = if facts.hidden() + left > 1_000_000 { "`--waste` what can go" } else { "`--tree` its files" };
    // A narrow screen is offered less, not a part of a word.
    let all = [
        format!("`-v` shows every finding, {next}, `--browse` the layers"),
        format!("`-v` shows every finding, {next}"),
    ];
    let words = all.iter().find(|words| words.len() + 6 <= width).unwrap_or(&all[1]);
    let _ = writeln!(out, "{} {words}", paint.with(HEAD, "hint:"));
    out
}

fn short(digest: &str, most: usize) -> String {
    escape(digest).chars().take(most).collect()
}

/// A number with a thin line between its thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
