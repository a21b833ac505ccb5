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
        for at in memchr::memmem::find_iter(piece.bytes, MAGIC) {
            let rest = &piece.bytes[at..];
            // The section is aligned; Go's own tools carry the magic as a constant, too.
            if (piece.offset + at as u64).is_multiple_of(16)
                && rest.get(15).is_some_and(|flags| flags & 2 != 0)
            {
                self.wanted = LIMIT;
                self.take(rest);
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
