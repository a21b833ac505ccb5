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
}
