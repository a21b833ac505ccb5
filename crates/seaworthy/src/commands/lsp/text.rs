//! A document's text, with the places editors speak of: lines from 0, columns in UTF-16 units.

use seaworthy_finding::Span;
use serde_json::{Value, json};

/// A text and where its lines begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    pub(super) text: String,
    starts: Vec<usize>,
}

impl Text {
    /// Reads where the lines begin: after LF, CR LF, or CR alone.
    pub(super) fn new(text: String) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        Self { text, starts }
    }

    /// Where a byte stands.
    pub(super) fn position(&self, offset: usize) -> Value {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let units: usize = self.text[self.starts[line]..offset].chars().map(char::len_utf16).sum();
        json!({"line": line, "character": units})
    }

    /// Where a span stands.
    pub(super) fn range(&self, span: Span) -> Value {
        json!({"start": self.position(span.start), "end": self.position(span.end)})
    }

    /// The byte at a position; what lies behind the end of a line or of the text is that end.
    pub(super) fn offset(&self, position: &Value) -> Option<usize> {
        let number = |name: &str| usize::try_from(position.get(name)?.as_u64()?).ok();
        let (line, mut units) = (number("line")?, number("character")?);
        let Some(start) = self.starts.get(line).copied() else { return Some(self.text.len()) };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let body = self.text[start..end].trim_end_matches(['\r', '\n']);
        for (at, c) in body.char_indices() {
            if units < c.len_utf16() {
                return Some(start + at);
            }
            units -= c.len_utf16();
        }
        Some(start + body.len())
    }

    /// The bytes of a range, the start first.
    pub(super) fn span(&self, range: &Value) -> Option<Span> {
        let (start, end) = (self.offset(range.get("start")?)?, self.offset(range.get("end")?)?);
        Some(Span::new(start.min(end), start.max(end)))
    }

    /// Applies one change of `textDocument/didChange`.
    pub(super) fn change(&mut self, change: &Value) -> Option<()> {
        let new = change.get("text")?.as_str()?;
        let text = match change.get("range").filter(|range| !range.is_null()) {
            None => new.to_owned(),
            Some(range) => {
                let span = self.span(range)?;
                [&self.text[..span.start], new, &self.text[span.end..]].concat()
            }
        };
        *self = Self::new(text);
        Some(())
    }

    /// Start of the line that a byte stands in.
    pub(super) fn line_start(&self, offset: usize) -> usize {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        self.starts[line]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_bytes_translate_both_ways() {
        let text = Text::new("a\u{1F40B}b\r\n\u{e9}c\rd\n".to_owned());
        for (at, _) in text.text.char_indices().filter(|(_, c)| !"\r\n".contains(*c)) {
            assert_eq!(text.offset(&text.position(at)), Some(at));
        }
        assert_eq!(text.position(5), json!({"line": 0, "character": 3}));
        assert_eq!(text.position(2), text.position(1), "inside a character is at its start");
        assert_eq!(text.offset(&json!({"line": 0, "character": 99})), Some(6));
        assert_eq!(text.offset(&json!({"line": 0, "character": 2})), Some(1), "between two halves");
        assert_eq!(text.offset(&json!({"line": 9, "character": 0})), Some(text.text.len()));
        assert_eq!(text.offset(&json!({"line": -1, "character": 0})), None);
        assert_eq!(text.line_start(10), 8);
    }

    #[test]
    fn changes_apply_in_order() {
        let mut text = Text::new("FROM a\nRUN b\n".to_owned());
        let range = |line: u32, from: u32, to: u32| json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}});
        text.change(&json!({"range": range(1, 4, 5), "text": "c\nUSER 1"})).unwrap();
        text.change(&json!({"range": range(2, 5, 6), "text": "\u{1F40B}2"})).unwrap();
        text.change(&json!({"range": range(2, 5, 7), "text": ""})).unwrap();
        assert_eq!(text.text, "FROM a\nRUN c\nUSER 2\n");
        text.change(&json!({"text": "x"})).unwrap();
        assert_eq!(text.text, "x");
        assert!(text.change(&json!({"range": {}, "text": "x"})).is_none());
    }
}
