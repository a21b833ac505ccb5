//! Questions to a single word.

use seaworthy_finding::Span;

use crate::expand::{is_plain, name_length};
use crate::map::OffsetMap;
use crate::tree::{VarRef, Word};

impl Word {
    /// The word with quotes and escapes removed and variables left as written.
    ///
    /// A word whose quotes are broken, and a string of a JSON array, is given as it is.
    #[must_use]
    pub fn unquoted(&self) -> String {
        if self.json || is_plain(&self.raw, self.escape) {
            return self.raw.clone();
        }
        unquote(&self.raw, self.escape)
    }

    /// Whether a `$name` or `${…}` stands in the word outside of single quotes.
    #[must_use]
    pub fn has_variable(&self) -> bool {
        !self.variables().is_empty()
    }

    /// Every variable the word refers to, those inside of other references too, in order of place.
    #[must_use]
    pub fn variables(&self) -> Vec<VarRef> {
        let mut found = Vec::new();
        if !self.raw.contains('$') {
            return found;
        }
        Finder { text: &self.raw, escape: self.escape, word: self, found: &mut found }.scan(0, None, 0);
        found.sort_by_key(|variable: &VarRef| variable.span);
        found
    }

    /// The character that escapes in this word.
    #[must_use]
    pub const fn escape(&self) -> char {
        self.escape
    }

    /// From offsets in [`Word::raw`] to offsets in the file.
    #[must_use]
    pub const fn map(&self) -> &OffsetMap {
        &self.map
    }

    /// The place in the file of a range of [`Word::raw`].
    #[must_use]
    pub fn source_span(&self, start: usize, end: usize) -> Span {
        self.map.span(start, end)
    }
}

fn unquote(text: &str, escape: char) -> String {
    let mut out = String::new();
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        match quote {
            Some('\'') if ch == '\'' => quote = None,
            Some('\'') => out.push(ch),
            Some(_) if ch == '"' => quote = None,
            Some(_) if ch == escape => {
                let next = chars.next_if(|next| matches!(next, '"' | '$') || *next == escape);
                out.push(next.unwrap_or(ch));
            }
            None if matches!(ch, '"' | '\'') => quote = Some(ch),
            None if ch == escape => out.extend(chars.next()),
            _ => out.push(ch),
        }
    }
    if quote.is_some() { text.to_owned() } else { out }
}

/// Finds references without any environment.
struct Finder<'a> {
    text: &'a str,
    escape: char,
    word: &'a Word,
    found: &'a mut Vec<VarRef>,
}

impl Finder<'_> {
    /// Scans from `at` to `stop` or the end; gives the offset of the stop sign or the end.
    fn scan(&mut self, mut at: usize, stop: Option<char>, depth: usize) -> usize {
        let mut double = false;
        while let Some(ch) = self.text[at..].chars().next() {
            let next = at + ch.len_utf8();
            if !double && Some(ch) == stop {
                return at;
            }
            if ch == self.escape {
                at = next + self.text[next..].chars().next().map_or(0, char::len_utf8);
            } else if ch == '\'' && !double {
                at = self.text[next..].find('\'').map_or(self.text.len(), |end| next + end + 1);
            } else if ch == '"' {
                double = !double;
                at = next;
            } else if ch == '$' {
                at = self.reference(at, depth);
            } else {
                at = next;
            }
        }
        at
    }

    /// Reads the reference at `start` and gives the offset behind it.
    fn reference(&mut self, start: usize, depth: usize) -> usize {
        let rest = &self.text[start + 1..];
        let braced = rest.starts_with('{');
        let at = start + 1 + usize::from(braced);
        let length = name_length(&self.text[at..]);
        let name = self.text[at..at + length].to_owned();
        let mut end = at + length;
        let (mut operator, mut default) = (None, None);
        if braced && depth < 32 {
            let tail = &self.text[end..];
            if !tail.starts_with('}') && !tail.is_empty() {
                let sign = operator_length(tail);
                operator = Some(tail[..sign].to_owned());
                let from = end + sign;
                let close = self.scan(from, Some('}'), depth + 1);
                default = Some(self.text[from..close].to_owned());
                end = close;
            }
            end = (end + 1).min(self.text.len());
        }
        if !name.is_empty() {
            let span = self.word.source_span(start, end);
            self.found.push(VarRef { name, span, operator, default });
        }
        end.max(start + 1)
    }
}

fn operator_length(tail: &str) -> usize {
    for operator in ["##", "%%", "//", "#", "%", "/", "+", "-", "?"] {
        if tail.starts_with(operator) {
            return operator.len();
        }
    }
    if let Some(rest) = tail.strip_prefix(':') {
        return 1 + rest.chars().next().filter(|ch| *ch != '}').map_or(0, char::len_utf8);
    }
    tail.chars().next().map_or(0, char::len_utf8)
}
