//! Finding `<<NAME` words in a line.

use std::ops::Range;

use crate::expand::{Mode, expand_full, raw_words};

/// A `<<NAME` word.
#[derive(Debug, Clone)]
pub(crate) struct Opener {
    pub(crate) name: String,
    pub(crate) expand: bool,
    pub(crate) strip_tabs: bool,
    pub(crate) fd: u32,
    pub(crate) range: Range<usize>,
}

/// All heredocs a joined line opens, in order. A backslash escapes here, whatever the escape directive says.
pub(crate) fn openers(text: &str) -> Vec<Opener> {
    if !text.contains("<<") {
        return Vec::new();
    }
    let words = raw_words(text, '\\').unwrap_or_default();
    words.into_iter().filter_map(|(word, range)| opener(&word, range)).collect()
}

/// Reads one word; `None` when it opens no heredoc.
pub(crate) fn opener(word: &str, range: Range<usize>) -> Option<Opener> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let rest = word[digits..].strip_prefix("<<")?;
    let (strip_tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let plain = Mode { skip_unset: true, ..Mode::WORD };
    let raw = Mode { raw_quotes: true, ..plain };
    let names = expand_full(rest, &|_| None, '\\', plain).ok()?.words;
    let written = expand_full(rest, &|_| None, '\\', raw).ok()?.words;
    let ([name], [written]) = (names.as_slice(), written.as_slice()) else { return None };
    let quotes = |text: &str| text.matches(['"', '\'']).count();
    Some(Opener {
        // Quotes that went away were quotes; escaped ones stay in both.
        expand: quotes(name) == quotes(written),
        name: name.clone(),
        strip_tabs,
        fd: word[..digits].parse().unwrap_or(0),
        range,
    })
}
