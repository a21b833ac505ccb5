//! Sizes in sentences.

use seaworthy_facts::SizeClaim;
use seaworthy_finding::{Span, parse_bytes};

const UNITS: [&str; 8] = ["MiB", "MB", "GiB", "GB", "kB", "KB", "KiB", "TB"];

/// The sizes of an image stated in a stretch of text.
pub(crate) fn sizes(text: &str, stretch: Span) -> Vec<SizeClaim> {
    let mut out = Vec::new();
    for sentence in sentences(text, stretch) {
        let words = sentence.of(text);
        let lower = words.to_ascii_lowercase();
        let about_image = ["image", "container"].iter().any(|word| lower.contains(word));
        let about_else =
            ["memory", "ram", "disk space", "upload", "request", "body", "cache", "model", "log"]
                .iter()
                .any(|word| lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|known| known == *word));
        if !about_image || about_else {
            continue;
        }
        let compressed =
            if ["uncompressed", "unpacked", "on disk", "extracted"].iter().any(|word| lower.contains(word)) {
                Some(false)
            } else if ["compressed", "download", "pull"].iter().any(|word| lower.contains(word)) {
                Some(true)
            } else {
                None
            };
        for (start, end) in numbers(words) {
            let Some(bytes) = parse_bytes(&words[start..end]) else { continue };
            let before = lower.get(..start).unwrap_or_default().trim_end();
            let before = before
                .strip_suffix("about")
                .or_else(|| before.strip_suffix('~'))
                .unwrap_or(before)
                .trim_end();
            let bound = [
                "under", "below", "than", "at most", "up to", "<", "<=", "\u{2264}", "max", "max.", "limit",
                "limit:", "budget", "within",
            ]
            .iter()
            .any(|word| before.ends_with(word));
            out.push(SizeClaim {
                text: words.split_whitespace().collect::<Vec<_>>().join(" "),
                span: Span::new(sentence.start + start, sentence.start + end),
                bytes,
                bound,
                compressed,
            });
        }
    }
    out
}

fn sentences(text: &str, stretch: Span) -> Vec<Span> {
    let body = stretch.of(text);
    let mut out = Vec::new();
    let mut start = 0;
    let bytes = body.as_bytes();
    for (at, ch) in body.char_indices() {
        let ends = matches!(ch, '.' | '!' | '?') && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        if ends {
            out.push(Span::new(stretch.start + start, stretch.start + at));
            start = at + 1;
        }
    }
    out.push(Span::new(stretch.start + start, stretch.start + body.len()));
    out
}

/// Places of `12 MB`, `4.2MiB` and the like.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit()
            || (at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'.'))
        {
            at += 1;
            continue;
        }
        let mut end = at;
        while end < bytes.len() && (bytes[end].is_ascii_digit() || bytes[end] == b'.') {
            end += 1;
        }
        let gap = bytes[end..].iter().take_while(|byte| **byte == b' ').count();
        let rest = &text[end + gap.min(1)..];
        let unit = UNITS.iter().find(|unit| {
            rest.strip_prefix(**unit)
                .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '/'))
        });
        if let Some(unit) = unit {
            out.push((at, end + gap.min(1) + unit.len()));
        }
        at = end;
    }
    out
}
