//! Reads an index.

use super::bytes::{Bytes, u32_at, u64_at};
use super::{BLOCK, HEAD, MAGIC, META_LIMIT, Meta, hash};
use crate::advisory::{Advisory, Affected, Event, Range, Rated};
use crate::ecosystem;
use crate::error::IndexError;
use crate::evaluate::{self, Kind, Walk};
use seaworthy_facts::Rating;
use seaworthy_versions::Scheme;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::ops::Range as Span;
use std::path::{Path, PathBuf};

/// The most bytes a block of advisories may unpack to.
const BLOCK_LIMIT: u64 = 64 << 20;

/// An advisory that affects a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number in the index.
    pub advisory: u32,
    /// Versions that mend it, nearest first.
    pub fixed: Vec<String>,
    /// The package's own rating.
    pub rated: Rated,
    /// Operating systems, by Go's names, outside of which it does not matter.
    pub os: Vec<String>,
    /// Architectures likewise.
    pub arch: Vec<String>,
    /// The only binary packages it is about; empty: all.
    pub binaries: Vec<String>,
}

/// What is known of a CVE beside the advisory at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The best rating any advisory gives it.
    pub rating: Rating,
    /// Its score times ten.
    pub score: Option<u8>,
    /// The probability of exploitation times 100,000.
    pub epss: Option<u32>,
    /// Days since 1970 at which it entered the catalogue of known exploited vulnerabilities.
    pub day: Option<u16>,
}

/// An open index.
pub struct Index {
    path: PathBuf,
    bytes: Vec<u8>,
    meta: Meta,
    keys: Span<usize>,
    affected: Span<usize>,
    ends: Span<usize>,
    texts: Span<usize>,
    known: Span<usize>,
    /// Blocks that were unpacked.
    unpacked: RefCell<BTreeMap<usize, Vec<Advisory>>>,
}

impl fmt::Debug for Index {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Index").field("path", &self.path).field("meta", &self.meta).finish_non_exhaustive()
    }
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// It cannot be read, is something else, or its checksum is wrong.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let failed = |source| IndexError::Read { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(failed)?;
        Self::from_bytes(bytes, path)
    }

    /// Whether a file begins like an index, of this version or another.
    pub fn is_one(path: &Path) -> bool {
        let mut head = [0; 7];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
        read.is_ok() && head == MAGIC[..7]
    }

    /// Takes the bytes of an index; the path is for messages.
    ///
    /// # Errors
    /// They are something else, or their checksum is wrong.
    pub fn from_bytes(bytes: Vec<u8>, path: &Path) -> Result<Self, IndexError> {
        let foreign = |what: &str| IndexError::Foreign { path: path.to_owned(), what: what.to_owned() };
        let damaged = |what| IndexError::Damaged { path: path.to_owned(), what };
        if bytes.get(..7) != Some(&MAGIC[..7]) {
            return Err(foreign("it is no index of advisories"));
        }
        if bytes.get(..8) != Some(&MAGIC[..]) {
            return Err(foreign("another version of this program made it"));
        }
        if bytes.len() < HEAD {
            return Err(damaged("it ends in its head"));
        }
        if u64_at(&bytes, 8) != Some(twox_hash::XxHash3_64::oneshot(&bytes[16..])) {
            return Err(damaged("its checksum is another"));
        }
        let section = |number: usize| -> Option<Span<usize>> {
            let from = usize::try_from(u64_at(&bytes, 16 + number * 16)?).ok()?;
            let to = usize::try_from(u64_at(&bytes, 24 + number * 16)?).ok()?;
            (from >= HEAD && from <= to && to <= bytes.len()).then_some(from..to)
        };
        let section = |number| section(number).ok_or_else(|| damaged("a section lies outside of it"));
        let own = section(0)?;
        if own.len() > META_LIMIT {
            return Err(damaged("its description is too long"));
        }
        let meta =
            serde_json::from_slice(&bytes[own]).map_err(|_| damaged("its description cannot be read"))?;
        Ok(Self {
            path: path.to_owned(),
            meta,
            keys: section(1)?,
            affected: section(2)?,
            ends: section(3)?,
            texts: section(4)?,
            known: section(5)?,
            bytes,
            unpacked: RefCell::default(),
        })
    }

    /// What it says of itself.
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its bytes, as they lie in the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its size in bytes.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.meta.advisories == 0
    }

    /// What affects a version of a package; the name may be written in any way the ecosystem allows.
    ///
    /// # Errors
    /// The index is damaged.
    pub fn lookup(&self, ecosystem: &str, name: &str, version: &str) -> Result<Vec<Hit>, IndexError> {
        let mut hits = Vec::new();
        let scheme = ecosystem::scheme(ecosystem);
        self.postings(ecosystem, name, &mut |advisory, body| {
            if judge(body, scheme, version)? {
                hits.push(hit(advisory, body, ecosystem, version)?);
            }
            Some(())
        })?;
        Ok(hits)
    }

    /// Whether any advisory names the package.
    ///
    /// # Errors
    /// The index is damaged.
    pub fn knows(&self, ecosystem: &str, name: &str) -> Result<bool, IndexError> {
        let mut known = false;
        self.postings(ecosystem, name, &mut |_, _| {
            known = true;
            Some(())
        })?;
        Ok(known)
    }

    fn postings(
        &self,
        ecosystem: &str,
        name: &str,
        each: &mut dyn FnMut(u32, Bytes<'_>) -> Option<()>,
    ) -> Result<(), IndexError> {
        let name = ecosystem::plain_name(ecosystem, name);
        let wanted = hash(ecosystem, &name);
        let keys = &self.bytes[self.keys.clone()];
        let count = keys.len() / 16;
        let key = |at: usize| u64_at(keys, at * 16).unwrap_or(u64::MAX);
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            if key(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        while low < count && key(low) == wanted {
            let found = self.posting(keys, low, ecosystem, &name, each);
            found.ok_or(IndexError::Damaged { path: self.path.clone(), what: "a package's entry" })?;
            low += 1;
        }
        Ok(())
    }

    fn posting(
        &self,
        keys: &[u8],
        at: usize,
        ecosystem: &str,
        name: &str,
        each: &mut dyn FnMut(u32, Bytes<'_>) -> Option<()>,
    ) -> Option<()> {
        let from = usize::try_from(u32_at(keys, at * 16 + 8)?).ok()?;
        let to = usize::try_from(u32_at(keys, at * 16 + 12)?).ok()?;
        let mut bytes = Bytes::new(self.bytes[self.affected.clone()].get(from..to)?);
        // Two names may have the same hash.
        if bytes.text()? != ecosystem || bytes.text()? != name {
            return Some(());
        }
        let count = bytes.count()?;
        for _ in 0..count {
            let advisory = u32::try_from(bytes.number()?).ok()?;
            each(advisory, Bytes::new(bytes.text_bytes()?))?;
        }
        Some(())
    }

    /// An advisory by its number; its packages are left out.
    ///
    /// # Errors
    /// The index is damaged.
    pub fn advisory(&self, number: u32) -> Result<Advisory, IndexError> {
        let damaged = || IndexError::Damaged { path: self.path.clone(), what: "an advisory" };
        let number = usize::try_from(number).map_err(|_| damaged())?;
        let block = number / BLOCK;
        let mut unpacked = self.unpacked.borrow_mut();
        if let std::collections::btree_map::Entry::Vacant(place) = unpacked.entry(block) {
            place.insert(self.block(block).ok_or_else(damaged)?);
        }
        unpacked.get(&block).and_then(|list| list.get(number % BLOCK)).cloned().ok_or_else(damaged)
    }

    fn block(&self, block: usize) -> Option<Vec<Advisory>> {
        let ends = &self.bytes[self.ends.clone()];
        let end = |at: usize| u32_at(ends, at * 4).and_then(|end| usize::try_from(end).ok());
        let from = if block == 0 { 0 } else { end(block - 1)? };
        let packed = self.bytes[self.texts.clone()].get(from..end(block)?)?;
        let mut plain = Vec::new();
        flate2::read::DeflateDecoder::new(packed).take(BLOCK_LIMIT).read_to_end(&mut plain).ok()?;
        let mut bytes = Bytes::new(&plain);
        let mut out = Vec::new();
        while !bytes.is_empty() {
            let mut one = Bytes::new(bytes.text_bytes()?);
            out.push(Advisory {
                id: one.text()?.to_owned(),
                aliases: one.owned()?,
                covers: one.owned()?,
                summary: one.text()?.to_owned(),
                rated: rated(&mut one)?,
                modified: one.text()?.to_owned(),
                informational: some(one.text()?),
                ..Advisory::default()
            });
        }
        Some(out)
    }

    /// What is known of a CVE.
    pub fn known(&self, cve: &str) -> Known {
        let table = &self.bytes[self.known.clone()];
        let wanted = hash("", cve);
        let (mut low, mut high) = (0, table.len() / 16);
        while low < high {
            let middle = low.midpoint(high);
            if u64_at(table, middle * 16).unwrap_or(u64::MAX) < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let at = low * 16;
        if u64_at(table, at) != Some(wanted) {
            return Known::default();
        }
        let byte = |offset: usize| table.get(at + offset).copied().unwrap_or_default();
        Known {
            rating: rating(byte(8)),
            score: byte(9).checked_sub(1),
            day: Some(u16::from_le_bytes([byte(10), byte(11)])).filter(|day| *day > 0),
            epss: u32_at(table, at + 12).and_then(|epss| epss.checked_sub(1)),
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

const fn rating(code: u8) -> Rating {
    match code {
        1 => Rating::Negligible,
        2 => Rating::Low,
        3 => Rating::Medium,
        4 => Rating::High,
        5 => Rating::Critical,
        _ => Rating::Unknown,
    }
}

fn rated(bytes: &mut Bytes<'_>) -> Option<Rated> {
    Some(Rated {
        rating: rating(bytes.byte()?),
        score: bytes.byte()?.checked_sub(1),
        vector: some(bytes.text()?),
    })
}

/// Whether a version is affected, straight from the bytes: most packages are not.
fn judge(mut bytes: Bytes<'_>, scheme: Option<Scheme>, version: &str) -> Option<bool> {
    if bytes.byte()? != 0 {
        rated(&mut bytes)?;
        for _ in 0..3 {
            for _ in 0..bytes.count()? {
                bytes.text()?;
            }
        }
    }
    let mut inside = false;
    for _ in 0..bytes.count()? {
        let order = evaluate::order(bytes.byte()? != 0, scheme);
        let mut walk = Walk::default();
        for _ in 0..bytes.count()? {
            let kind = kind(bytes.byte()?)?;
            let at = bytes.text()?;
            if let Some(order) = order {
                walk.step(order, kind, at, version);
            }
        }
        inside |= walk.ends();
    }
    if inside {
        return Some(true);
    }
    for _ in 0..bytes.count()? {
        inside |= evaluate::listed(scheme, bytes.text()?, version);
    }
    Some(inside)
}

const fn kind(code: u8) -> Option<Kind> {
    Some(match code {
        0 => Kind::Introduced,
        1 => Kind::Fixed,
        2 => Kind::LastAffected,
        3 => Kind::Limit,
        _ => return None,
    })
}

/// Everything about a hit.
fn hit(advisory: u32, mut bytes: Bytes<'_>, ecosystem: &str, version: &str) -> Option<Hit> {
    let mut one = Affected { ecosystem: ecosystem.to_owned(), ..Affected::default() };
    if bytes.byte()? != 0 {
        one.rated = rated(&mut bytes)?;
        one.os = bytes.owned()?;
        one.arch = bytes.owned()?;
        one.binaries = bytes.owned()?;
    }
    for _ in 0..bytes.count()? {
        let mut range = Range { semver: bytes.byte()? != 0, events: Vec::new() };
        for _ in 0..bytes.count()? {
            let kind = kind(bytes.byte()?)?;
            let at = bytes.text()?.to_owned();
            range.events.push(match kind {
                Kind::Introduced => Event::Introduced(at),
                Kind::Fixed => Event::Fixed(at),
                Kind::LastAffected => Event::LastAffected(at),
                Kind::Limit => Event::Limit(at),
            });
        }
        one.ranges.push(range);
    }
    let fixed = evaluate::fixes(&one, version);
    let Affected { rated, os, arch, binaries, .. } = one;
    Some(Hit { advisory, fixed, rated, os, arch, binaries })
}
