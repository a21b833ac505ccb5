//! Escaping, plurals and widths: what every text renderer shares.

use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// Whether a character could move a cursor, forge a line, or reorder or hide what stands beside it.
pub(crate) const fn is_hostile(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Writes one character, visibly where it is hostile.
pub(crate) fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_hostile(c) && u32::from(c) < 0x100 => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        c if is_hostile(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// One line of text in which control, escape and direction characters are shown as `\x1b` and `\u{202e}`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_visible(&mut out, c));
    out
}

/// The same for text of several lines: line ends stay, tabs become four spaces.
pub fn escape_block(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (body, end) = match line.strip_suffix('\n') {
            Some(body) => (body.strip_suffix('\r').unwrap_or(body), "\n"),
            None => (line, ""),
        };
        for c in body.chars() {
            if c == '\t' { out.push_str("    ") } else { push_visible(&mut out, c) }
        }
        out.push_str(end);
    }
    out
}

/// `1 finding`, `2 findings`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Columns a text takes in a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Text padded with spaces to a width in columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Text cut to a width in columns, the cut marked by `…`.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if width(&out) >= columns.max(1) {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}

/// Words broken into lines of at most `columns`; a longer word stands alone on its line.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Lines of a text that may have several: each wrapped, but one that is indented stays as it is, since it is
/// something to copy.
pub(crate) fn paragraphs(text: &str, columns: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.trim_end().lines() {
        if line.starts_with([' ', '\t']) {
            out.push(escape_block(line));
        } else {
            out.extend(wrap(&escape(line), columns));
        }
    }
    out
}

/// A digest short enough to read: algorithm and twelve characters.
pub(crate) fn short_digest(digest: &str) -> String {
    let digest = escape(digest);
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.chars().count() > 12 => {
            format!("{algorithm}:{}", hex.chars().take(12).collect::<String>())
        }
        _ => digest,
    }
}

/// One line of text for the inside of an HTML element; the house's code spans become `<code>`.
pub(crate) fn rich_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_code = false;
    let mut left = text.matches('`').count();
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '`' => {
                left = left.saturating_sub(1);
                // The last of an odd number opens nothing.
                if is_code || left > 0 {
                    out.push_str(if is_code { "</code>" } else { "<code>" });
                    is_code = !is_code;
                } else {
                    out.push('`');
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_become_visible() {
        assert_eq!(escape("a\u{1b}[31mb\nc\u{202e}d\u{9b}e"), "a\\x1b[31mb\\nc\\u{202e}d\\x9be");
        assert_eq!(escape_block("a\r\n\tb\rc\u{2028}"), "a\n    b\\rc\\u{2028}");
        assert_eq!(escape("Grüße, 日本 🚢"), "Grüße, 日本 🚢");
    }

    #[test]
    fn code_spans_become_elements_and_markup_becomes_text() {
        assert_eq!(rich_html("a `b` <img> `"), "a <code>b</code> &lt;img&gt; `");
    }

    #[test]
    fn widths_count_columns() {
        assert_eq!(fit("日本語テキスト", 7), "日本語…");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(pad("日本", 6), "日本  ");
        assert_eq!(wrap("aa bb cccccccc d", 5), ["aa bb", "cccccccc", "d"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(short_digest("sha256:0123456789abcdef"), "sha256:0123456789ab");
    }
}
