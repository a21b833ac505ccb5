//! ZIP archives that lie whole in memory: the central directory, and single entries, bounded (APPNOTE 6.3).

use std::io::Read as _;

/// Most entries of an archive that are looked at.
const ENTRIES: usize = 200_000;
const END: &[u8] = b"PK\x05\x06";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// An archive.
pub(crate) struct Archive<'a> {
    bytes: &'a [u8],
    /// What lies in front of the archive, such as a start script.
    base: usize,
    pub(crate) entries: Vec<Entry<'a>>,
}

/// One file of an archive.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) size: u64,
    method: u16,
    packed: usize,
    offset: usize,
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

fn place(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    usize::try_from(number(bytes, at, width)?).ok()
}

impl<'a> Archive<'a> {
    /// Reads the directory; nothing when the bytes are no archive.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        // The end record may be followed by a comment of 65,535 bytes.
        let from = bytes.len().saturating_sub(22 + 65_535);
        let end = from + memchr::memmem::rfind(&bytes[from..], END)?;
        let mut count = place(bytes, end + 10, 2)?;
        let mut size = place(bytes, end + 12, 4)?;
        let mut start = place(bytes, end + 16, 4)?;
        let mut after = end;
        // A larger archive has its true numbers in a record before.
        if let Some(locator) = end.checked_sub(20).filter(|at| bytes.get(*at..*at + 4) == Some(b"PK\x06\x07"))
            && (count == 0xffff || start == 0xffff_ffff || size == 0xffff_ffff)
        {
            let stated = place(bytes, locator + 8, 8)?;
            let record = if bytes.get(stated..stated.checked_add(4)?) == Some(b"PK\x06\x06") {
                stated
            } else {
                locator.checked_sub(56).filter(|at| bytes.get(*at..*at + 4) == Some(b"PK\x06\x06"))?
            };
            count = place(bytes, record + 32, 8)?;
            size = place(bytes, record + 40, 8)?;
            start = place(bytes, record + 48, 8)?;
            after = record;
        }
        let first = after.checked_sub(size)?;
        let base = first.checked_sub(start)?;
        let mut entries = Vec::new();
        let mut at = first;
        while entries.len() < count.min(ENTRIES) && bytes.get(at..at + 4) == Some(CENTRAL) {
            let lengths = [28, 30, 32].map(|offset| place(bytes, at + offset, 2).unwrap_or_default());
            let name = bytes.get(at + 46..at + 46 + lengths[0])?;
            let extra = bytes.get(at + 46 + lengths[0]..at + 46 + lengths[0] + lengths[1])?;
            let mut size = number(bytes, at + 24, 4)?;
            let mut packed = number(bytes, at + 20, 4)?;
            let mut offset = number(bytes, at + 42, 4)?;
            wide(extra, [&mut size, &mut packed, &mut offset]);
            if let (Ok(packed), Ok(offset)) = (usize::try_from(packed), usize::try_from(offset)) {
                let method = u16::try_from(number(bytes, at + 10, 2)?).unwrap_or_default();
                entries.push(Entry { name, size, method, packed, offset });
            }
            at += 46 + lengths.iter().sum::<usize>();
        }
        Some(Self { bytes, base, entries })
    }

    /// The packed bytes of an entry.
    fn packed(&self, entry: &Entry<'a>) -> Option<&'a [u8]> {
        let at = self.base.checked_add(entry.offset)?;
        if self.bytes.get(at..at.checked_add(4)?)? != LOCAL {
            return None;
        }
        let start = at + 30 + place(self.bytes, at + 26, 2)? + place(self.bytes, at + 28, 2)?;
        self.bytes.get(start..start.checked_add(entry.packed)?)
    }

    /// The content of an entry of at most `limit` bytes; nothing for a larger one and for other compressions than
    /// deflate. What is stored is not copied.
    pub(crate) fn content(&self, entry: &Entry<'a>, limit: u64) -> Option<std::borrow::Cow<'a, [u8]>> {
        let packed = self.packed(entry)?;
        match entry.method {
            0 => Some(packed.into()),
            8 if entry.size <= limit => {
                let mut out = Vec::new();
                let mut inflate = flate2::read::DeflateDecoder::new(packed).take(limit + 1);
                inflate.read_to_end(&mut out).ok()?;
                (out.len() as u64 <= limit).then(|| out.into())
            }
            _ => None,
        }
    }
}

/// The 64-bit numbers of an entry that did not fit.
fn wide(extra: &[u8], values: [&mut u64; 3]) {
    let mut at = 0;
    while let (Some(kind), Some(length)) = (number(extra, at, 2), place(extra, at + 2, 2)) {
        if kind == 1 {
            let mut from = at + 4;
            for value in values {
                if *value == 0xffff_ffff {
                    *value = number(extra, from, 8).unwrap_or(*value);
                    from += 8;
                }
            }
            return;
        }
        at += 4 + length;
    }
}
