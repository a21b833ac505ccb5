//! PHP's `version_compare`, which Composer's order follows. Source: PHP manual, `version_compare`.

use crate::digits;
use std::cmp::Ordering;

/// What stands for a number where a word is compared with one.
const NUMBER: &str = "#";

pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    for (a, b) in left.iter().zip(&right) {
        let order = match (digits::all(a), digits::all(b)) {
            (true, true) => digits::compare(a, b),
            (false, false) => rank(a).cmp(&rank(b)),
            (true, false) => rank(NUMBER).cmp(&rank(b)),
            (false, true) => rank(a).cmp(&rank(NUMBER)),
        };
        if order.is_ne() {
            return order;
        }
    }
    let shorter = left.len().min(right.len());
    match left.len().cmp(&right.len()) {
        Ordering::Equal => Ordering::Equal,
        Ordering::Greater => rest(&left[shorter..]),
        Ordering::Less => rest(&right[shorter..]).reverse(),
    }
}

/// What the longer version's further parts say: a number makes it newer, a word its rank among the words.
fn rest(parts: &[&str]) -> Ordering {
    for part in parts {
        if digits::all(part) {
            return Ordering::Greater;
        }
        let order = rank(part).cmp(&rank(NUMBER));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Parts between separators and where digits meet anything else.
fn parts(version: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    for piece in version.split(['.', '-', '_', '+']) {
        let mut rest = piece;
        while !rest.is_empty() {
            let number = rest.starts_with(|ch: char| ch.is_ascii_digit());
            let fits = if number { |ch: char| ch.is_ascii_digit() } else { |ch: char| !ch.is_ascii_digit() };
            out.push(digits::take(&mut rest, fits));
        }
    }
    out
}

/// The words PHP knows, by how they begin; any other one comes before them.
fn rank(word: &str) -> usize {
    const WORDS: [&[&str]; 6] =
        [&["dev"], &["alpha", "a"], &["beta", "b"], &["RC", "rc"], &[NUMBER], &["pl", "p"]];
    WORDS.iter().position(|names| names.iter().any(|name| word.starts_with(name))).map_or(0, |at| at + 1)
}
