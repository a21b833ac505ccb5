//! What was found, without its clear text.

use seaworthy_facts::{SecretFact, SecretPlace};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// How much a match says, the least first: of two that overlap, the greater stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A random value under a telling name.
    Named,
    /// A value whose file or issuer's name says what it is.
    Context,
    /// A form of its own.
    Format,
    /// A form that its structure or checksum proves.
    Proven,
}

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) what: String,
    pub(super) detector: &'static str,
    pub(super) rank: Rank,
    /// Where it begins, counted from what the finder was given.
    pub(super) at: u64,
    /// The 1-based line, where the finder counts lines.
    pub(super) line: u64,
    /// Bytes it takes there.
    pub(super) length: u64,
    pub(super) redacted: String,
    sha256: String,
    /// Whether it is too long and too random to be guessed from its digest.
    unguessable: bool,
    note: Option<String>,
}

impl Match {
    /// A match at a place. Of the secret the first `shown` bytes may be told.
    pub(super) fn new(
        (what, detector): (&str, &'static str),
        rank: Rank,
        secret: &[u8],
        at: usize,
        shown: usize,
    ) -> Self {
        // Never more than a quarter of a secret is told.
        let shown = shown.min(secret.len() / 4);
        let head = seaworthy_store::tape::shown(&secret[..shown]);
        let mut sha256 = String::with_capacity(64);
        for byte in Sha256::digest(secret.trim_ascii()) {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        let length = u32::try_from(secret.len()).unwrap_or(u32::MAX);
        Self {
            what: what.to_owned(),
            detector,
            rank,
            at: at as u64,
            line: 0,
            length: u64::from(length),
            redacted: format!("{head}… ({length} characters)"),
            sha256,
            unguessable: f64::from(length) * super::shape::entropy(secret) >= 48.0,
            note: None,
        }
    }

    /// Adds what else is known of it.
    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Sets how many bytes it takes where it was found, when that is not its own length.
    pub(super) fn taking(mut self, length: usize) -> Self {
        self.length = length as u64;
        self
    }

    /// Whether two matches are about the same secret: the same value, or the same bytes.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 || (self.at < other.at + other.length && other.at < self.at + self.length)
    }

    /// Whether it says more than another about the same secret.
    pub(super) fn beats(&self, other: &Self) -> bool {
        (self.rank, self.length) > (other.rank, other.length)
    }

    /// The finding.
    pub(super) fn fact(&self, place: SecretPlace) -> SecretFact {
        SecretFact {
            what: self.what.clone(),
            detector: self.detector.to_owned(),
            redacted: self.redacted.clone(),
            sha256: self.unguessable.then(|| self.sha256.clone()),
            note: self.note.clone(),
            place,
            proven: self.rank == Rank::Proven,
        }
    }
}

/// Adds a match to those of a place, unless one of them says more about the same secret.
pub(super) fn keep(known: &mut Vec<Match>, found: Match) {
    if known.iter().any(|other| other.meets(&found) && !found.beats(other)) {
        return;
    }
    known.retain(|other| !other.meets(&found));
    known.push(found);
}
