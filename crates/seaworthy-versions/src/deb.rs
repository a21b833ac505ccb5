//! dpkg's order. Source: deb-version(7), Debian policy section 5.6.12.

use crate::digits;
use std::cmp::Ordering;

pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left_epoch, left) = epoch(left);
    let (right_epoch, right) = epoch(right);
    let (left, left_revision) = left.rsplit_once('-').unwrap_or((left, ""));
    let (right, right_revision) = right.rsplit_once('-').unwrap_or((right, ""));
    digits::compare(left_epoch, right_epoch)
        .then_with(|| part(left, right))
        .then_with(|| part(left_revision, right_revision))
}

fn epoch(version: &str) -> (&str, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) if digits::all(epoch) => (epoch, rest),
        _ => ("", version),
    }
}

/// Compares an upstream version or a revision: text and numbers in turn.
fn part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let text = |ch: char| !ch.is_ascii_digit();
        let (a, b) = (digits::take(&mut left, text), digits::take(&mut right, text));
        let (mut a, mut b) = (a.bytes(), b.bytes());
        loop {
            let (a, b) = (a.next(), b.next());
            let order = weight(a).cmp(&weight(b));
            if order.is_ne() {
                return order;
            }
            if a.is_none() && b.is_none() {
                break;
            }
        }
        let number = |ch: char| ch.is_ascii_digit();
        let order = digits::compare(digits::take(&mut left, number), digits::take(&mut right, number));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// A tilde comes before the end, the end before letters, letters before everything else.
fn weight(byte: Option<u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(byte),
        Some(byte) => i32::from(byte) + 256,
    }
}
