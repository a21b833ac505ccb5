//! cargo-auditable's list of crates: a zlib stream of JSON in the section `.dep-v0`.
//!
//! The stream is recognised by its content, not by the section: the section headers come at the end of a file, when
//! its content has long gone by.

use crate::visit::Piece;
use flate2::{Decompress, FlushDecompress, Status};

/// How the list begins, whatever its length.
const START: &[u8] = br#"{"packages":[{"#;
/// Bytes looked at together.
const BLOCK: usize = 64;

/// Whether two bytes are a zlib header: the second one is a checksum over both, and no preset dictionary is used.
#[expect(clippy::needless_bitwise_bool, reason = "without branches the compiler looks at many bytes at once")]
fn is_header(first: u8, second: u8) -> bool {
    (first == b'x') & ((second == 0x01) | (second == 0x5e) | (second == 0x9c) | (second == 0xda))
}

/// The largest list that is read, in bytes.
const LIMIT: usize = 16 << 20;

/// Finds the list in a file that streams by.
#[derive(Default)]
pub(super) struct AuditFinder {
    inflate: Option<Decompress>,
    active: bool,
    done: bool,
    out: Vec<u8>,
}

impl AuditFinder {
    pub(super) fn piece(&mut self, piece: &Piece<'_>) {
        if self.done {
            return;
        }
        if self.active {
            self.grow(piece.fresh());
            return;
        }
        // What begins near the end of a piece comes whole with the next one.
        let end = piece.bytes.len().saturating_sub(if piece.last { 2 } else { 256 });
        let mut at = 0;
        while at < end {
            // Several bytes at once: this sees every program, and hardly any has a list.
            if let Some(block) = piece.bytes.get(at..at + BLOCK + 1)
                && !(0..BLOCK).fold(false, |any, index| any | is_header(block[index], block[index + 1]))
            {
                at += BLOCK;
                continue;
            }
            for start in at..end.min(at + BLOCK) {
                let rest = &piece.bytes[start..];
                // A list is compressed: no block that is stored as it is, and none of the kind that does not exist.
                if is_header(rest[0], rest[1])
                    && rest.get(2).is_some_and(|first| matches!(first >> 1 & 3, 1 | 2))
                    && self.begins(rest)
                {
                    self.active = true;
                    self.grow(rest);
                    return;
                }
            }
            at += BLOCK;
        }
    }

    fn begins(&mut self, bytes: &[u8]) -> bool {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(true));
        inflate.reset(true);
        let mut out = [0; START.len()];
        let head = &bytes[..bytes.len().min(4096)];
        let _ = inflate.decompress(head, &mut out, FlushDecompress::None);
        let begins = out == START;
        inflate.reset(true);
        begins
    }

    fn grow(&mut self, bytes: &[u8]) {
        let Some(inflate) = &mut self.inflate else { return };
        let mut rest = bytes;
        loop {
            self.out.reserve(64 << 10);
            let (before_in, before_out) = (inflate.total_in(), self.out.len());
            let status = inflate.decompress_vec(rest, &mut self.out, FlushDecompress::None);
            let used = usize::try_from(inflate.total_in() - before_in).unwrap_or(rest.len());
            rest = &rest[used.min(rest.len())..];
            match status {
                Ok(Status::StreamEnd) => {
                    self.done = true;
                    return;
                }
                Ok(_)
                    if self.out.len() <= LIMIT
                        && !(rest.is_empty() || (used == 0 && before_out == self.out.len())) => {}
                Ok(_) if self.out.len() <= LIMIT && rest.is_empty() => return,
                _ => {
                    self.out.clear();
                    self.active = false;
                    return;
                }
            }
        }
    }

    /// The JSON, when a whole list was found.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        self.done.then_some(self.out)
    }
}
