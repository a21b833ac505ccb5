//! Keeps secrets of source files out of what people read.
//!
//! A finding about a secret marks the line it stands in. The value must not be repeated in a report, which
//! travels further than the file, and not in the frames of the lines around it either.

use crate::spoken;
use seaworthy_finding::{Finding, Location, Report};
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

/// The source text for a frame: as many asterisks as the secrets have bytes.
pub(crate) fn source(text: &str, secrets: &BTreeSet<String>) -> String {
    let mut out = mask(text, secrets);
    for span in spoken::spans(&out).into_iter().rev() {
        out.replace_range(span.clone(), &"*".repeat(span.len()));
    }
    out
}

/// A text without secrets, or nothing where it has none.
fn spoken(text: &str, secrets: &BTreeSet<String>) -> Option<String> {
    let mut out = text.to_owned();
    let mut longest: Vec<&String> = secrets.iter().collect();
    longest.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in longest {
        if out.contains(secret.as_str()) {
            out = out.replace(secret.as_str(), "***");
        }
    }
    let out = crate::without_secrets(&out);
    (out != text).then_some(out)
}

/// The report with secrets masked in what its findings say and quote, where one quotes any. A fix that would repeat one
/// is left out where it would be applied by who reads the report, and masked where it is only shown.
pub(crate) fn findings(report: &Report, secrets: &BTreeSet<String>, shown: bool) -> Option<Report> {
    let quotes = |finding: &Finding| {
        let edits = finding.fix.iter().flat_map(|fix| &fix.edits).map(|edit| &edit.text);
        let said = [&finding.message, &finding.why, &finding.help].into_iter();
        let all = said.chain(finding.evidence.iter().map(|evidence| &evidence.text)).chain(edits);
        all.into_iter().any(|text| spoken(text, secrets).is_some())
    };
    if !report.findings.iter().any(quotes) {
        return None;
    }
    let mut copy = report.clone();
    let clean = |text: &mut String| match spoken(text, secrets) {
        Some(masked) => {
            *text = masked;
            true
        }
        None => false,
    };
    for finding in &mut copy.findings {
        for text in [&mut finding.message, &mut finding.why, &mut finding.help] {
            clean(text);
        }
        for evidence in &mut finding.evidence {
            clean(&mut evidence.text);
        }
        let Some(fix) = &mut finding.fix else { continue };
        clean(&mut fix.title);
        let edits = fix.edits.iter_mut().filter_map(|edit| clean(&mut edit.text).then_some(())).count();
        if edits > 0 && !shown {
            finding.fix = None;
        }
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
