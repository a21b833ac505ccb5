//! Versions that are numbers between separators: CRAN and Hackage.

use crate::digits;
use std::cmp::Ordering;

pub(crate) fn compare(left: &str, right: &str, separators: &[char]) -> Ordering {
    let (mut left, mut right) = (left.split(separators), right.split(separators));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
            (Some(a), Some(b)) => {
                let order = match (digits::all(a), digits::all(b)) {
                    (true, true) => digits::compare(a, b),
                    (false, false) => a.cmp(b),
                    (number, _) => number.cmp(&!number),
                };
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}
