//! Keeps secrets of source files out of what people read.
//!
//! A finding about a secret marks the line it stands in. The value must not be repeated in a report, which
//! travels further than the file, and not in the frames of the lines around it either.

use seaworthy_finding::{Location, Report};
use std::collections::BTreeSet;

/// Shorter values are words like `true`; to hide them would only make the frames unreadable.
const SHORTEST: usize = 6;

/// The values that findings about secrets mark in source files.
pub(crate) fn secrets(report: &Report, sources: crate::Sources<'_>) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for finding in report.findings.iter().filter(|finding| finding.rule.contains("secret")) {
        let Location::File { path, span, .. } = &finding.location else { continue };
        let Some(source) = sources(path) else { continue };
        let (Some(before), Some(_)) = (source.get(..span.start), source.get(span.start..span.end)) else {
            continue;
        };
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = source.get(span.end..).unwrap_or_default();
        let end = span.end + rest.find('\n').unwrap_or(rest.len());
        for line in source.get(start..end).unwrap_or_default().lines() {
            values(line, &mut out);
        }
    }
    out
}

/// The text with every secret replaced by as many asterisks as it has bytes, so that places stay right.
pub(crate) fn mask(text: &str, secrets: &BTreeSet<String>) -> String {
    // The longest first: one value may be a part of another.
    let mut longest: Vec<&String> = secrets.iter().collect();
    longest.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut out = text.to_owned();
    for secret in longest {
        out = out.replace(secret.as_str(), &"*".repeat(secret.len()));
    }
    out
}

/// The report with secrets masked in what fixes insert, where one inserts any.
pub(crate) fn edits(report: &Report, secrets: &BTreeSet<String>) -> Option<Report> {
    let repeats = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
    let mut fixes = report.findings.iter().filter_map(|finding| finding.fix.as_ref());
    if !fixes.any(|fix| fix.edits.iter().any(|edit| repeats(&edit.text))) {
        return None;
    }
    let mut copy = report.clone();
    for edit in
        copy.findings.iter_mut().filter_map(|finding| finding.fix.as_mut()).flat_map(|fix| &mut fix.edits)
    {
        edit.text = mask(&edit.text, secrets);
    }
    Some(copy)
}

/// The values of a line: `KEY=value`, `key: value`, and what follows the name in `ENV KEY value`.
fn values(line: &str, out: &mut BTreeSet<String>) {
    let line = line.trim();
    let mut keep = |value: &str| {
        let value = value.trim().trim_matches(['"', '\'', ',', '\\']).trim();
        let is_reference = value.starts_with(['$', '/', '*']) || value.contains("type=secret");
        if value.len() >= SHORTEST && !is_reference {
            out.insert(value.to_owned());
        }
    };
    if let Some((_, value)) = line.split_once(": ") {
        keep(value);
    }
    for word in line.split_whitespace() {
        if let Some((_, value)) = word.split_once('=') {
            keep(value);
        }
    }
    // A quoted value may have spaces.
    for part in line.split("=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        keep(part);
    }
    let mut words = line.splitn(3, char::is_whitespace);
    if let (Some(instruction), Some(name), Some(value)) = (words.next(), words.next(), words.next())
        && instruction.eq_ignore_ascii_case("ENV")
        && !name.contains('=')
    {
        keep(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<String> {
        let mut out = BTreeSet::new();
        values(line, &mut out);
        out.into_iter().collect()
    }

    #[test]
    fn values_of_every_spelling_are_found() {
        assert_eq!(of("ENV A=secret-value B=\"two words\""), ["secret-value", "two words"]);
        assert_eq!(of("ENV TOKEN ghp_abc def"), ["ghp_abc def"]);
        assert_eq!(of("      PASSWORD: hunter2hunter2"), ["hunter2hunter2"]);
        assert_eq!(of("      - PASSWORD=hunter2"), ["hunter2"]);
        assert!(of("ENV A=$SECRET_TOKEN DEBUG=true").is_empty());
        assert!(of("RUN --mount=type=secret,id=token true").is_empty());
    }

    #[test]
    fn masking_keeps_every_place() {
        let secrets = ["sésame-ouvre".to_owned(), "sésame".to_owned()].into();
        let text = "A=sésame-ouvre B=sésame C";
        let masked = mask(text, &secrets);
        assert_eq!(masked.len(), text.len());
        assert_eq!(masked, "A=************* B=******* C");
    }
}
