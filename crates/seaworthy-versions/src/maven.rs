//! Maven's order. Source: the POM reference, "Version Order Specification".
//!
//! A version is a row of tokens, each after a dot or a hyphen; a place where digits meet letters counts as a hyphen.

use crate::digits;
use std::cmp::Ordering;

struct Token<'a> {
    /// Whether a hyphen stands before it.
    hyphen: bool,
    value: &'a str,
}

pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    let (left, right) = (tokens(&left), tokens(&right));
    for at in 0..left.len().max(right.len()) {
        let order = match (left.get(at), right.get(at)) {
            (Some(a), Some(b)) => token(a, b),
            (Some(a), None) => token(a, &padding(a)),
            (None, Some(b)) => token(&padding(b), b),
            (None, None) => Ordering::Equal,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The tokens without those that say nothing at the end and before each hyphen.
fn tokens(version: &str) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::new();
    let mut rest = version;
    let mut hyphen = false;
    loop {
        let number = rest.starts_with(|ch: char| ch.is_ascii_digit());
        let run = if number {
            digits::take(&mut rest, |ch| ch.is_ascii_digit())
        } else {
            digits::take(&mut rest, |ch| !(ch.is_ascii_digit() || matches!(ch, '.' | '-')))
        };
        let before_number = rest.starts_with(|ch: char| ch.is_ascii_digit());
        let value = if run.is_empty() { "0" } else { word(run, before_number) };
        if hyphen {
            trim(&mut out);
        }
        out.push(Token { hyphen, value });
        hyphen = !rest.starts_with('.');
        match rest.chars().next() {
            None => break,
            Some('.' | '-') => rest = &rest[1..],
            Some(_) => {}
        }
    }
    trim(&mut out);
    out
}

/// Takes trailing tokens away that say nothing; the first one stays.
fn trim(tokens: &mut Vec<Token<'_>>) {
    while tokens.len() > 1 && tokens.last().is_some_and(|token| nothing(token.value)) {
        tokens.pop();
    }
}

fn nothing(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'0')
}

/// The qualifier a word stands for; one letter does only before a number.
fn word(text: &str, before_number: bool) -> &str {
    match text {
        "a" if before_number => "alpha",
        "b" if before_number => "beta",
        "m" if before_number => "milestone",
        "ga" | "final" | "release" => "",
        "cr" => "rc",
        other => other,
    }
}

/// What an absent token is beside one that is there.
fn padding<'a>(other: &Token<'_>) -> Token<'a> {
    let number = digits::all(other.value) && !other.hyphen;
    Token { hyphen: other.hyphen, value: if number { "0" } else { "" } }
}

fn token(left: &Token<'_>, right: &Token<'_>) -> Ordering {
    // A word after a dot, a word after a hyphen, a number after a hyphen, a number after a dot.
    let class = |token: &Token<'_>| match (digits::all(token.value), token.hyphen) {
        (false, false) => 0,
        (false, true) => 1,
        (true, true) => 2,
        (true, false) => 3,
    };
    class(left).cmp(&class(right)).then_with(|| {
        if digits::all(left.value) {
            digits::compare(left.value, right.value)
        } else {
            rank(left.value).cmp(&rank(right.value))
        }
    })
}

/// The words Maven knows in their order, then all others by their letters.
fn rank(word: &str) -> (usize, &str) {
    const KNOWN: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
    KNOWN.iter().position(|known| *known == word).map_or((KNOWN.len(), word), |at| (at, ""))
}
