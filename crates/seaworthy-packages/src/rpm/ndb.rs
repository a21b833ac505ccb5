//! NDB, rpm's own format (SUSE): pages of slots, each of which points to a blob.

use super::u32_at;

const PAGE: usize = 4096;
const SLOT: usize = 16;
const BLOB_HEAD: usize = 16;
/// `Slot` and `BlbS`.
const SLOT_MAGIC: u32 = u32::from_le_bytes(*b"Slot");
const BLOB_MAGIC: u32 = u32::from_le_bytes(*b"BlbS");

/// The blobs in the order of the packages' numbers.
pub(super) fn blobs(bytes: &[u8]) -> Vec<Vec<u8>> {
    let pages = u32_at(bytes, 12, true).unwrap_or_default() as usize;
    let slots = bytes.get(2 * SLOT..pages.saturating_mul(PAGE).min(bytes.len())).unwrap_or_default();
    let mut found: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut taken = 0usize;
    for slot in slots.chunks_exact(SLOT) {
        let number = |at| u32_at(slot, at, true).unwrap_or_default();
        let index = number(4);
        if number(0) != SLOT_MAGIC || index == 0 {
            continue;
        }
        let at = (number(8) as usize).saturating_mul(SLOT);
        if u32_at(bytes, at, true) != Some(BLOB_MAGIC) || u32_at(bytes, at + 4, true) != Some(index) {
            continue;
        }
        let length = u32_at(bytes, at + 12, true).unwrap_or_default() as usize;
        let start = at + BLOB_HEAD;
        // Blobs do not overlap, so that together they are no larger than the file.
        taken = taken.saturating_add(length);
        if taken > bytes.len() {
            break;
        }
        if let Some(blob) = start.checked_add(length).and_then(|end| bytes.get(start..end)) {
            found.push((index, blob.to_vec()));
        }
    }
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, blob)| blob).collect()
}
