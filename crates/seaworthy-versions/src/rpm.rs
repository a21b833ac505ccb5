//! rpm's order. Source: rpm-version(7) and its description of `rpmvercmp`.

use crate::digits;
use std::cmp::Ordering;

pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left_epoch, left) = epoch(left);
    let (right_epoch, right) = epoch(right);
    let (left, left_release) = release(left);
    let (right, right_release) = release(right);
    part(left_epoch, right_epoch).then_with(|| part(left, right)).then_with(|| {
        match (left_release, right_release) {
            (Some(left), Some(right)) => part(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    })
}

/// Digits before the first colon; an absent epoch is 0.
fn epoch(version: &str) -> (&str, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) if digits::all(epoch) => (epoch, rest),
        Some(("", rest)) => ("0", rest),
        _ => ("0", version),
    }
}

fn release(version: &str) -> (&str, Option<&str>) {
    match version.rsplit_once('-') {
        Some((version, release)) => (version, Some(release)),
        None => (version, None),
    }
}

/// Compares two versions or two releases segment by segment.
fn part(mut left: &str, mut right: &str) -> Ordering {
    let separator = |ch: char| !(ch.is_ascii_alphanumeric() || ch == '~' || ch == '^');
    if left == right {
        return Ordering::Equal;
    }
    loop {
        digits::take(&mut left, separator);
        digits::take(&mut right, separator);
        // A tilde comes before the end, a caret after the end but before anything else.
        for (mark, before_end) in [('~', Ordering::Less), ('^', Ordering::Greater)] {
            match (left.strip_prefix(mark), right.strip_prefix(mark)) {
                (Some(a), Some(b)) => {
                    (left, right) = (a, b);
                    break;
                }
                (Some(_), None) if mark == '~' || right.is_empty() => return before_end,
                (None, Some(_)) if mark == '~' || left.is_empty() => return before_end.reverse(),
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                (None, None) => {}
            }
        }
        if left.starts_with(['~', '^'])
            || right.starts_with(['~', '^'])
            || separates(left)
            || separates(right)
        {
            continue;
        }
        if left.is_empty() || right.is_empty() {
            return left.len().min(1).cmp(&right.len().min(1));
        }
        let number = left.starts_with(|ch: char| ch.is_ascii_digit());
        let fits = if number { |ch: char| ch.is_ascii_digit() } else { |ch: char| ch.is_ascii_alphabetic() };
        let (a, b) = (digits::take(&mut left, fits), digits::take(&mut right, fits));
        if b.is_empty() {
            // Numbers are newer than letters.
            return if number { Ordering::Greater } else { Ordering::Less };
        }
        let order = if number { digits::compare(a, b) } else { a.cmp(b) };
        if order.is_ne() {
            return order;
        }
    }
}

fn separates(text: &str) -> bool {
    text.starts_with(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '~' || ch == '^'))
}
