//! Text, identifiers and JSON as a page may hold them.

use crate::text::escape;

/// Text or the value of an attribute in double quotes.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in escape(raw).chars() {
        push(&mut out, c);
    }
    out
}

/// Text of several lines, for `<pre>`.
pub(super) fn block(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in crate::text::escape_block(raw).chars() {
        push(&mut out, c);
    }
    out
}

/// One line of text whose backticks are code.
pub(super) fn rich(raw: &str) -> String {
    crate::text::rich_html(raw)
}

/// An identifier: letters, digits and hyphens.
pub(super) fn id(raw: &str) -> String {
    raw.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// JSON that can neither end its element nor open a comment.
pub(super) fn json(raw: &str) -> String {
    raw.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn push(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    }
}
