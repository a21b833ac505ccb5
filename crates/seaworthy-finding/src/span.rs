//! Byte ranges in a text file and their translation to lines and columns.

use serde::{Deserialize, Serialize};

/// A half-open range of byte offsets in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset one past the last byte.
    pub end: usize,
}

impl Span {
    /// A span from `start` to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Number of bytes covered.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the span covers no byte, as an insertion point does.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether the two spans share a byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `offset` lies inside the span.
    pub const fn contains(self, offset: usize) -> bool {
        self.start <= offset && offset < self.end
    }

    /// The text the span covers, or an empty string where it does not fit the text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Finds lines and columns of byte offsets; built once for a text.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// Offsets of the bytes of UTF-8 that do not begin a character, so that columns on a line of a megabyte are found
    /// without reading it again.
    continuations: Vec<usize>,
}

impl LineIndex {
    /// Reads where the lines of `text` begin.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        let continuations =
            text.bytes().enumerate().filter(|(_, byte)| (*byte & 0xC0) == 0x80).map(|(at, _)| at).collect();
        Self { starts, continuations }
    }

    /// The 1-based line and the 1-based column, in characters, of a byte offset.
    pub fn line_col(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1];
        let end = offset.min(text.len());
        let column = end.checked_sub(start).map_or(0, |bytes| {
            let before = |offset| self.continuations.partition_point(|at| *at < offset);
            bytes - (before(end) - before(start))
        });
        (line, column + 1)
    }
}

impl LineIndex {
    /// The same in UTF-16 code units, as editors and SARIF viewers count.
    pub fn line_col_utf16(&self, text: &str, offset: usize) -> (usize, usize) {
        let (line, _) = self.line_col(text, offset);
        let start = self.starts[line - 1];
        let before = text.get(start..offset.min(text.len())).unwrap_or_default();
        (line, before.chars().map(char::len_utf16).sum::<usize>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let text = "a\nd\u{e9}f g\n";
        let index = LineIndex::new(text);
        assert_eq!(index.line_col(text, 0), (1, 1));
        assert_eq!(index.line_col(text, 2), (2, 1));
        assert_eq!(index.line_col(text, 5), (2, 3));
        assert_eq!(index.line_col(text, 999), (3, 1));
        let text = "a\n\u{1F40B}b";
        assert_eq!(LineIndex::new(text).line_col_utf16(text, 6), (2, 3));
        assert_eq!(LineIndex::new(text).line_col(text, 6), (2, 2));
    }
}
