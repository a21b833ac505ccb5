//! Secrets in every byte of every layer, in files that later layers delete, and in the configuration.
//!
//! One search for fixed beginnings runs over everything; only where one is found does a detector look closer. Free-form
//! passwords have no beginning: they are looked for in small files that look like configuration, and judged by entropy.
//! What a package's own checksums prove to be unmodified upstream is left out: test keys of libraries are nobody's
//! secret, and the proof is better than a list of paths to skip.

mod assignment;
mod detectors;
mod documents;
mod formats;
mod proof;
mod shape;

use crate::merge::{Merged, VISIBLE, absolute};
use crate::pass::LayerScan;
use crate::visit::{File, OVERLAP, Piece, Visitor};
use detectors::{Match, Prefilter};
use proof::Content;
use seaworthy_facts::{SecretFact, SecretPlace};
use seaworthy_store::Image;

/// Most findings of one file; a dump of tokens need not be listed whole.
const PER_FILE: usize = 50;
/// Most findings of one layer.
const PER_LAYER: usize = 2000;

/// What was found in a file of a layer.
#[derive(Debug)]
pub(crate) struct Candidate {
    record: u32,
    line: u64,
    found: Match,
    /// Checksums of the file, for the proof that it is its package's.
    content: Option<Content>,
}

/// Looks for secrets.
pub(crate) struct SecretVisitor {
    prefilter: Option<&'static Prefilter>,
    found: Vec<Candidate>,
    current: Current,
}

/// The state of the file that streams by.
#[derive(Default)]
struct Current {
    /// Candidates from here on are this file's.
    start: usize,
    binary: bool,
    lines: u64,
    hashing: Option<proof::Hashing>,
}

impl SecretVisitor {
    pub(crate) fn new(enabled: bool) -> Self {
        let prefilter = enabled.then(|| &**detectors::PREFILTER);
        Self { prefilter, found: Vec::new(), current: Current::default() }
    }

    pub(crate) fn finish(self) -> Vec<Candidate> {
        self.found
    }

    fn add(&mut self, file: &File<'_>, line: u64, found: Match) {
        let known = &self.found[self.current.start..];
        if known.len() < PER_FILE
            && self.found.len() < PER_LAYER
            && !known.iter().any(|other| other.found.covers(&found))
        {
            self.found.push(Candidate { record: file.record, line, found, content: None });
        }
    }
}

impl Visitor for SecretVisitor {
    fn wants(&mut self, file: &File<'_>) -> bool {
        self.prefilter.is_some() && file.size >= 8
    }

    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>) {
        let Some(prefilter) = self.prefilter else { return };
        if piece.first() {
            let head = &piece.bytes[..piece.bytes.len().min(8192)];
            self.current = Current {
                start: self.found.len(),
                binary: memchr::memchr(0, head).is_some(),
                lines: 0,
                hashing: (!piece.last && proof::may_be_owned(file.path)).then(proof::Hashing::default),
            };
        }
        if let Some(hashing) = &mut self.current.hashing {
            hashing.update(piece.fresh());
        }
        // What begins in the last bytes of a piece comes again with the next one.
        let end = if piece.last { piece.bytes.len() } else { piece.bytes.len().saturating_sub(OVERLAP) };
        let mut lines = LineCount::new(piece.bytes, self.current.lines);
        let binary = self.current.binary;
        let mut add = |at, found| {
            let line = if binary { 0 } else { lines.at(at) };
            self.add(file, line, found);
        };
        // Large programs and data are where time goes and where the formats of three bytes only cause noise.
        if binary && !piece.whole() {
            prefilter.each_long(piece.bytes, end, &mut add);
        } else {
            prefilter.each(piece.bytes, end, add);
        }
        if piece.whole() {
            self.whole(file, piece.bytes, prefilter);
        } else if !piece.last && !binary {
            lines.at(end);
            self.current.lines = lines.count;
        }
        if piece.last && self.found.len() > self.current.start {
            let content = match self.current.hashing.take() {
                Some(hashing) => Some(hashing.finish()),
                None => piece.whole().then(|| Content::of(piece.bytes)),
            };
            for candidate in &mut self.found[self.current.start..] {
                candidate.content.clone_from(&content);
            }
        }
    }
}

impl SecretVisitor {
    /// What needs the whole file: formats that are told by the file's name, free-form passwords, UTF-16.
    fn whole(&mut self, file: &File<'_>, bytes: &[u8], prefilter: &Prefilter) {
        if let Some(narrow) = shape::from_utf16(bytes) {
            let mut lines = LineCount::new(&narrow, 0);
            prefilter.each(&narrow, narrow.len(), |at, found| self.add(file, lines.at(at), found));
            return;
        }
        if self.current.binary {
            return;
        }
        let mut lines = LineCount::new(bytes, 0);
        let mut found = documents::read(file.path, bytes);
        if assignment::is_configuration(file.path, file.size) {
            found.extend(assignment::read(bytes));
        }
        found.sort_by_key(|(at, _)| *at);
        for (at, found) in found {
            self.add(file, lines.at(at), found);
        }
    }
}

/// Counts lines, from where it last stood.
struct LineCount<'a> {
    bytes: &'a [u8],
    before: u64,
    at: usize,
    count: u64,
}

impl<'a> LineCount<'a> {
    /// Counts in a piece that `before` line ends come before.
    fn new(bytes: &'a [u8], before: u64) -> Self {
        Self { bytes, before, at: 0, count: before }
    }

    /// The 1-based line of a position.
    fn at(&mut self, position: usize) -> u64 {
        let position = position.min(self.bytes.len());
        if position < self.at {
            (self.at, self.count) = (0, self.before);
        }
        self.count += memchr::memchr_iter(b'\n', &self.bytes[self.at..position]).count() as u64;
        self.at = position;
        self.count + 1
    }
}

/// All secrets of an image: those of the layers that no package explains, then those of the configuration.
pub(crate) fn read(image: &Image, scans: &[LayerScan], merged: &Merged) -> Vec<SecretFact> {
    let mut secrets = Vec::new();
    for (index, scan) in scans.iter().enumerate() {
        let digest =
            image.manifest.layers.get(index).map(|layer| layer.digest.to_string()).unwrap_or_default();
        for candidate in &scan.secrets {
            let path = scan.table.path(candidate.record);
            if candidate.content.as_ref().is_some_and(|content| proof::is_upstream(scans, path, content)) {
                continue;
            }
            let hidden =
                merged.hidden_by[index].get(candidate.record as usize).is_some_and(|by| *by != VISIBLE);
            secrets.push(candidate.found.fact(SecretPlace::File {
                layer: digest.clone(),
                index,
                path: absolute(path),
                line: candidate.line,
                hidden,
            }));
        }
    }
    secrets.extend(of_config(image));
    secrets
}

/// Secrets in variables, labels and the history.
fn of_config(image: &Image) -> Vec<SecretFact> {
    let mut secrets: Vec<SecretFact> = Vec::new();
    let config = &image.config.config;
    let mut add = |found: Vec<Match>, place: &dyn Fn() -> SecretPlace| {
        let mut kept: Vec<Match> = Vec::new();
        for found in found {
            if !kept.iter().any(|other| other.covers(&found)) {
                secrets.push(found.fact(place()));
                kept.push(found);
            }
        }
    };
    for entry in &config.env {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        add(of_value(name, value), &|| SecretPlace::Env { name: name.to_owned() });
    }
    for (name, value) in &config.labels {
        add(of_value(name, value), &|| SecretPlace::Label { name: name.clone() });
    }
    for (index, entry) in image.config.history.iter().enumerate() {
        let mut found = Vec::new();
        for text in [&entry.created_by, &entry.comment].into_iter().flatten() {
            found.extend(of_text(text.as_bytes()));
            found.extend(assignment::read(text.as_bytes()).into_iter().map(|(_, found)| found));
        }
        add(found, &|| SecretPlace::History { index });
    }
    secrets
}

fn of_value(name: &str, value: &str) -> Vec<Match> {
    let mut found = of_text(value.as_bytes());
    found.extend(assignment::of_pair(name, value));
    found
}

fn of_text(bytes: &[u8]) -> Vec<Match> {
    let mut found = Vec::new();
    detectors::PREFILTER.each(bytes, bytes.len(), |_, one| found.push(one));
    found
}
