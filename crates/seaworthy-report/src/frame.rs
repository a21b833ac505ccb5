//! Code frames: the lines around a place, escaped, with the place in the escaped text.

use crate::text::push_visible;
use seaworthy_finding::Span;
use std::ops::Range;

/// At most this many lines of a long place are framed.
const LONGEST: usize = 12;
/// Bytes after which a line is cut, so that minified files do not flood a screen.
const WIDEST: usize = 2000;

/// Lines of a file with one marked place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The lines, escaped, each ended by a line feed.
    pub text: String,
    /// 1-based number of the first line.
    pub first_line: usize,
    /// The marked bytes of `text`.
    pub mark: Range<usize>,
}

/// Frames the bytes of `span` in `source` with `context` lines on either side. Nothing where the span does
/// not fit the text, as when the file has changed since.
pub(crate) fn frame(source: &str, span: Span, context: usize) -> Option<Frame> {
    if span.end < span.start || !source.is_char_boundary(span.start) || !source.is_char_boundary(span.end) {
        return None;
    }
    let first = source[..span.start].bytes().filter(|byte| *byte == b'\n').count();
    // A place that ends with a line's end belongs to that line, not to the next.
    let covered = source[span.start..span.end].trim_end_matches(['\n', '\r']);
    let end = span.start + covered.len();
    let last = first + covered.bytes().filter(|byte| *byte == b'\n').count().min(LONGEST);
    let from = first.saturating_sub(context);
    let mut text = String::new();
    let mut mark = (None, None);
    let mut at = 0;
    for (number, line) in source.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        if number < from {
            continue;
        }
        if number > last + context {
            break;
        }
        let body = line.trim_end_matches(['\n', '\r']);
        for (offset, c) in body.char_indices() {
            let here = start + offset;
            if here >= span.start && mark.0.is_none() {
                mark.0 = Some(text.len());
            }
            if here >= end && mark.1.is_none() {
                mark.1 = Some(text.len());
            }
            if offset < WIDEST {
                if c == '\t' { text.push_str("    ") } else { push_visible(&mut text, c) }
            }
        }
        let line_end = start + body.len();
        if line_end >= span.start && mark.0.is_none() {
            mark.0 = Some(text.len());
        }
        if line_end >= end && mark.1.is_none() {
            mark.1 = Some(text.len());
        }
        text.push('\n');
    }
    if text.is_empty() {
        text.push('\n');
    }
    let limit = text.len() - 1;
    let start = mark.0.unwrap_or(limit).min(limit);
    let end = mark.1.unwrap_or(limit).clamp(start, limit);
    Some(Frame { text, first_line: from + 1, mark: start..end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(source: &str, start: usize, end: usize, context: usize) -> (usize, String, String) {
        let frame = frame(source, Span::new(start, end), context).unwrap();
        (frame.first_line, frame.text[frame.mark.clone()].to_owned(), frame.text)
    }

    #[test]
    fn the_mark_survives_escaping() {
        let (line, mark, text) = marked("a\n\tb\u{1b}c d\ne\n", 2, 6, 0);
        assert_eq!((line, mark.as_str(), text.as_str()), (2, "    b\\x1bc", "    b\\x1bc d\n"));
        assert_eq!(marked("a\r\nbc\r\n", 3, 7, 1), (1, "bc".to_owned(), "a\nbc\n".to_owned()));
    }

    #[test]
    fn odd_places_never_panic() {
        assert_eq!(frame("é", Span::new(1, 2), 0), None);
        assert_eq!(frame("a", Span::new(0, 5), 0), None);
        assert_eq!(marked("", 0, 0, 2).2, "\n");
        assert_eq!(marked("a\n", 2, 2, 0).1, "");
        for start in 0..=8 {
            for end in start..=8 {
                let _ = frame("a\n\n\tbc\n\n", Span::new(start, end), 1);
            }
        }
    }
}
