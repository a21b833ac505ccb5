//! Numbers as their digits, so that none is too large.

use std::cmp::Ordering;

/// Compares two runs of decimal digits as numbers; an empty one is zero.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Whether a text is made of decimal digits only, and is not empty.
pub(crate) fn all(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Cuts the leading characters that fit off a text.
pub(crate) fn take<'a>(text: &mut &'a str, fits: fn(char) -> bool) -> &'a str {
    let end = text.find(|ch| !fits(ch)).unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    *text = tail;
    head
}
