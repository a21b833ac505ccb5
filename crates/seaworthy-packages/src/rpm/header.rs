//! rpm's header (`rpm` docs/manual/format_header.md): an index of tags, then the data they point into.

use super::u32_at;
use std::collections::BTreeMap;

pub(super) const NAME: u32 = 1000;
pub(super) const VERSION: u32 = 1001;
pub(super) const RELEASE: u32 = 1002;
pub(super) const EPOCH: u32 = 1003;
pub(super) const LICENSE: u32 = 1014;
pub(super) const ARCH: u32 = 1022;
pub(super) const SOURCERPM: u32 = 1044;
pub(super) const PROVIDENAME: u32 = 1047;
pub(super) const REQUIRENAME: u32 = 1049;
pub(super) const DIRINDEXES: u32 = 1116;
pub(super) const BASENAMES: u32 = 1117;
pub(super) const DIRNAMES: u32 = 1118;

const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// One header.
pub(super) struct Header<'a> {
    /// Tag → type, offset, count.
    tags: BTreeMap<u32, (u32, usize, usize)>,
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the index; nothing when the bytes are too few for it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let count = u32_at(bytes, 0, false)? as usize;
        let start = count.checked_mul(16)?.checked_add(8)?;
        let data = bytes.get(start..)?;
        let mut tags = BTreeMap::new();
        for entry in bytes.get(8..start)?.chunks_exact(16) {
            let number = |at| u32_at(entry, at, false).unwrap_or_default();
            tags.insert(number(0), (number(4), number(8) as usize, number(12) as usize));
        }
        Some(Self { tags, data })
    }

    /// The first text of a tag.
    pub(super) fn text(&self, tag: u32) -> Option<String> {
        let (kind, offset, _) = *self.tags.get(&tag)?;
        let bytes = self.data.get(offset..)?;
        matches!(kind, STRING | STRING_ARRAY | I18N_STRING).then(|| {
            let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).into_owned()
        })
    }

    /// All texts of a tag.
    pub(super) fn texts(&self, tag: u32) -> Vec<String> {
        let Some((STRING | STRING_ARRAY | I18N_STRING, offset, count)) = self.tags.get(&tag).copied() else {
            return Vec::new();
        };
        let bytes = self.data.get(offset..).unwrap_or_default();
        let parts = bytes.split(|byte| *byte == 0).take(count);
        parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect()
    }

    /// The first number of a tag.
    pub(super) fn number(&self, tag: u32) -> Option<u32> {
        self.numbers(tag).next()
    }

    /// All numbers of a tag.
    pub(super) fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> + use<'a> {
        let (kind, offset, count) = self.tags.get(&tag).copied().unwrap_or_default();
        let bytes = if kind == INT32 { self.data.get(offset..).unwrap_or_default() } else { &[] };
        bytes.chunks_exact(4).take(count).filter_map(|bytes| u32_at(bytes, 0, false))
    }
}
