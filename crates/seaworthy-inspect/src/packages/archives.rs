//! Java archives as they stream by. An archive's directory is at its end, so each one is held until it is whole, read,
//! and let go.

use crate::merge::absolute;
use crate::visit::{File, Piece, Visitor};
use seaworthy_facts::PackageFact;
use seaworthy_packages::{Source, java};

/// The largest archive that is held, in bytes.
const ARCHIVE: u64 = 512 << 20;

/// Reads archives.
pub(crate) struct ArchiveVisitor {
    layer: usize,
    held: Vec<u8>,
    active: bool,
    found: Vec<(u32, Vec<PackageFact>)>,
    /// Records of archives that were too large to be held.
    pub(crate) skipped: Vec<u32>,
}

impl ArchiveVisitor {
    pub(crate) fn new(layer: usize) -> Self {
        Self { layer, held: Vec::new(), active: false, found: Vec::new(), skipped: Vec::new() }
    }

    pub(crate) fn finish(self) -> Vec<(u32, Vec<PackageFact>)> {
        self.found
    }

    fn read(&mut self, file: &File<'_>, bytes: &[u8]) {
        let path = absolute(file.path);
        let source = Source { path: &path, layer: self.layer, bytes, distribution: None };
        let packages = java::archive(&source);
        if !packages.is_empty() {
            self.found.push((file.record, packages));
        }
    }
}

impl Visitor for ArchiveVisitor {
    fn wants(&mut self, file: &File<'_>) -> bool {
        self.active = false;
        let name = file.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        if !java::is_archive(name) {
            return false;
        }
        if file.size > ARCHIVE {
            self.skipped.push(file.record);
            return false;
        }
        self.active = true;
        true
    }

    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>) {
        if piece.whole() {
            return self.read(file, piece.bytes);
        }
        if piece.first() {
            self.held.clear();
        }
        if !self.active {
            return;
        }
        self.held.extend_from_slice(piece.fresh());
        if piece.last {
            let held = std::mem::take(&mut self.held);
            self.read(file, &held);
        }
    }
}
