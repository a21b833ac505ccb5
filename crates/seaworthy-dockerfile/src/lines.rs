//! The first pass: physical lines become directives, comments, blanks and joined instruction lines.

use seaworthy_finding::Span;

use crate::map::OffsetMap;
use crate::text::short;
use crate::tree::{Comment, Directive, ErrorKind, Phase, SyntaxError};

/// A physical line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Offset of the first byte.
    pub(crate) start: usize,
    /// Offset behind the last byte that is no line end.
    pub(crate) end: usize,
    /// Offset behind the line end.
    pub(crate) next: usize,
}

/// An instruction line with its continuations joined.
#[derive(Debug, Clone)]
pub(crate) struct Logical {
    /// The joined text, indentation of the first line removed.
    pub(crate) text: String,
    /// From offsets in `text` to offsets in the file.
    pub(crate) map: OffsetMap,
    /// From the first character to the end of the last physical line read.
    pub(crate) span: Span,
    /// Comment lines inside.
    pub(crate) comments: Vec<Comment>,
    /// Empty lines inside.
    pub(crate) empty_lines: Vec<Span>,
}

/// Reads a file line by line.
pub(crate) struct Scanner<'a> {
    source: &'a str,
    lines: Vec<Line>,
    at: usize,
    pub(crate) escape: char,
    pub(crate) directives: Vec<Directive>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) errors: Vec<SyntaxError>,
    directives_done: bool,
}

/// Splits a text into physical lines; a text that ends in a line end has no empty last line.
pub(crate) fn physical_lines(source: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < source.len() {
        let next = source.as_bytes()[start..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(source.len(), |at| start + at + 1);
        let end = start + source[start..next].trim_end_matches(['\r', '\n']).len();
        lines.push(Line { start, end, next });
        start = next;
    }
    lines
}

/// Removes a continuation at the end of a line; `None` when the line goes on no further.
fn strip_continuation(line: &str, escape: char) -> Option<&str> {
    let before = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    // An escaped escape character is a character, not a continuation.
    if before.ends_with(escape) { None } else { Some(before) }
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let mut lines = physical_lines(source);
        if let Some(first) = lines.first_mut()
            && source.starts_with('\u{feff}')
        {
            first.start += '\u{feff}'.len_utf8();
            first.end = first.end.max(first.start);
        }
        Self {
            source,
            lines,
            at: 0,
            escape: '\\',
            directives: Vec::new(),
            comments: Vec::new(),
            errors: Vec::new(),
            directives_done: false,
        }
    }

    /// The next physical line, for heredoc bodies.
    pub(crate) fn next_line(&mut self) -> Option<Line> {
        let line = self.lines.get(self.at).copied()?;
        self.at += 1;
        Some(line)
    }

    /// The next instruction line; comments and directives met on the way are kept.
    pub(crate) fn next_logical(&mut self) -> Option<Logical> {
        while let Some(line) = self.next_line() {
            let full = &self.source[line.start..line.end];
            let text = full.trim_start();
            let start = line.end - text.len();
            if self.directive(text, start) {
                continue;
            }
            if text.starts_with('#') {
                self.comments.push(comment(text, start));
                continue;
            }
            if text.is_empty() {
                continue;
            }
            return Some(self.join(text, start));
        }
        None
    }

    /// Joins the continuation lines of an instruction that begins with `text`.
    fn join(&mut self, text: &str, start: usize) -> Logical {
        let mut logical = Logical {
            text: String::new(),
            map: OffsetMap::contiguous(start),
            span: Span { start, end: start + text.len() },
            comments: Vec::new(),
            empty_lines: Vec::new(),
        };
        let mut open = match strip_continuation(text, self.escape) {
            Some(kept) => {
                logical.text.push_str(kept);
                true
            }
            None => {
                logical.text.push_str(text);
                false
            }
        };
        while open {
            let Some(line) = self.next_line() else { break };
            let piece = &self.source[line.start..line.end];
            let trimmed = piece.trim_start();
            logical.span.end = line.end.max(logical.span.end);
            if trimmed.starts_with('#') {
                logical.comments.push(comment(trimmed, line.end - trimmed.len()));
                continue;
            }
            if trimmed.is_empty() {
                logical.empty_lines.push(Span { start: line.start, end: line.end });
                continue;
            }
            logical.map.push(logical.text.len(), line.start);
            match strip_continuation(piece, self.escape) {
                Some(kept) => logical.text.push_str(kept),
                None => {
                    logical.text.push_str(piece);
                    open = false;
                }
            }
        }
        logical
    }

    /// Reads `# name=value` while directives may still come; true when the line was one.
    fn directive(&mut self, text: &str, start: usize) -> bool {
        if self.directives_done {
            return false;
        }
        let Some((name, value, value_at)) = split_directive(text) else {
            self.directives_done = true;
            return false;
        };
        let name = name.to_ascii_lowercase();
        if !matches!(name.as_str(), "syntax" | "escape" | "check") {
            self.directives_done = true;
            return false;
        }
        let span = Span { start, end: start + text.len() };
        let value_span = Span { start: start + value_at, end: start + value_at + value.len() };
        if self.directives.iter().any(|known| known.name == name) {
            self.errors.push(SyntaxError {
                span,
                message: format!("only one {name} parser directive can be used; remove this one"),
                kind: ErrorKind::DuplicateDirective,
                fatal: true,
                phase: Phase::Parse,
            });
        } else if name == "escape" {
            match value {
                "\\" => self.escape = '\\',
                "`" => self.escape = '`',
                _ => self.errors.push(SyntaxError {
                    span: value_span,
                    message: "the escape character must be \\ or `; write one of them".to_owned(),
                    kind: ErrorKind::BadDirective,
                    fatal: true,
                    phase: Phase::Parse,
                }),
            }
        }
        if name == "check"
            && let Some(option) = strange_option(value)
        {
            self.errors.push(SyntaxError {
                span: value_span,
                message: format!(
                    "{:?} is no option of a check; write skip=NAME, error=true or experimental=NAME",
                    short(option)
                ),
                kind: ErrorKind::BadDirective,
                fatal: true,
                phase: Phase::Build,
            });
        }
        self.directives.push(Directive { name, value: value.to_owned(), span, value_span });
        true
    }
}

/// The first option of `# check=` that BuildKit refuses.
fn strange_option(value: &str) -> Option<&str> {
    value.split(';').map(str::trim).filter(|part| !part.is_empty()).find(|part| {
        let Some((key, setting)) = part.split_once('=') else { return true };
        match key.trim() {
            "skip" | "experimental" => false,
            "error" => !matches!(
                setting.trim(),
                "1" | "t" | "T" | "true" | "TRUE" | "True" | "0" | "f" | "F" | "false" | "FALSE" | "False"
            ),
            _ => true,
        }
    })
}

fn comment(text: &str, start: usize) -> Comment {
    Comment {
        span: Span { start, end: start + text.len() },
        text: text.strip_prefix('#').unwrap_or(text).trim().to_owned(),
    }
}

/// Splits `# name = value` into name, value and where the value begins.
fn split_directive(text: &str) -> Option<(&str, &str, usize)> {
    let body = text.strip_prefix('#')?.trim_start();
    let length = body.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = body.split_at(length);
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let value = rest.trim_start().strip_prefix('=')?.trim_start();
    let at = text.len() - value.len();
    let value = value.trim_end();
    (!value.is_empty()).then_some((name, value, at))
}
