//! apk-tools 2's order. Source: Alpine's package specification, "pkgver", and apk-tools' test data.
//!
//! A version is numbers between dots, a letter, suffixes such as `_rc1`, and `-r` with the build. After the first
//! number, one that begins with a zero is the digits of a fraction.

use crate::digits;
use std::cmp::Ordering;

#[derive(Default)]
struct Version<'a> {
    numbers: Vec<&'a str>,
    letter: &'a str,
    suffixes: Vec<(i8, &'a str)>,
    build: &'a str,
    /// What is left where the text is no version.
    rest: &'a str,
}

/// The suffixes before and after the plain version.
const SUFFIXES: [(&str, i8); 9] = [
    ("alpha", -4),
    ("beta", -3),
    ("pre", -2),
    ("rc", -1),
    ("cvs", 1),
    ("svn", 2),
    ("git", 3),
    ("hg", 4),
    ("p", 5),
];

pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parse(left), parse(right));
    numbers(&left.numbers, &right.numbers)
        .then_with(|| left.letter.cmp(right.letter))
        .then_with(|| suffixes(&left.suffixes, &right.suffixes))
        .then_with(|| digits::compare(left.build, right.build))
        // What cannot be read comes before what can, and nothing is known of its own order.
        .then_with(|| match (left.rest.is_empty(), right.rest.is_empty()) {
            (false, false) => rest(left.rest, right.rest),
            (left, right) => left.cmp(&right),
        })
}

fn parse(text: &str) -> Version<'_> {
    let mut out = Version::default();
    let mut rest = text;
    let number = |rest: &mut &str| -> usize {
        rest.len() - rest.trim_start_matches(|ch: char| ch.is_ascii_digit()).len()
    };
    loop {
        let (head, tail) = rest.split_at(number(&mut rest));
        out.numbers.push(head);
        rest = tail;
        match rest.strip_prefix('.') {
            Some(after) if after.starts_with(|ch: char| ch.is_ascii_digit() || ch == '.') => rest = after,
            _ => break,
        }
    }
    if rest.starts_with(|ch: char| ch.is_ascii_lowercase()) {
        (out.letter, rest) = rest.split_at(1);
    }
    while let Some(after) = rest.strip_prefix('_') {
        let Some((name, value)) = SUFFIXES.iter().find(|(name, _)| after.starts_with(name)) else { break };
        let after = &after[name.len()..];
        let (head, tail) = after.split_at(number(&mut &*after));
        out.suffixes.push((*value, head));
        rest = tail;
    }
    if let Some(after) = rest.strip_prefix('~') {
        let end = after.find(|ch: char| !ch.is_ascii_hexdigit()).unwrap_or(after.len());
        rest = &after[end..];
    }
    if let Some(after) = rest.strip_prefix("-r")
        && after.chars().next().is_none_or(|ch| ch.is_ascii_digit())
    {
        (out.build, rest) = after.split_at(number(&mut &*after));
    }
    out.rest = rest;
    out
}

fn numbers(left: &[&str], right: &[&str]) -> Ordering {
    for at in 0..left.len().max(right.len()) {
        let order = match (left.get(at), right.get(at)) {
            (Some(a), Some(b)) if at > 0 && (a.starts_with('0') || b.starts_with('0')) => a.cmp(b),
            (Some(a), Some(b)) => digits::compare(a, b),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Compares what cannot be read, such as `p1-r2`, as numbers between other characters; `-r` with anything but a number
/// says nothing.
fn rest(mut left: &str, mut right: &str) -> Ordering {
    if left.starts_with('-') || right.starts_with('-') {
        return Ordering::Equal;
    }
    while !left.is_empty() || !right.is_empty() {
        let text = |ch: char| !ch.is_ascii_digit();
        let number = |ch: char| ch.is_ascii_digit();
        let order = digits::take(&mut left, text)
            .cmp(digits::take(&mut right, text))
            .then_with(|| digits::compare(digits::take(&mut left, number), digits::take(&mut right, number)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn suffixes(left: &[(i8, &str)], right: &[(i8, &str)]) -> Ordering {
    for at in 0..left.len().max(right.len()) {
        let none = (0, "");
        let (a, b) = (left.get(at).unwrap_or(&none), right.get(at).unwrap_or(&none));
        let order = a.0.cmp(&b.0).then_with(|| digits::compare(a.1, b.1));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}
