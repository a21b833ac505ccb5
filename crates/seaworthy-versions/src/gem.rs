//! Gem::Version's order: runs of digits and of letters; a word makes a pre-release.

use crate::digits;
use std::cmp::Ordering;

pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (segments(left), segments(right));
    for at in 0..left.len().max(right.len()) {
        let (a, b) = (left.get(at).copied().unwrap_or("0"), right.get(at).copied().unwrap_or("0"));
        let order = match (digits::all(a), digits::all(b)) {
            (true, true) => digits::compare(a, b),
            (false, false) => a.cmp(b),
            (number, _) => number.cmp(&!number),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The runs, without zeros at the end and before the first word. A hyphen stands for `.pre.`.
fn segments(version: &str) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        let run = if first.is_ascii_digit() {
            digits::take(&mut rest, |ch| ch.is_ascii_digit())
        } else if first.is_ascii_alphabetic() {
            digits::take(&mut rest, |ch| ch.is_ascii_alphabetic())
        } else {
            rest = &rest[first.len_utf8()..];
            if first == '-' {
                out.push("pre");
            }
            continue;
        };
        out.push(run);
    }
    let zero = |part: &&str| digits::all(part) && part.bytes().all(|byte| byte == b'0');
    let word = out.iter().position(|part| !digits::all(part)).unwrap_or(out.len());
    let mut tail = out.split_off(word);
    while out.last().is_some_and(zero) {
        out.pop();
    }
    while tail.last().is_some_and(zero) {
        tail.pop();
    }
    out.append(&mut tail);
    out
}
