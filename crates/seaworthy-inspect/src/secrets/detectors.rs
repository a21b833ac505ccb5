//! Finds known formats: one search for what they begin with, a closer look where one may be.

use super::formats::{DETECTORS, Detector, Judge};
use super::shape;
use aho_corasick::packed;
use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use seaworthy_facts::{SecretFact, SecretPlace};
use std::sync::{Arc, LazyLock};

/// What was found, without its clear text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    what: &'static str,
    detector: &'static str,
    redacted: String,
    proven: bool,
    /// A digest of the clear text, to count one secret once per place.
    fingerprint: u128,
}

impl Match {
    /// A match whose first `shown` bytes may be told.
    pub(super) fn new(
        what: &'static str,
        detector: &'static str,
        secret: &[u8],
        shown: usize,
        proven: bool,
    ) -> Self {
        // Never more than a quarter of a secret is told.
        let shown = shown.min(secret.len() / 4);
        let head = seaworthy_store::tape::shown(&secret[..shown]);
        Self {
            what,
            detector,
            redacted: format!("{head}… ({} characters)", secret.len()),
            proven,
            fingerprint: twox_hash::XxHash3_128::oneshot(secret),
        }
    }

    /// Whether another match says nothing new beside this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }

    /// The finding.
    pub(super) fn fact(&self, place: SecretPlace) -> SecretFact {
        SecretFact {
            what: self.what.to_owned(),
            detector: self.detector.to_owned(),
            redacted: self.redacted.clone(),
            place,
            proven: self.proven,
        }
    }
}

/// A pattern that is compiled when first needed.
type Pattern = LazyLock<Option<Regex>, Box<dyn FnOnce() -> Option<Regex> + Send>>;

/// Finds every place where a format may begin, at the speed of memory.
pub(super) struct Prefilter {
    packed: Option<packed::Searcher>,
    automaton: AhoCorasick,
    /// The detector of each literal.
    owners: Vec<usize>,
    /// Literals of three bytes, searched for on their own: among the others they would halve the speed of all.
    short: Vec<(memmem::Finder<'static>, usize)>,
    patterns: Vec<Pattern>,
}

/// The one prefilter. Patterns are compiled when first needed, without Unicode: with it they take a hundred times the
/// time and memory, and the formats are ASCII.
pub(super) static PREFILTER: LazyLock<Arc<Prefilter>> = LazyLock::new(|| Arc::new(Prefilter::new()));

impl Prefilter {
    fn new() -> Self {
        let mut literals: Vec<&str> = Vec::new();
        let (mut owners, mut short) = (Vec::new(), Vec::new());
        for (index, detector) in DETECTORS.iter().enumerate() {
            for literal in detector.literals {
                if literal.len() < 4 {
                    short.push((memmem::Finder::new(literal), index));
                } else {
                    literals.push(literal);
                    owners.push(index);
                }
            }
        }
        let mut packed = packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder();
        packed.extend(&literals);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&literals);
        let patterns = DETECTORS
            .iter()
            .map(|detector| {
                let pattern = format!("^(?:{})", detector.pattern);
                let compile: Box<dyn FnOnce() -> Option<Regex> + Send> =
                    Box::new(move || RegexBuilder::new(&pattern).unicode(false).build().ok());
                LazyLock::new(compile)
            })
            .collect();
        Self {
            packed: packed.build(),
            automaton: automaton
                .unwrap_or_else(|_| AhoCorasick::new([""; 0]).expect("internal error: no pattern")),
            owners,
            short,
            patterns,
        }
    }

    /// Hands over every secret that begins before `end`, with its position.
    pub(super) fn each(&self, bytes: &[u8], end: usize, mut found: impl FnMut(usize, Match)) {
        self.each_long(bytes, end, &mut found);
        for (finder, index) in &self.short {
            for start in finder.find_iter(bytes).take_while(|start| *start < end) {
                if let Some((_, secret)) = self.check(*index, bytes, start) {
                    found(start, secret);
                }
            }
        }
    }

    /// As [`Prefilter::each`] without the formats that begin with three bytes.
    pub(super) fn each_long(&self, bytes: &[u8], end: usize, found: &mut impl FnMut(usize, Match)) {
        let mut at = 0;
        while at < end {
            let hit = match &self.packed {
                Some(searcher) => searcher
                    .find_in(bytes, (at..bytes.len()).into())
                    .map(|hit| (hit.start(), hit.pattern().as_usize())),
                None => self
                    .automaton
                    .find(aho_corasick::Input::new(bytes).span(at..bytes.len()))
                    .map(|hit| (hit.start(), hit.pattern().as_usize())),
            };
            let Some((start, literal)) = hit else { return };
            if start >= end {
                return;
            }
            at = start + 1;
            if let Some((length, secret)) = self.check(self.owners[literal], bytes, start) {
                found(start, secret);
                at = start + length.max(1);
            }
        }
    }

    /// Looks closer at a place; gives the length of the match.
    fn check(&self, index: usize, bytes: &[u8], start: usize) -> Option<(usize, Match)> {
        let detector = &DETECTORS[index];
        // A token is a word: no letter or digit comes right before it. A longer name may end in a key's name.
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let word = before.is_some_and(|byte| byte.is_ascii_alphanumeric());
        if word && !matches!(detector.judge, Judge::Value | Judge::Pem) {
            return None;
        }
        let rest = &bytes[start..bytes.len().min(start + super::OVERLAP)];
        let captures = self.patterns[index].as_ref()?.captures(rest)?;
        let whole = captures.get(0)?;
        let secret = captures.get(1).unwrap_or(whole).as_bytes();
        let make =
            |secret: &[u8], proven| Match::new(detector.what, detector.name, secret, detector.shown, proven);
        let found = match detector.judge {
            Judge::Entropy(tenths) => {
                let body = &secret[detector.shown.min(secret.len())..];
                let enough = shape::entropy(body) * 10.0 >= f64::from(tenths);
                let example = body.ends_with(b"EXAMPLE") || memchr::memmem::find(body, b"xxxxxx").is_some();
                if !enough || example {
                    return None;
                }
                make(secret, false)
            }
            Judge::Checksum => {
                let (body, sum) = secret[4..].split_at(secret.len() - 10);
                let proven = shape::crc_base62(body) == *sum;
                // Without the checksum a token may be of an older kind, or made up; the looks must be good then.
                if !proven && shape::entropy(body) < 3.5 {
                    return None;
                }
                make(secret, proven)
            }
            Judge::BasicAuth => {
                let clear = shape::base64(secret)?;
                let colon = clear.iter().position(|byte| *byte == b':')?;
                let password = &clear[colon + 1..];
                let text = std::str::from_utf8(&clear).ok()?;
                if colon == 0 || password.is_empty() || text.contains(char::is_control) {
                    return None;
                }
                if shape::is_placeholder(&text[colon + 1..]) {
                    return None;
                }
                make(secret, true)
            }
            Judge::Jwt => {
                let mut parts = secret.split(|byte| *byte == b'.');
                let header: serde_json::Value =
                    serde_json::from_slice(&shape::base64(parts.next()?)?).ok()?;
                let body: serde_json::Value = serde_json::from_slice(&shape::base64(parts.next()?)?).ok()?;
                let algorithm = header.get("alg")?.as_str()?;
                // Every introduction to the format shows the token of John Doe.
                let example = body.get("name").and_then(serde_json::Value::as_str) == Some("John Doe");
                if algorithm.eq_ignore_ascii_case("none") || example || !body.is_object() {
                    return None;
                }
                make(secret, true)
            }
            Judge::Pem => return pem(detector, rest, whole.end()),
            Judge::Value => {
                let text = std::str::from_utf8(secret).ok()?;
                if shape::is_placeholder(text) || !shape::is_random(text) || text.ends_with("EXAMPLEKEY") {
                    return None;
                }
                make(secret, false)
            }
        };
        Some((whole.end(), found))
    }
}

/// Judges a PEM block by its body. A program that can read keys carries the first line as a text, so that proves
/// nothing; neither does a line of dots.
fn pem(detector: &Detector, bytes: &[u8], head: usize) -> Option<(usize, Match)> {
    let body = &bytes[head..];
    let end = memchr::memmem::find(body, b"-----END ")?;
    let text = &body[..end];
    let (mut code, mut line) = (Vec::with_capacity(text.len()), 0);
    let mut encrypted = memchr::memmem::find(&bytes[..head], b"ENCRYPTED").is_some();
    // In JSON and in source code the ends of lines are written out.
    let text = replace(&replace(&replace(text, b"\\r", b""), b"\\n", b"\n"), b"\"", b"");
    for part in text.split(|byte| *byte == b'\n') {
        let part = part.trim_ascii();
        if part.contains(&b':') {
            encrypted |= part.starts_with(b"Proc-Type");
            continue;
        }
        // The checksum of OpenPGP armour.
        if part.starts_with(b"=") && part.len() == 5 {
            continue;
        }
        line += 1;
        code.extend_from_slice(part);
    }
    if code.len() < 44 || line > 2000 || shape::entropy(&code) < 3.5 {
        return None;
    }
    let clear = shape::base64(&code)?;
    let known = clear.starts_with(b"openssh-key-v1\0")
        || clear.first() == Some(&0x30)
        || clear.first() == Some(&b'{')
        || memchr::memmem::find(&bytes[..head], b"PGP").is_some();
    if !known && !encrypted {
        return None;
    }
    let whole = head + end;
    let what =
        if encrypted || clear.first() == Some(&b'{') { "encrypted private key" } else { detector.what };
    Some((whole, Match::new(what, detector.name, &bytes[..whole], head, known)))
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        let mut names = Vec::new();
        PREFILTER.each(text.as_bytes(), text.len(), |_, found| names.push(found.detector));
        names
    }

    #[test]
    fn every_pattern_compiles_and_the_search_is_packed() {
        for (index, detector) in DETECTORS.iter().enumerate() {
            assert!(PREFILTER.patterns[index].is_some(), "{}", detector.name);
            assert!(detector.literals.iter().all(|literal| literal.len() >= 3), "{}", detector.name);
        }
        if cfg!(target_arch = "x86_64") {
            assert!(PREFILTER.packed.is_some(), "the literals fit the packed search");
        }
    }

    #[test]
    fn a_checksum_proves_a_token() {
        let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5";
        let sum = shape::crc_base62(body.as_bytes());
        let token = format!("ghp_{body}{}", std::str::from_utf8(&sum).unwrap());
        let mut found = Vec::new();
        let text = format!("TOKEN=\"{token}\"\n");
        PREFILTER.each(text.as_bytes(), text.len(), |at, one| found.push((at, one)));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, found[0].1.proven), (7, true));
        assert_eq!(found[0].1.redacted, "ghp_… (40 characters)");
        assert!(!format!("{:?}", found[0].1).contains("a1B2"), "no clear text is kept");
        assert_eq!(names(&format!("x{token}")), [""; 0], "not within a word");
    }

    #[test]
    fn words_of_programs_and_documents_are_no_keys() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nMIIBszCCARygAwIBAgIUQm==\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
            "AKIAIOSFODNN7EXAMPLE",
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "\"auth\": \"${AUTH}\"",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn keys_with_bodies_are_found_also_in_json() {
        // An elliptic key of no one: 44 bytes of DER that begin as PKCS 8 does.
        let body = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v0Vh5iFqkKqkXx0Yw2bq0m8nY1qk7bQz8k3Zt";
        for text in [
            format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
            format!("{{\"key\":\"-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n\"}}"),
        ] {
            assert_eq!(names(&text), ["private-key"], "{text}");
        }
    }
}
