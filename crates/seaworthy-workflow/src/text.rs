//! A scalar with the bytes it was read from, and the expressions in it.

use crate::expr::{self, Expr, ExprError};
use seaworthy_finding::Span;
use std::ops::Range;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A block after `|`.
    Literal,
    /// A block after `>`.
    Folded,
}

/// A scalar.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What it says.
    pub value: String,
    /// Where it stands, quotes and the block's header included.
    pub span: Span,
    /// How it is written.
    pub style: Style,
    /// The `${{ … }}` in it, in order.
    pub interpolations: Vec<Interpolation>,
}

/// One `${{ … }}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolation {
    /// Where it stands in the file, with its braces.
    pub span: Span,
    /// Where it stands in the scalar's value, in bytes, with its braces.
    pub range: Range<usize>,
    /// What it says, or why it does not read. Places are those of the file.
    pub expr: Result<Expr, ExprError>,
}

impl Text {
    /// A scalar of a file.
    pub(crate) fn new(source: &str, value: String, span: Span, style: Style) -> Self {
        let mut text = Self { value, span, style, interpolations: Vec::new() };
        if text.value.contains("${{") {
            text.interpolations = text.find(source);
        }
        text
    }

    /// Whether it is a block after `|` or `>`.
    pub fn is_block(&self) -> bool {
        matches!(self.style, Style::Literal | Style::Folded)
    }

    /// Where the text begins: of a block the sign before it.
    pub fn header(&self) -> Span {
        Span::new(self.span.start, self.span.start + 1)
    }

    /// The value as a string slice.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Whether an expression stands in it.
    pub fn has_expression(&self) -> bool {
        !self.interpolations.is_empty()
    }

    /// Whether the whole value is one expression.
    pub fn is_expression(&self) -> bool {
        let trimmed = self.value.trim();
        matches!(&self.interpolations[..], [only] if only.range.len() == trimmed.len())
    }

    /// The expressions that read.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.interpolations.iter().filter_map(|part| part.expr.as_ref().ok())
    }

    /// Whether it is an empty or null scalar.
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(self.value.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// The value as a boolean of YAML 1.2.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value.as_str() {
            "true" | "True" | "TRUE" if self.style == Style::Plain => Some(true),
            "false" | "False" | "FALSE" if self.style == Style::Plain => Some(false),
            _ => None,
        }
    }

    /// The place in the file of bytes of the value.
    pub fn locate(&self, source: &str, range: &Range<usize>) -> Span {
        let map = self.map(source);
        place(&map, range)
    }

    /// For every byte of the value, and for its end, the offset in the file.
    pub fn offsets(&self, source: &str) -> Vec<usize> {
        self.map(source)
    }

    /// The expression of a condition, which may stand without its braces.
    pub(crate) fn bare(&self, source: &str) -> Result<Expr, ExprError> {
        let map = self.map(source);
        expr::parse(&self.value).map(|expr| expr.moved(&map)).map_err(|error| error.moved(&map))
    }

    fn find(&self, source: &str) -> Vec<Interpolation> {
        let map = self.map(source);
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(found) = self.value.get(at..).and_then(|rest| rest.find("${{")) {
            let start = at + found;
            let inner = start + 3;
            let length = expr::extent(&self.value[inner..]);
            let (end, expr) = match length {
                Some(length) => {
                    let parsed = expr::parse(&self.value[inner..inner + length]);
                    (inner + length + 2, parsed)
                }
                None => (self.value.len(), Err(ExprError::unterminated(self.value.len() - inner))),
            };
            let inner_map = &map[inner..];
            out.push(Interpolation {
                span: place(&map, &(start..end)),
                range: start..end,
                expr: expr.map(|expr| expr.moved(inner_map)).map_err(|error| error.moved(inner_map)),
            });
            at = end;
        }
        out
    }

    /// For every byte of the value, and for its end, the offset in the file.
    fn map(&self, source: &str) -> Vec<usize> {
        let raw = self.span.of(source).as_bytes();
        let value = self.value.as_bytes();
        let mut out = Vec::with_capacity(value.len() + 1);
        let mut at = match self.style {
            Style::Plain => 0,
            Style::Single | Style::Double => 1,
            Style::Literal | Style::Folded if matches!(raw.first(), Some(b'|' | b'>')) => {
                raw.iter().position(|byte| *byte == b'\n').map_or(raw.len(), |end| end + 1)
            }
            Style::Literal | Style::Folded => 0,
        };
        let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        for &byte in value {
            // A backslash before a line break joins the lines.
            while self.style == Style::Double
                && raw.get(at) == Some(&b'\\')
                && raw.get(at + 1) == Some(&b'\n')
            {
                at += 2;
                while raw.get(at).is_some_and(|byte| blank(*byte)) {
                    at += 1;
                }
            }
            let escaped = self.style == Style::Double && raw.get(at) == Some(&b'\\');
            if !blank(byte) && !escaped {
                while raw.get(at).is_some_and(|byte| blank(*byte)) {
                    at += 1;
                }
            }
            out.push(self.span.start + at.min(raw.len()));
            if escaped && byte & 0xC0 != 0x80 {
                at += match raw.get(at + 1) {
                    Some(b'x') => 4,
                    Some(b'u') => 6,
                    Some(b'U') => 10,
                    _ => 2,
                };
            } else if self.style == Style::Single && byte == b'\'' {
                at += 2;
            } else if !blank(byte) || raw.get(at).is_some_and(|raw| *raw == byte || blank(*raw)) {
                at += 1;
            }
        }
        out.push(self.span.start + at.min(raw.len()));
        out
    }
}

/// The place of a range: its end is one past its last byte, so that blanks after it stay out.
fn place(map: &[usize], range: &Range<usize>) -> Span {
    let of = |at: usize| map.get(at.min(map.len().saturating_sub(1))).copied().unwrap_or_default();
    let start = of(range.start);
    if range.is_empty() {
        return Span::new(start, start);
    }
    // A block may end with a line break that the file does not have.
    let last = map.last().copied().unwrap_or_default();
    Span::new(start, (of(range.end - 1) + 1).min(last).max(start))
}

impl Expr {
    /// The expression with the places of the file instead of those of its text.
    pub(crate) fn moved(mut self, map: &[usize]) -> Self {
        self.each_span(&mut |span| *span = place(map, &(span.start..span.end)));
        self
    }
}

impl ExprError {
    fn moved(mut self, map: &[usize]) -> Self {
        self.span = place(map, &(self.span.start..self.span.end.max(self.span.start)));
        self
    }
}
