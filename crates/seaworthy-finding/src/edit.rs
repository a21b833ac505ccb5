//! Text edits and fixes, and how they are applied without ever overlapping.

use crate::Span;
use serde::{Deserialize, Serialize};

/// How far a fix may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// The same image and the same behaviour result; `--fix` applies it.
    Safe,
    /// The image or its behaviour may change; `--fix --unsafe-fixes` applies it.
    Unsafe,
    /// Shown to the reader, never applied.
    Display,
}

/// Replaces the bytes of `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The bytes to replace; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// A proposed change to one file of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What the fix does, as an imperative sentence without a period.
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// The file, relative to the project's root.
    pub path: String,
    /// The edits, all of the same file.
    pub edits: Vec<Edit>,
}

/// Two edits touch the same bytes, or one does not fit the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("edits overlap or lie outside the text at byte {at}")]
pub struct Overlap {
    /// Offset of the later edit.
    pub at: usize,
}

/// Applies edits to a text; every byte outside of them stays as it was.
///
/// # Errors
/// Two edits overlap, or a span is out of bounds or not on a character boundary.
pub fn apply_edits(source: &str, edits: &[Edit]) -> Result<String, Overlap> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    for edit in sorted {
        if edit.span.start < at || edit.span.end < edit.span.start {
            return Err(Overlap { at: edit.span.start });
        }
        let kept = source.get(at..edit.span.start).ok_or(Overlap { at: edit.span.start })?;
        out.push_str(kept);
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(source.get(at..).ok_or(Overlap { at })?);
    Ok(out)
}

/// Two rounds of edits as one: `second` is meant for the text that `first` makes of `source`.
///
/// What comes out is as small as the rounds allow: bytes that neither touches are in no edit.
///
/// # Errors
/// A round does not fit the text it is meant for.
pub fn compose_edits(source: &str, first: &[Edit], second: &[Edit]) -> Result<Vec<Edit>, Overlap> {
    let middle = apply_edits(source, first)?;
    apply_edits(&middle, second)?;
    let mut pieces = pieces(source.len(), first);
    let mut sorted: Vec<&Edit> = second.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    // From the end, so that the offsets before stay what they are.
    for edit in sorted.into_iter().rev() {
        let start = split(&mut pieces, edit.span.start);
        let end = split(&mut pieces, edit.span.end);
        pieces.splice(start..end, (!edit.text.is_empty()).then(|| Piece::New(edit.text.clone())));
    }
    let mut out: Vec<Edit> = Vec::new();
    let (mut at, mut text) = (0, String::new());
    for piece in pieces.into_iter().chain([Piece::Old(Span::new(source.len(), source.len()))]) {
        match piece {
            Piece::New(new) => text.push_str(&new),
            Piece::Old(span) => {
                if span.start > at || !text.is_empty() {
                    out.push(Edit { span: Span::new(at, span.start), text: std::mem::take(&mut text) });
                }
                at = span.end;
            }
        }
    }
    out.retain(|edit| edit.span.of(source) != edit.text);
    Ok(out)
}

/// A part of an edited text.
#[derive(Clone, Debug)]
enum Piece {
    /// Bytes of the source.
    Old(Span),
    /// Text of an edit.
    New(String),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Old(span) => span.len(),
            Self::New(text) => text.len(),
        }
    }
}

/// The edited text as parts; the edits are known to fit.
fn pieces(length: usize, edits: &[Edit]) -> Vec<Piece> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = Vec::new();
    let mut at = 0;
    for edit in sorted {
        if edit.span.start > at {
            out.push(Piece::Old(Span::new(at, edit.span.start)));
        }
        if !edit.text.is_empty() {
            out.push(Piece::New(edit.text.clone()));
        }
        at = edit.span.end;
    }
    if length > at {
        out.push(Piece::Old(Span::new(at, length)));
    }
    out
}

/// Index of the part that begins at `offset`, after cutting the part it lies in.
fn split(pieces: &mut Vec<Piece>, offset: usize) -> usize {
    let mut start = 0;
    for at in 0..pieces.len() {
        if offset == start {
            return at;
        }
        let length = pieces[at].len();
        if offset < start + length {
            let cut = offset - start;
            let (left, right) = match &pieces[at] {
                Piece::Old(span) => (
                    Piece::Old(Span::new(span.start, span.start + cut)),
                    Piece::Old(Span::new(span.start + cut, span.end)),
                ),
                Piece::New(text) => (Piece::New(text[..cut].to_owned()), Piece::New(text[cut..].to_owned())),
            };
            pieces.splice(at..=at, [left, right]);
            return at + 1;
        }
        start += length;
    }
    pieces.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(start, end), text: text.to_owned() }
    }

    #[test]
    fn edits_apply_in_order_of_place() {
        assert_eq!(apply_edits("abcdef", &[edit(4, 5, "E"), edit(0, 1, "")]).as_deref(), Ok("bcdEf"));
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert!(apply_edits("abcdef", &[edit(0, 3, "x"), edit(2, 4, "y")]).is_err());
        assert!(apply_edits("abc", &[edit(2, 9, "x")]).is_err());
    }

    #[test]
    fn two_rounds_are_one() {
        let source = "one two three four\n";
        let first = [edit(4, 7, "2"), edit(8, 8, "and "), edit(14, 19, "")];
        let middle = apply_edits(source, &first).unwrap();
        assert_eq!(middle, "one 2 and three ");
        for start in 0..=middle.len() {
            for end in start..=middle.len() {
                for text in ["", "x", "long text"] {
                    let second = [edit(start, end, text)];
                    let wanted = apply_edits(&middle, &second).unwrap();
                    let both = compose_edits(source, &first, &second).unwrap();
                    assert_eq!(
                        apply_edits(source, &both).as_deref(),
                        Ok(wanted.as_str()),
                        "{second:?}: {both:?}"
                    );
                }
            }
        }
        assert_eq!(compose_edits("ab", &[edit(0, 1, "x")], &[edit(0, 1, "a")]), Ok(Vec::new()));
        assert_eq!(compose_edits("ab", &[edit(1, 1, "x")], &[edit(0, 0, "y")]).map(|both| both.len()), Ok(2));
        assert!(compose_edits("ab", &[], &[edit(3, 4, "")]).is_err());
    }
}
