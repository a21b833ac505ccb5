//! Semantic Versioning 2.0.0 section 11, with what NuGet and Pub do otherwise. Missing numbers are zero.

use crate::digits;
use std::cmp::Ordering;

/// What differs between the users of Semantic Versioning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// As written.
    Plain,
    /// Letters without regard to case.
    NuGet,
    /// Build metadata counts.
    Pub,
}

struct Parts<'a> {
    core: &'a str,
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

pub(crate) fn compare(left: &str, right: &str, flavour: Flavour) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    core(left.core, right.core)
        .then_with(|| match (left.pre, right.pre) {
            (Some(left), Some(right)) => identifiers(left, right, flavour),
            // A pre-release comes before its release.
            (left, right) => right.is_some().cmp(&left.is_some()),
        })
        .then_with(|| match (left.build, right.build) {
            _ if flavour != Flavour::Pub => Ordering::Equal,
            (Some(left), Some(right)) => identifiers(left, right, flavour),
            (left, right) => left.is_some().cmp(&right.is_some()),
        })
}

fn parts(version: &str) -> Parts<'_> {
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let (rest, build) = match version.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (version, None),
    };
    let (core, pre) = match rest.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (rest, None),
    };
    // `1.2.3beta` is no semantic version, yet it is a pre-release of `1.2.3` to everyone who writes it.
    let letters = core.find(|ch: char| !(ch.is_ascii_digit() || ch == '.'));
    match letters {
        Some(at) if at > 0 && pre.is_none() => {
            Parts { core: core[..at].trim_end_matches('.'), pre: Some(&core[at..]), build }
        }
        _ => Parts { core, pre, build },
    }
}

fn core(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return Ordering::Equal;
        }
        let (a, b) = (a.unwrap_or("0"), b.unwrap_or("0"));
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

fn identifiers(left: &str, right: &str, flavour: Flavour) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (digits::all(a), digits::all(b)) {
                (true, true) => digits::compare(a, b),
                // Numbers come before words.
                (number, other) if number != other => other.cmp(&number),
                _ if flavour == Flavour::NuGet => a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()),
                _ => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}
