//! The second pass: how the arguments of an instruction fall into words, as ranges of the joined line.

use std::ops::Range;

/// A flag as it was cut from the line: its range, and its text with quotes and escapes removed, each character
/// with the offset it came from.
#[derive(Debug, Clone)]
pub(crate) struct RawFlag {
    pub(crate) range: Range<usize>,
    pub(crate) chars: Vec<(char, usize)>,
}

/// The white space that separates plain lists.
pub(crate) const fn is_list_space(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x0b | 0x0c | b'\r' | b' ')
}

/// Narrows a range to what is left without white space at both ends.
pub(crate) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.end - part.trim_start().len();
    let end = (range.start + part.trim_end().len()).max(start);
    start..end
}

/// The end of the first run of bytes that are no list space, and the end of the spaces behind it.
pub(crate) fn first_word(text: &str, range: Range<usize>) -> (usize, usize) {
    let bytes = &text.as_bytes()[range.clone()];
    let word = bytes.iter().position(|byte| is_list_space(*byte)).unwrap_or(bytes.len());
    let rest = bytes[word..].iter().position(|byte| !is_list_space(*byte)).unwrap_or(bytes.len() - word);
    (range.start + word, range.start + word + rest)
}

/// Splits on list white space; quotes mean nothing here.
pub(crate) fn split_list(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let (end, next) = first_word(text, at..range.end);
        if end > at || words.is_empty() {
            words.push(at..end);
        }
        at = next;
    }
    words
}

/// Splits into words that quotes and escapes keep together; both stay in the words.
pub(crate) fn split_quoted(text: &str, range: Range<usize>, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote: Option<char> = None;
    let mut end = range.end;
    let mut chars = text[range.clone()].char_indices().map(|(at, ch)| (range.start + at, ch)).peekable();
    while let Some((at, ch)) = chars.next() {
        let begun = match start {
            Some(begun) => begun,
            None if ch.is_whitespace() => continue,
            None => {
                start = Some(at);
                at
            }
        };
        if quote.is_none() && ch.is_whitespace() {
            words.push(begun..at);
            start = None;
        } else if ch == escape && quote != Some('\'') {
            // An escape at the very end stands for nothing.
            if chars.next().is_none() {
                end = at;
            }
        } else if Some(ch) == quote {
            quote = None;
        } else if quote.is_none() && matches!(ch, '"' | '\'') {
            quote = Some(ch);
        }
    }
    if let Some(begun) = start
        && begun < end
    {
        words.push(begun..end);
    }
    words
}

/// Cuts the `--flags` from the front; the second value is where the arguments begin.
pub(crate) fn split_flags(text: &str, range: Range<usize>) -> (Vec<RawFlag>, usize) {
    let mut flags = Vec::new();
    let mut at = range.start;
    loop {
        let rest = &text[at..range.end];
        at = range.end - rest.trim_start().len();
        if !text[at..range.end].starts_with("--") {
            return (flags, at);
        }
        let flag = read_flag(text, at..range.end);
        at = flag.range.end;
        if flag.chars.len() == 2 && flag.chars.iter().all(|(ch, _)| *ch == '-') {
            return (flags, at);
        }
        flags.push(flag);
    }
}

/// Reads one flag; only a backslash escapes here, whatever the escape directive says.
fn read_flag(text: &str, range: Range<usize>) -> RawFlag {
    let mut chars = Vec::new();
    let mut quote: Option<char> = None;
    let mut end = range.end;
    let mut input = text[range.clone()].char_indices().map(|(at, ch)| (range.start + at, ch));
    while let Some((at, ch)) = input.next() {
        if quote.is_none() && ch.is_whitespace() {
            end = at;
            break;
        }
        if ch == '\\' {
            if let Some((next, escaped)) = input.next() {
                chars.push((escaped, next));
            }
        } else if Some(ch) == quote {
            quote = None;
        } else if quote.is_none() && matches!(ch, '"' | '\'') {
            quote = Some(ch);
        } else {
            chars.push((ch, at));
        }
    }
    RawFlag { range: range.start..end, chars }
}
