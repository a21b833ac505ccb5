//! What rules about the order of entries share.

use std::cmp::Ordering;

/// Compares two words as people sort them: case counts only among equals, digits by their number where `numeric`.
pub(super) fn compare(left: &str, right: &str, numeric: bool) -> Ordering {
    let (a, b) = (sort_key(left, numeric), sort_key(right, numeric));
    // Among equals the small letter comes first.
    a.cmp(&b).then_with(|| right.cmp(left))
}

/// A part of a word: punctuation before digits before letters.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Mark(char),
    Number(usize, String),
    Letter(char),
}

fn sort_key(text: &str, numeric: bool) -> Vec<Part> {
    let mut out = Vec::new();
    let mut chars = text.chars().flat_map(char::to_lowercase).peekable();
    while let Some(ch) = chars.next() {
        if ch.is_ascii_digit() {
            let mut digits = String::from(ch);
            while numeric && let Some(next) = chars.next_if(char::is_ascii_digit) {
                digits.push(next);
            }
            let bare = digits.trim_start_matches('0');
            let length = if numeric { bare.len() } else { 0 };
            out.push(Part::Number(length, if numeric { bare.to_owned() } else { digits }));
        } else if ch.is_alphabetic() {
            out.push(Part::Letter(ch));
        } else {
            out.push(Part::Mark(ch));
        }
    }
    out
}

/// The first entry that stands before an earlier one in order, and the one it should stand before.
pub(super) fn first_misplaced<'a>(names: &[&'a str], numeric: bool) -> Option<(&'a str, &'a str)> {
    let at = names.windows(2).position(|pair| compare(pair[0], pair[1], numeric) == Ordering::Greater)?;
    let moved = names[at + 1];
    let before = names[..=at].iter().find(|name| compare(name, moved, numeric) == Ordering::Greater)?;
    Some((moved, before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_as_people_do() {
        for (left, right, numeric, want) in [
            ("app", "b-service", false, Ordering::Less),
            ("db", "DB2", false, Ordering::Less),
            ("web-1", "web_1", false, Ordering::Less),
            ("80", "443", true, Ordering::Less),
            ("80", "443", false, Ordering::Greater),
            ("a", "a", false, Ordering::Equal),
        ] {
            assert_eq!(compare(left, right, numeric), want, "{left} {right}");
        }
        assert_eq!(first_misplaced(&["a", "c", "b"], false), Some(("b", "c")));
        assert_eq!(first_misplaced(&["79", "80", "443"], true), None);
    }
}
