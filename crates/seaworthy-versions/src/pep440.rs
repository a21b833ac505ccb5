//! PEP 440, and setuptools' older order for what it does not accept.

use crate::digits;
use std::cmp::Ordering;

pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    match (Version::parse(&left), Version::parse(&right)) {
        (Some(left), Some(right)) => left.compare(&right),
        (None, None) => legacy(&left).cmp(&legacy(&right)),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

#[derive(Default)]
struct Version<'a> {
    epoch: &'a str,
    release: Vec<&'a str>,
    /// 0, 1, 2 for alpha, beta, candidate, and the number.
    pre: Option<(u8, &'a str)>,
    post: Option<&'a str>,
    dev: Option<&'a str>,
    local: Vec<&'a str>,
}

impl<'a> Version<'a> {
    /// Source: PEP 440, appendix B.
    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        let mut out = Self::default();
        let number = |rest: &mut &'a str| digits::take(rest, |ch| ch.is_ascii_digit());
        let first = number(&mut rest);
        if first.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix('!') {
            out.epoch = first;
            rest = after;
            out.release.push(some(number(&mut rest))?);
        } else {
            out.release.push(first);
        }
        while let Some(mut after) = rest.strip_prefix('.') {
            let next = number(&mut after);
            if next.is_empty() {
                break;
            }
            out.release.push(next);
            rest = after;
        }
        if let Some((found, after)) = labelled(
            rest,
            &[("alpha", 0), ("a", 0), ("beta", 1), ("b", 1), ("preview", 2), ("pre", 2), ("rc", 2), ("c", 2)],
        ) {
            out.pre = Some(found);
            rest = after;
        }
        if let Some(mut after) = rest.strip_prefix('-')
            && after.starts_with(|ch: char| ch.is_ascii_digit())
        {
            out.post = Some(number(&mut after));
            rest = after;
        } else if let Some(((_, post), after)) = labelled(rest, &[("post", 0), ("rev", 0), ("r", 0)]) {
            out.post = Some(post);
            rest = after;
        }
        if let Some(((_, dev), after)) = labelled(rest, &[("dev", 0)]) {
            out.dev = Some(dev);
            rest = after;
        }
        if let Some(local) = rest.strip_prefix('+') {
            out.local = local.split(['.', '-', '_']).collect();
            let fits =
                |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return out.local.iter().all(fits).then_some(out);
        }
        rest.is_empty().then_some(out)
    }

    fn compare(&self, other: &Self) -> Ordering {
        digits::compare(self.epoch, other.epoch)
            .then_with(|| {
                let longest = self.release.len().max(other.release.len());
                let at = |list: &[&'a str], at: usize| list.get(at).copied().unwrap_or("");
                (0..longest)
                    .map(|index| digits::compare(at(&self.release, index), at(&other.release, index)))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
            .then_with(|| match (self.pre, other.pre) {
                (Some((a, left)), Some((b, right))) => a.cmp(&b).then_with(|| digits::compare(left, right)),
                _ => self.stage().cmp(&other.stage()),
            })
            .then_with(|| match (self.post, other.post) {
                (Some(left), Some(right)) => digits::compare(left, right),
                (left, right) => left.is_some().cmp(&right.is_some()),
            })
            .then_with(|| match (self.dev, other.dev) {
                (Some(left), Some(right)) => digits::compare(left, right),
                (left, right) => right.is_some().cmp(&left.is_some()),
            })
            .then_with(|| local(&self.local, &other.local))
    }

    /// A development release of the release itself comes before its pre-releases, these before the release.
    fn stage(&self) -> u8 {
        match (self.pre, self.post, self.dev) {
            (Some(_), _, _) => 1,
            (None, None, Some(_)) => 0,
            _ => 2,
        }
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// One of the words with separators around it and the number that may follow.
fn labelled<'a>(text: &'a str, words: &[(&str, u8)]) -> Option<((u8, &'a str), &'a str)> {
    let bare = text.strip_prefix(['.', '-', '_']).unwrap_or(text);
    let (word, value) = words.iter().find(|(word, _)| bare.starts_with(word))?;
    let after = &bare[word.len()..];
    let mut rest = after.strip_prefix(['.', '-', '_']).unwrap_or(after);
    let number = digits::take(&mut rest, |ch| ch.is_ascii_digit());
    // A separator belongs to the word only where a number follows it.
    Some(((*value, number), if number.is_empty() { after } else { rest }))
}

fn local(left: &[&str], right: &[&str]) -> Ordering {
    for at in 0..left.len().max(right.len()) {
        let order = match (left.get(at), right.get(at)) {
            (Some(a), Some(b)) => match (digits::all(a), digits::all(b)) {
                (true, true) => digits::compare(a, b),
                (false, false) => a.cmp(b),
                (number, _) => number.cmp(&!number),
            },
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The parts of a version as setuptools ordered them before PEP 440: words with a star, numbers filled with zeros.
fn legacy(version: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = version;
    let mut parts = Vec::new();
    while let Some(first) = rest.chars().next() {
        let run = if first.is_ascii_digit() {
            digits::take(&mut rest, |ch| ch.is_ascii_digit())
        } else if first.is_ascii_lowercase() {
            digits::take(&mut rest, |ch| ch.is_ascii_lowercase())
        } else if matches!(first, '.' | '-') {
            let (mark, tail) = rest.split_at(1);
            rest = tail;
            mark
        } else {
            digits::take(&mut rest, |ch| {
                !(ch.is_ascii_digit() || ch.is_ascii_lowercase() || matches!(ch, '.' | '-'))
            })
        };
        parts.push(run);
    }
    parts.push("final");
    for part in parts {
        let part = match part {
            "." => continue,
            "pre" | "preview" | "rc" => "c",
            "-" => "final-",
            "dev" => "@",
            other => other,
        };
        if digits::all(part) {
            out.push(format!("{part:0>8}"));
            continue;
        }
        let part = format!("*{part}");
        if part.as_str() < "*final" {
            while out.last().is_some_and(|last| last == "*final-") {
                out.pop();
            }
        }
        while out.last().is_some_and(|last| last == "00000000") {
            out.pop();
        }
        out.push(part);
    }
    out
}
