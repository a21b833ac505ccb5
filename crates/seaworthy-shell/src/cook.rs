//! Words without their quotes, with the place of every byte.

use seaworthy_dockerfile::OffsetMap;
use shuck_ast::{Span, Word, WordPart, WordPartNode};

/// A word as the shell hands it on, as far as that is known before it runs.
#[derive(Default)]
pub(crate) struct Cooked {
    /// The text; variables and substitutions as written.
    pub(crate) text: String,
    /// From offsets in `text` to offsets in the script.
    pub(crate) map: OffsetMap,
    /// Whether nothing is expanded.
    pub(crate) literal: bool,
    /// Whether a part is quoted.
    pub(crate) quoted: bool,
}

/// How a backslash reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Double,
}

/// Reads a word of a script.
pub(crate) fn word(word: &Word, source: &str) -> Cooked {
    let mut cooked = Cooked { literal: true, ..Cooked::default() };
    cooked.map.push(0, word.span.start.offset());
    cooked.parts(&word.parts, source, Quotes::None);
    cooked
}

impl Cooked {
    /// Adds what lies between two offsets of the script as it is.
    pub(crate) fn raw(&mut self, start: usize, end: usize, source: &str) {
        self.map.push(self.text.len(), start);
        self.text.push_str(source.get(start..end).unwrap_or_default());
    }

    /// Adds the parts of a word.
    fn parts(&mut self, parts: &[WordPartNode], source: &str, quotes: Quotes) {
        for part in parts {
            let (start, end) = bounds(part.span);
            match &part.kind {
                // The parser keeps a few words, such as the 1 of `2>&1`, beside the text.
                WordPart::Literal(text) if start >= end => self.text.push_str(text.as_str(source, part.span)),
                WordPart::Literal(_) => self.literal_text(start, end, source, quotes),
                WordPart::SingleQuoted { dollar, .. } => {
                    self.quoted = true;
                    let skip = 1 + usize::from(*dollar);
                    self.raw(start + skip, end.saturating_sub(1), source);
                }
                WordPart::DoubleQuoted { parts, .. } => {
                    self.quoted = true;
                    self.parts(parts, source, Quotes::Double);
                }
                _ => {
                    self.literal = false;
                    self.raw(start, end, source);
                }
            }
        }
    }

    /// Adds literal text without its backslashes.
    fn literal_text(&mut self, start: usize, end: usize, source: &str, quotes: Quotes) {
        let Some(text) = source.get(start..end) else { return };
        let mut from = 0;
        while let Some(found) = text[from..].find('\\') {
            let at = from + found;
            let Some(next) = text[at + 1..].chars().next() else { break };
            if quotes == Quotes::Double && !matches!(next, '$' | '`' | '"' | '\\' | '\n') {
                self.raw(start + from, start + at + 1, source);
                from = at + 1;
                continue;
            }
            self.raw(start + from, start + at, source);
            let behind = at + 1 + next.len_utf8();
            if next != '\n' {
                self.raw(start + at + 1, start + behind, source);
            }
            from = behind;
        }
        self.raw(start + from, end, source);
    }
}

/// Both ends as offsets in bytes.
pub(crate) fn bounds(span: Span) -> (usize, usize) {
    (span.start.offset(), span.end.offset())
}
