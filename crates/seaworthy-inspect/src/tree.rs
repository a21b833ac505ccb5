//! The final tree of an image alone, and the content of the few files that are asked for.
//!
//! The layers are read as in [`crate::inspect`], digests included, but nothing looks into the files: this is for questions
//! about single paths. A path that turns out to be wanted only later, such as the end of a link, costs another reading of
//! its layer.

use crate::elf::ElfScan;
use crate::merge::{self, Seen};
use crate::pass::{LayerScan, record};
use crate::shelf::{self, Shelf};
use crate::table::{Record, Table, What};
use crate::{InspectError, each_layer};
use seaworthy_facts::{FileFact, FileKind};
use seaworthy_store::tape::{Entry, Walker};
use seaworthy_store::{Image, LayerStream, Limits, StoreError};
use seaworthy_structure::{Files, Stat};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Largest file whose content is given.
const LARGEST: u64 = 64 << 20;
/// Largest file that is kept only because its name is wanted.
const BY_NAME: u64 = 1 << 20;
/// Most bytes kept in all.
const KEPT: usize = 256 << 20;

/// Contents of one layer by record.
type Kept = Vec<(u32, Vec<u8>)>;
/// Contents by layer and record.
type Contents = BTreeMap<(u32, u32), Vec<u8>>;

/// The final tree of an image.
pub struct Tree {
    image: Image,
    limits: Limits,
    files: Vec<FileFact>,
    /// The layers, once they were read.
    read: RefCell<Option<Read>>,
    /// Contents that were asked for, by path.
    asked: RefCell<BTreeMap<String, Vec<u8>>>,
    shelf: Option<Shelf>,
    /// Whether there is more to keep than was kept.
    fresh: Cell<bool>,
}

/// What a reading of the layers gave.
struct Read {
    scans: Vec<LayerScan>,
    contents: Contents,
}

impl Tree {
    /// Reads an image once. The content of files at `wanted` paths, and of small ones of the same names, is kept at hand.
    ///
    /// With a folder for `kept`, an image that was read before is not read again: its tree is there by its digest, and so
    /// are the contents that were asked for then. Whether the layers are still what their digests say is not looked at then.
    ///
    /// # Errors
    /// When a layer is missing, is not what its descriptor says, does not unpack, is no tar, or passes a limit.
    pub fn read(
        image: &Image,
        limits: Limits,
        wanted: &[String],
        kept: Option<&Path>,
    ) -> Result<Self, InspectError> {
        let shelf = kept.map(Shelf::new);
        let mut tree = Self {
            image: image.clone(),
            limits,
            files: Vec::new(),
            read: RefCell::default(),
            asked: RefCell::default(),
            shelf,
            fresh: Cell::new(false),
        };
        let record = tree.shelf.as_ref().and_then(|shelf| shelf.get(image.descriptor.digest.as_str()));
        if let Some(record) = record {
            tree.files = record.files;
            tree.asked = RefCell::new(record.contents);
            return Ok(tree);
        }
        let read = layers(image, limits, wanted)?;
        tree.files = merge::merge(&read.scans).files;
        tree.read = RefCell::new(Some(read));
        tree.fresh.set(true);
        Ok(tree)
    }

    /// Number of files of the tree.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether the image has no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn file(&self, path: &str) -> Option<&FileFact> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(at)
    }

    /// The content of a file from the layers.
    fn in_layers(&self, path: &str) -> Result<Vec<u8>, String> {
        let mut read = self.read.borrow_mut();
        if read.is_none() {
            let wanted = [path.to_owned()];
            let layers = layers(&self.image, self.limits, &wanted);
            *read = Some(layers.map_err(|error| format!("`{path}` cannot be read: {error}"))?);
        }
        let Some(Read { scans, contents }) = read.as_mut() else { return Err(String::new()) };
        let name = path.trim_matches('/').as_bytes();
        // The path is there, so the last layer that names it is the one that shows it.
        let found = scans.iter().enumerate().rev().find_map(|(layer, scan)| {
            let index = scan.table.find(name).last()?;
            Some(Seen { layer: u32::try_from(layer).unwrap_or_default(), index: *index })
        });
        let seen = found.ok_or_else(|| format!("`{path}` is not in its layer"))?;
        let seen = match scans[seen.layer as usize].table.records[seen.index as usize].what {
            What::HardLink => merge::target(scans, seen)
                .ok_or_else(|| format!("`{path}` is a hard link that leads nowhere"))?,
            _ => seen,
        };
        if let Some(bytes) = contents.get(&(seen.layer, seen.index)) {
            return Ok(bytes.clone());
        }
        let name = scans[seen.layer as usize].table.path(seen.index).to_vec();
        let wanted = Wanted { paths: BTreeSet::from([name]), names: BTreeSet::new() };
        let (_, kept) = layer(&self.image, seen.layer as usize, self.limits, true, &wanted)
            .map_err(|error| format!("`{path}` cannot be read again: {error}"))?;
        contents.extend(kept.into_iter().map(|(record, bytes)| ((seen.layer, record), bytes)));
        contents
            .get(&(seen.layer, seen.index))
            .cloned()
            .ok_or_else(|| format!("`{path}` is not in its layer"))
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if let Some(shelf) = self.shelf.as_ref().filter(|_| self.fresh.get()) {
            let record = shelf::Record {
                files: std::mem::take(&mut self.files),
                contents: std::mem::take(self.asked.get_mut()),
            };
            shelf.put(self.image.descriptor.digest.as_str(), &record);
        }
    }
}

/// Reads every layer.
fn layers(image: &Image, limits: Limits, wanted: &[String]) -> Result<Read, InspectError> {
    let wanted = Wanted::new(wanted.iter().map(String::as_str));
    let layers = each_layer(image, 0, |index, ahead| layer(image, index, limits, ahead, &wanted))?;
    let mut read = Read { scans: Vec::with_capacity(layers.len()), contents: Contents::new() };
    for (index, (scan, kept)) in (0..).zip(layers) {
        read.contents.extend(kept.into_iter().map(|(record, bytes)| ((index, record), bytes)));
        read.scans.push(scan);
    }
    Ok(read)
}

/// Paths whose content is wanted.
struct Wanted {
    paths: BTreeSet<Vec<u8>>,
    names: BTreeSet<Vec<u8>>,
}

impl Wanted {
    fn new<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut wanted = Self { paths: BTreeSet::new(), names: BTreeSet::new() };
        for path in paths {
            let path = path.trim_matches('/').as_bytes();
            wanted.names.insert(path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec());
            wanted.paths.insert(path.to_vec());
        }
        wanted
    }

    fn takes(&self, path: &[u8], size: u64) -> bool {
        if size > LARGEST || self.paths.is_empty() {
            return false;
        }
        let name = || path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        (size <= BY_NAME && self.names.contains(name())) || self.paths.contains(path)
    }
}

/// Reads one layer: its table, and what is wanted of it.
fn layer(
    image: &Image,
    index: usize,
    limits: Limits,
    ahead: bool,
    wanted: &Wanted,
) -> Result<(LayerScan, Kept), InspectError> {
    let stream = image.layer(index, limits)?;
    let stream = if ahead { stream.ahead() } else { stream };
    let mut walker = Walker::new(stream, format!("layer {index}"), limits.entries);
    let mut table = Table::default();
    let kept = match walk(&mut walker, &mut table, wanted) {
        Ok(kept) => kept,
        // A damaged blob explains a broken tar better than the tar does.
        Err(error @ StoreError::Tar { .. }) => {
            return Err(match walker.into_tape().finish() {
                Err(cause @ (StoreError::Mismatch { .. } | StoreError::Size { .. })) => cause.into(),
                _ => error.into(),
            });
        }
        Err(error) => return Err(error.into()),
    };
    let end = walker.into_tape().finish()?;
    table.sort();
    let scan = LayerScan {
        end,
        table,
        documents: Vec::default(),
        archives: Vec::new(),
        programs: Vec::new(),
        elf: ElfScan::default(),
        secrets: Vec::new(),
        problems: Vec::new(),
    };
    Ok((scan, kept))
}

fn walk(walker: &mut Walker<LayerStream>, table: &mut Table, wanted: &Wanted) -> Result<Kept, StoreError> {
    let mut kept = Vec::new();
    let mut total = 0;
    while walker.advance()? {
        let Some((record, path)) = record(table, walker.entry()) else { continue };
        let number = u32::try_from(table.records.len()).unwrap_or(u32::MAX);
        table.records.push(record);
        let Record { what, size, .. } = record;
        if what == What::Entry(FileKind::File) && wanted.takes(table.bytes(path), size) && total < KEPT {
            let bytes = content(walker)?;
            total += bytes.len();
            kept.push((number, bytes));
        }
    }
    Ok(kept)
}

/// The content of the current entry, its holes filled.
fn content(walker: &mut Walker<LayerStream>) -> Result<Vec<u8>, StoreError> {
    let Entry { size, sparse, .. } = walker.entry();
    let (size, sparse) = (usize::try_from(*size).unwrap_or_default(), sparse.clone());
    let mut stored = Vec::new();
    while let Some(chunk) = walker.chunk()? {
        stored.extend_from_slice(chunk);
    }
    if sparse.is_empty() {
        return Ok(stored);
    }
    let mut whole = vec![0; size];
    let mut rest = stored.as_slice();
    for (offset, length) in sparse {
        let (Ok(offset), Ok(length)) = (usize::try_from(offset), usize::try_from(length)) else { break };
        let Some(piece) = rest.get(..length) else { break };
        let Some(room) = whole.get_mut(offset..offset.saturating_add(length)) else { break };
        room.copy_from_slice(piece);
        rest = &rest[length..];
    }
    Ok(whole)
}

impl Files for Tree {
    fn at(&self, path: &str) -> Option<Stat> {
        let file = self.file(path)?;
        Some(Stat {
            kind: file.kind,
            // The kernel gives every symbolic link all permissions, whatever a tar says.
            mode: if file.kind == FileKind::Symlink { 0o777 } else { file.mode & 0o7777 },
            uid: file.uid,
            gid: file.gid,
            size: file.size,
            link: if file.kind == FileKind::Symlink {
                file.link.clone().unwrap_or_default()
            } else {
                String::new()
            },
        })
    }

    fn content(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = self.file(path).ok_or_else(|| format!("`{path}` does not exist"))?;
        if file.size > LARGEST {
            return Err(format!("`{path}` is larger than {} MiB, and is not read", LARGEST >> 20));
        }
        if let Some(bytes) = self.asked.borrow().get(path) {
            return Ok(bytes.clone());
        }
        let bytes = self.in_layers(path)?;
        if file.size <= BY_NAME {
            self.asked.borrow_mut().insert(path.to_owned(), bytes.clone());
            self.fresh.set(true);
        }
        Ok(bytes)
    }

    fn folders(&self, path: &str) -> Vec<String> {
        let folder = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let from = self.files.partition_point(|file| file.path.as_str() <= folder.as_str());
        let below = self.files[from..].iter().take_while(|file| file.path.starts_with(&folder));
        let own =
            below.filter(|file| file.kind == FileKind::Directory && !file.path[folder.len()..].contains('/'));
        own.map(|file| file.path[folder.len()..].to_owned()).collect()
    }
}
