//! Go's build information, recognised by how it begins.

use crate::visit::Piece;
use seaworthy_packages::go::{MAGIC, length};

/// The largest information that is read, in bytes.
const LIMIT: usize = 4 << 20;

/// Finds the information in a file that streams by.
#[derive(Default)]
pub(super) struct GoFinder {
    taken: Vec<u8>,
    wanted: usize,
    done: bool,
}

impl GoFinder {
    pub(super) fn piece(&mut self, piece: &Piece<'_>) {
        if self.done {
            return;
        }
        if !self.taken.is_empty() {
            self.take(piece.fresh());
            return;
        }
        // The section is aligned; Go's own tools carry the magic as a constant elsewhere, too.
        let first = usize::try_from(piece.offset.wrapping_neg() % 16).unwrap_or_default();
        for (index, block) in piece.bytes.get(first..).unwrap_or_default().chunks_exact(16).enumerate() {
            if block[0] == MAGIC[0] && block.starts_with(MAGIC) && block[15] & 2 != 0 {
                self.wanted = LIMIT;
                self.take(&piece.bytes[first + index * 16..]);
                return;
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let step = bytes.len().min(self.wanted.saturating_sub(self.taken.len()));
        self.taken.extend_from_slice(&bytes[..step]);
        if let Some(length) = length(&self.taken) {
            self.wanted = length.min(LIMIT);
        }
        if self.taken.len() >= self.wanted {
            self.taken.truncate(self.wanted);
            self.done = true;
        }
    }

    /// The information, when it is whole.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        self.done.then_some(self.taken)
    }
}
