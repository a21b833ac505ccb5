//! The one pass over a layer.

use crate::elf::{ElfScan, ElfVisitor};
use crate::packages::{ArchiveVisitor, DocumentVisitor, Documents, ProgramFound, ProgramVisitor};
use crate::secrets::{Candidate, SecretVisitor};
use crate::table::{Extra, Record, Span, Table, What};
use crate::visit::{File, OVERLAP, Piece, Visitor, WINDOW};
use crate::{InspectError, Options};
use seaworthy_facts::{FileKind, PackageFact};
use seaworthy_store::tape::{Entry, Kind, Walker, shown};
use seaworthy_store::{Image, LayerEnd, LayerStream, StoreError};
use sha2::{Digest as _, Sha256};
use twox_hash::XxHash3_128;

/// Most oddities of one layer that are told one by one.
const PROBLEMS: usize = 20;

/// What the pass over one layer gave.
pub(crate) struct LayerScan {
    pub(crate) end: LayerEnd,
    pub(crate) table: Table,
    pub(crate) documents: Documents,
    /// Packages of Java archives, by the record of the archive.
    pub(crate) archives: Vec<(u32, Vec<PackageFact>)>,
    pub(crate) programs: Vec<ProgramFound>,
    pub(crate) elf: ElfScan,
    pub(crate) secrets: Vec<Candidate>,
    pub(crate) problems: Vec<String>,
}

/// Tells equal files of different layers. xxHash3 keeps up with memory, where SHA-256 would cost a quarter of the pass.
struct ContentHash {
    enabled: bool,
    state: XxHash3_128,
    value: u128,
}

impl Visitor for ContentHash {
    fn wants(&mut self, _: &File<'_>) -> bool {
        self.value = 0;
        self.enabled
    }

    fn piece(&mut self, _: &File<'_>, piece: &Piece<'_>) {
        if piece.whole() {
            self.value = XxHash3_128::oneshot(piece.bytes);
            return;
        }
        if piece.first() {
            self.state = XxHash3_128::new();
        }
        self.state.write(piece.fresh());
        if piece.last {
            self.value = self.state.finish_128();
        }
    }
}

/// Makes the digest of each file, where it is asked for.
#[derive(Default)]
struct ContentDigest {
    enabled: bool,
    state: Sha256,
    /// Bytes hashed of the current file, holes included.
    at: u64,
    /// Pieces of the current file that are stored, what is left of them, last first; empty for a file without holes.
    pieces: Vec<(u64, u64)>,
    found: Vec<(u32, [u8; 32])>,
}

impl ContentDigest {
    /// Gets ready for a file.
    fn start(&mut self, sparse: &[(u64, u64)]) {
        self.at = 0;
        self.pieces.clear();
        self.pieces.extend(sparse.iter().rev());
    }

    /// Hashes a hole up to an offset.
    fn hole(&mut self, end: u64) {
        const ZEROS: [u8; 8192] = [0; 8192];
        while self.at < end {
            let step = usize::try_from(end - self.at).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
            self.state.update(&ZEROS[..step]);
            self.at += step as u64;
        }
    }

    /// Hashes stored bytes where they belong.
    fn stored(&mut self, mut bytes: &[u8]) {
        while let Some((offset, length)) = self.pieces.last().copied() {
            if length == 0 {
                self.pieces.pop();
                continue;
            }
            if bytes.is_empty() {
                return;
            }
            self.hole(offset);
            let step = usize::try_from(length).map_or(bytes.len(), |length| length.min(bytes.len()));
            self.state.update(&bytes[..step]);
            self.at += step as u64;
            bytes = &bytes[step..];
            if let Some(piece) = self.pieces.last_mut() {
                *piece = (offset + step as u64, length - step as u64);
            }
        }
        self.state.update(bytes);
        self.at += bytes.len() as u64;
    }

    /// Ends a file of a size.
    fn end(&mut self, record: u32, size: u64) {
        self.hole(size);
        self.found.push((record, self.state.finalize_reset().into()));
    }
}

impl Visitor for ContentDigest {
    fn wants(&mut self, _: &File<'_>) -> bool {
        self.enabled
    }

    fn piece(&mut self, _: &File<'_>, piece: &Piece<'_>) {
        self.stored(piece.fresh());
    }
}

/// Reads one layer.
pub(crate) fn scan(
    image: &Image,
    index: usize,
    options: &Options,
    ahead: bool,
) -> Result<LayerScan, InspectError> {
    let stream = image.layer(index, options.limits)?;
    let stream = if ahead { stream.ahead() } else { stream };
    let mut pass = Pass {
        walker: Walker::new(stream, format!("layer {index}"), options.limits.entries),
        table: Table::default(),
        window: Vec::new(),
        problems: Vec::new(),
        skipped: if options.skip_packages { 4 } else { 0 },
        hash: ContentHash { enabled: image.manifest.layers.len() > 1, state: XxHash3_128::new(), value: 0 },
        digest: ContentDigest { enabled: options.digests, ..ContentDigest::default() },
        documents: DocumentVisitor::default(),
        archives: ArchiveVisitor::new(index),
        programs: ProgramVisitor::default(),
        elf: ElfVisitor::default(),
        secrets: SecretVisitor::new(!options.skip_secrets),
    };
    if let Err(error) = pass.walk() {
        // A damaged blob explains a broken tar better than the tar does.
        return Err(match error {
            error @ StoreError::Tar { .. } => match pass.walker.into_tape().finish() {
                Err(cause @ (StoreError::Mismatch { .. } | StoreError::Size { .. })) => cause.into(),
                _ => error.into(),
            },
            error => error.into(),
        });
    }
    let Pass { walker, mut table, mut problems, digest, documents, archives, programs, elf, secrets, .. } =
        pass;
    table.digests = digest.found;
    // What follows the last entry belongs to the digests too.
    let end = walker.into_tape().finish()?;
    table.sort();
    for record in documents.skipped.iter().chain(&archives.skipped).take(PROBLEMS) {
        let path = shown(table.path(*record));
        problems.push(format!("`{path}` is too large to be read for packages: what it lists is missing"));
    }
    Ok(LayerScan {
        end,
        table,
        documents: documents.finish(),
        archives: archives.finish(),
        programs: programs.finish(),
        elf: elf.finish(),
        secrets: secrets.finish(),
        problems,
    })
}

struct Pass {
    walker: Walker<LayerStream>,
    table: Table,
    window: Vec<u8>,
    problems: Vec<String>,
    /// The first so many visitors are not asked.
    skipped: usize,
    hash: ContentHash,
    digest: ContentDigest,
    documents: DocumentVisitor,
    archives: ArchiveVisitor,
    programs: ProgramVisitor,
    elf: ElfVisitor,
    secrets: SecretVisitor,
}

impl Pass {
    fn walk(&mut self) -> Result<(), StoreError> {
        while self.walker.advance()? {
            self.table.entries += 1;
            let entry = self.walker.entry();
            let Some((record, path)) = record(&mut self.table, entry) else {
                if self.problems.len() < PROBLEMS {
                    self.problems.push(format!("entry `{}` leaves the image's root", shown(&entry.path)));
                }
                continue;
            };
            let kind = entry.kind;
            let stored = entry.stored;
            let (size, mode) = (record.size, record.mode);
            let number = u32::try_from(self.table.records.len()).unwrap_or(u32::MAX);
            let device = matches!(kind, Kind::CharDevice | Kind::BlockDevice);
            if device || !entry.xattrs.is_empty() {
                let device = if device { entry.device } else { (0, 0) };
                self.table.extras.push(Extra { record: number, device, xattrs: entry.xattrs.clone() });
            }
            self.table.records.push(record);
            if kind == Kind::File {
                self.table.content += size;
                self.digest.start(&entry.sparse);
                if stored > 0 && matches!(record.what, What::Entry(_)) {
                    let file = File { record: number, path: self.table.bytes(path), size: stored, mode };
                    let hash = content(
                        &mut self.walker,
                        &mut self.window,
                        &file,
                        &mut self.hash,
                        self.skipped,
                        [
                            &mut self.documents,
                            &mut self.archives,
                            &mut self.programs,
                            &mut self.elf,
                            &mut self.secrets,
                            &mut self.digest,
                        ],
                    )?;
                    if let Some(last) = self.table.records.last_mut() {
                        last.hash = hash;
                    }
                }
                if self.digest.enabled {
                    self.digest.end(number, size);
                }
            }
        }
        Ok(())
    }
}

/// Passes a file's content to those who want it; gives its hash.
fn content(
    walker: &mut Walker<LayerStream>,
    window: &mut Vec<u8>,
    file: &File<'_>,
    hash: &mut ContentHash,
    skipped: usize,
    visitors: [&mut dyn Visitor; 6],
) -> Result<u128, StoreError> {
    let hashing = hash.wants(file);
    let mut at = 0;
    let mut visitors = visitors.map(|visitor| {
        at += 1;
        if at > skipped && visitor.wants(file) { Some(visitor) } else { None }
    });
    if !hashing && visitors.iter().all(Option::is_none) {
        return Ok(0);
    }
    let mut give = |piece: &Piece<'_>| {
        if hashing {
            hash.piece(file, piece);
        }
        for visitor in visitors.iter_mut().flatten() {
            visitor.piece(file, piece);
        }
    };
    window.clear();
    let mut offset = 0u64;
    let mut seen = 0usize;
    while let Some(chunk) = walker.chunk()? {
        // A file within one buffer of the decompressor is not copied.
        if window.is_empty() && chunk.len() as u64 == file.size {
            give(&Piece { bytes: chunk, seen: 0, offset: 0, last: true });
            return Ok(hash.value);
        }
        let mut rest = chunk;
        while !rest.is_empty() {
            let step = rest.len().min(WINDOW + OVERLAP - window.len());
            window.extend_from_slice(&rest[..step]);
            rest = &rest[step..];
            let last = offset + window.len() as u64 == file.size;
            if last || window.len() == WINDOW + OVERLAP {
                give(&Piece { bytes: window, seen, offset, last });
                if !last {
                    let cut = window.len() - OVERLAP;
                    window.copy_within(cut.., 0);
                    window.truncate(OVERLAP);
                    offset += cut as u64;
                    seen = OVERLAP;
                }
            }
        }
    }
    Ok(hash.value)
}

/// The record of an entry, and its path; nothing when the path leaves the root.
pub(crate) fn record(table: &mut Table, entry: &Entry) -> Option<(Record, Span)> {
    let mut path = table.clean(&entry.path)?;
    let name = entry.path.strip_suffix(b"/").unwrap_or(&entry.path);
    let name = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let mut what = match entry.kind {
        Kind::File => What::Entry(FileKind::File),
        Kind::HardLink => What::HardLink,
        Kind::Symlink => What::Entry(FileKind::Symlink),
        Kind::CharDevice => What::Entry(FileKind::CharDevice),
        Kind::BlockDevice => What::Entry(FileKind::BlockDevice),
        Kind::Directory => What::Entry(FileKind::Directory),
        Kind::Fifo => What::Entry(FileKind::Fifo),
    };
    if let Some(hidden) = name.strip_prefix(b".wh.") {
        if name == b".wh..wh..opq" {
            what = What::Opaque;
            path = table.parent(path);
        } else if hidden.starts_with(b".wh.") {
            // aufs kept its own files under this prefix; they hide nothing.
            what = What::Whiteout;
        } else {
            what = What::Whiteout;
            let folder = table.parent(path);
            let mut target = table.bytes(folder).to_vec();
            if !target.is_empty() {
                target.push(b'/');
            }
            target.extend_from_slice(hidden);
            path = table.keep(&target);
        }
    }
    let link = match entry.kind {
        Kind::Symlink => table.keep(&entry.link),
        Kind::HardLink => table.clean(&entry.link)?,
        _ => Span::default(),
    };
    let record = Record {
        path,
        link,
        size: entry.size,
        hash: 0,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        what,
        capabilities: entry.xattr(b"security.capability").is_some(),
    };
    Some((record, path))
}
