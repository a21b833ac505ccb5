//! Secrets in every byte of every layer, in files that later layers delete, and in the configuration.
//!
//! One search for fixed beginnings runs over everything; only where one is found does a detector look closer. Free-form
//! passwords have no beginning: they are looked for in small files that look like configuration, and judged by entropy.
//! What a package's own checksums prove to be unmodified upstream is left out and counted: test keys of libraries are
//! nobody's secret, and the proof is better than a list of paths to skip.

mod assignment;
mod binary;
mod detectors;
mod documents;
mod encoded;
mod formats;
mod found;
mod grams;
mod pem;
mod proof;
mod shape;

use crate::merge::{Merged, VISIBLE, absolute};
use crate::pass::LayerScan;
use crate::visit::{File, OVERLAP, Piece, Visitor};
use assignment::{Places, Strictness};
use detectors::{DETECTORS, Nature};
use found::{Match, keep};
use proof::{Asked, Content};
use seaworthy_facts::{ImageFacts, SecretFact, SecretPlace, UpstreamSecret};
use seaworthy_store::{Image, Limits};

/// Most findings of one file; a dump of tokens need not be listed whole.
const PER_FILE: usize = 300;
/// Most findings of one layer.
const PER_LAYER: usize = 20_000;
/// The largest file of more than one piece whose content is kept, in bytes.
const KEPT: u64 = 4 << 20;
/// What a format may need of the bytes before it. So much of a piece's end is looked at with that piece, and not with
/// the next one, which begins with the same bytes.
const LEAD: usize = 256;

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
    enabled: bool,
    found: Vec<Candidate>,
    current: Current,
    places: Places,
    /// The content of a file of a few pieces, in case something is found in it: then its checksums are wanted, and
    /// copying costs a tenth of hashing.
    kept: Vec<u8>,
}

/// The state of the file that streams by.
#[derive(Default)]
struct Current {
    /// What was found, with lines.
    found: Vec<Match>,
    binary: bool,
    lines: u64,
}

impl SecretVisitor {
    pub(crate) fn new(enabled: bool) -> Self {
        Self {
            enabled,
            found: Vec::new(),
            current: Current::default(),
            places: Places::default(),
            kept: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> Vec<Candidate> {
        self.found
    }
}

impl Visitor for SecretVisitor {
    fn wants(&mut self, file: &File<'_>) -> bool {
        self.enabled && file.size >= 8 && self.found.len() < PER_LAYER
    }

    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>) {
        if piece.first() {
            let head = &piece.bytes[..piece.bytes.len().min(8192)];
            self.kept.clear();
            self.current = Current {
                found: Vec::new(),
                binary: memchr::memchr(0, head).is_some() && !shape::is_utf16(head),
                lines: 0,
            };
        }
        if !piece.whole() && file.size <= KEPT {
            self.kept.extend_from_slice(piece.fresh());
        }
        let Current { found: known, binary, lines } = &mut self.current;
        let nature = match (*binary, piece.whole()) {
            (false, _) => Nature::Text,
            (true, true) => Nature::Binary,
            (true, false) => Nature::Large,
        };
        let length = piece.bytes.len();
        let from = if piece.first() { 0 } else { LEAD };
        let end = if piece.last { length } else { length.saturating_sub(OVERLAP - LEAD) };
        let mut counter = LineCount::new(piece.bytes, *lines);
        let mut add = |mut found: Match| {
            if known.len() < PER_FILE {
                let at = usize::try_from(found.at).unwrap_or(0);
                found.line = if *binary { 0 } else { counter.at(at) };
                found.at += piece.offset;
                keep(known, found);
            }
        };
        DETECTORS.each(piece.bytes, (from, end), nature, &mut add);
        if piece.whole() {
            whole(file, &mut self.places, piece.bytes, &mut add);
        } else if !piece.last && !*binary {
            counter.at(length.saturating_sub(OVERLAP));
            *lines = counter.count;
        }
        if piece.last && !self.current.found.is_empty() {
            let bytes = if piece.whole() { piece.bytes } else { &self.kept };
            let content = (bytes.len() as u64 == file.size).then(|| Content::of(bytes));
            self.current.found.sort_by_key(|found| found.at);
            for found in self.current.found.drain(..) {
                let content = content.clone();
                self.found.push(Candidate { record: file.record, line: found.line, found, content });
            }
        }
    }
}

/// What needs the whole file: formats that are told by the file's name or its form, free-form passwords.
fn whole(file: &File<'_>, places: &mut Places, bytes: &[u8], add: &mut dyn FnMut(Match)) {
    if let Some(found) = binary::read(bytes) {
        add(found);
    }
    let strictness = places.strictness(file.path, file.size);
    if memchr::memchr(0, bytes).is_none() {
        documents::read(file.path, bytes).into_iter().for_each(&mut *add);
        if let Some(strictness) = strictness {
            assignment::read(bytes, strictness).into_iter().for_each(add);
        }
    } else if let Some(strictness) = strictness
        && let Some((start, narrow)) = shape::from_utf16(bytes)
    {
        let start = start as u64;
        for mut found in assignment::read(&narrow, strictness) {
            found.at = start + found.at * 2;
            found.length *= 2;
            add(found);
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

/// All secrets of an image: those of the layers that no package explains, then those of the configuration; and what was
/// left out because a package's checksums explain it.
pub(crate) fn read(
    image: &Image,
    scans: &[LayerScan],
    merged: &Merged,
    limits: Limits,
) -> (Vec<SecretFact>, Vec<UpstreamSecret>, Masks) {
    let (mut secrets, mut upstream) = (Vec::new(), Vec::new());
    let large = proof::large(image, scans, limits);
    let all = || {
        scans.iter().enumerate().flat_map(|(index, scan)| {
            scan.secrets.iter().map(move |candidate| (index, scan.table.path(candidate.record), candidate))
        })
    };
    let asked = all().filter_map(|(index, path, candidate)| Some((path, content(&large, index, candidate)?)));
    let mut owners = Asked::new(asked).owners(scans).into_iter();
    for (index, path, candidate) in all() {
        let owner = content(&large, index, candidate).and_then(|_| owners.next()).flatten();
        if let Some(owner) = owner {
            upstream.push(UpstreamSecret {
                path: absolute(path),
                index,
                detector: candidate.found.detector.to_owned(),
                owner,
            });
            continue;
        }
        let digest = image.manifest.layers.get(index).map(|layer| layer.digest.to_string());
        let by = merged.hidden_by[index].get(candidate.record as usize).filter(|by| **by != VISIBLE);
        secrets.push(candidate.found.fact(SecretPlace::File {
            layer: digest.unwrap_or_default(),
            index,
            path: absolute(path),
            line: candidate.line,
            hidden: by.is_some(),
            hidden_by: by.map(|by| *by as usize),
        }));
    }
    let (of_config, masks) = of_config(image);
    secrets.extend(of_config);
    (secrets, upstream, masks)
}

/// Secrets of the configuration in clear, each with what is told instead of it. They do not leave this crate.
#[derive(Default)]
pub(crate) struct Masks(Vec<(String, String)>);

impl Masks {
    fn add(&mut self, text: &str, found: &Match) {
        let at = usize::try_from(found.at).unwrap_or(usize::MAX);
        let length = usize::try_from(found.length).unwrap_or(0);
        if let Some(clear) = text.get(at..at.saturating_add(length)) {
            self.0.push((clear.to_owned(), found.redacted.clone()));
        }
    }

    fn text(&self, text: &mut String) {
        for (clear, told) in &self.0 {
            if text.contains(clear.as_str()) {
                *text = text.replace(clear.as_str(), told);
            }
        }
    }

    /// Masks the secrets wherever the facts repeat the configuration: what is told of an image is no leak of its own.
    pub(crate) fn apply(&mut self, facts: &mut ImageFacts) {
        // The longest first: one may be a part of another.
        self.0.sort_by_key(|(clear, _)| std::cmp::Reverse(clear.len()));
        let config = &mut facts.config.config;
        let lists = [&mut config.env, &mut config.cmd, &mut config.entrypoint, &mut config.on_build];
        lists.into_iter().flatten().for_each(|text| self.text(text));
        config.healthcheck.iter_mut().flat_map(|health| &mut health.test).for_each(|text| self.text(text));
        config.labels.values_mut().chain(facts.annotations.values_mut()).for_each(|text| self.text(text));
        for entry in &mut facts.config.history {
            let texts = [&mut entry.created_by, &mut entry.comment, &mut entry.author];
            texts.into_iter().flatten().for_each(|text| self.text(text));
        }
        facts.config.author.iter_mut().for_each(|text| self.text(text));
        facts.layers.iter_mut().for_each(|layer| self.text(&mut layer.created_by));
    }
}

/// The checksums of the file that a candidate is in, where they are known.
fn content<'a>(large: &'a proof::Large, index: usize, candidate: &'a Candidate) -> Option<&'a Content> {
    candidate.content.as_ref().or_else(|| large.get(&(index, candidate.record)))
}

/// Secrets in variables, labels, the history, and all other texts of the configuration and the manifest.
fn of_config(image: &Image) -> (Vec<SecretFact>, Masks) {
    let mut secrets: Vec<SecretFact> = Vec::new();
    let config = &image.config.config;
    let mut masks = Masks::default();
    let mut add = |(text, found): (String, Vec<Match>), place: &dyn Fn() -> SecretPlace| {
        let mut kept: Vec<Match> = Vec::new();
        for found in found {
            keep(&mut kept, found);
        }
        kept.sort_by_key(|found| found.at);
        for found in &kept {
            masks.add(&text, found);
        }
        secrets.extend(kept.iter().map(|found| found.fact(place())));
    };
    for entry in &config.env {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        add(of_pair(name, value), &|| SecretPlace::Env { name: name.to_owned() });
    }
    for (name, value) in &config.labels {
        add(of_pair(name, value), &|| SecretPlace::Label { name: name.clone() });
    }
    for (index, entry) in image.config.history.iter().enumerate() {
        for text in [&entry.created_by, &entry.comment, &entry.author].into_iter().flatten() {
            add(of_text(text), &|| SecretPlace::History { index });
        }
    }
    let health = config.healthcheck.as_ref().map(|health| health.test.join(" "));
    let fields = [
        ("config.Entrypoint", Some(config.entrypoint.join(" "))),
        ("config.Cmd", Some(config.cmd.join(" "))),
        ("config.Healthcheck", health),
        ("config.OnBuild", Some(config.on_build.join("\n"))),
        ("author", image.config.author.clone()),
    ];
    for (field, text) in fields {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            add(of_text(&text), &|| SecretPlace::Field { name: field.to_owned() });
        }
    }
    for (name, value) in &image.manifest.annotations {
        add(of_pair(name, value), &|| SecretPlace::Field { name: format!("annotation {name}") });
    }
    (secrets, masks)
}

/// Secrets of a name and its value.
fn of_pair(name: &str, value: &str) -> (String, Vec<Match>) {
    // The name with it says what a value of no form of its own is.
    let text = format!("{name}={value}");
    let mut found = Vec::new();
    DETECTORS.each(text.as_bytes(), (0, text.len()), Nature::Text, |one| found.push(one));
    found.extend(assignment::of_pair(name, value).into_iter().map(|mut one| {
        one.at += name.len() as u64 + 1;
        one
    }));
    (text, found)
}

/// Secrets of a text, such as a command.
fn of_text(text: &str) -> (String, Vec<Match>) {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    DETECTORS.each(bytes, (0, bytes.len()), Nature::Text, |one| found.push(one));
    found.extend(assignment::read(bytes, Strictness::Configuration));
    (text.to_owned(), found)
}
