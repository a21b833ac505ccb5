//! Berkeley DB, a hash database: pages of key and value pairs; long values lie on chains of overflow pages.

use super::{u16_at, u32_at};

const HASH_MAGIC: u32 = 0x0006_1561;
/// Bytes before a page's entries.
const PAGE_HEAD: usize = 26;
const P_HASH_UNSORTED: u8 = 2;
const P_OVERFLOW: u8 = 7;
const P_HASH: u8 = 13;
const H_KEYDATA: u8 = 1;
const H_OFFPAGE: u8 = 3;

struct Pages<'a> {
    bytes: &'a [u8],
    size: usize,
    little: bool,
}

impl<'a> Pages<'a> {
    fn page(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_mul(self.size)?;
        self.bytes.get(start..start.checked_add(self.size)?)
    }

    /// The value on a chain of overflow pages.
    fn overflow(&self, mut number: u32, length: usize, budget: &mut usize) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        while number != 0 && value.len() < length {
            *budget = budget.checked_sub(1)?;
            let page = self.page(number)?;
            if page.get(25) != Some(&P_OVERFLOW) {
                return None;
            }
            let used = usize::from(u16_at(page, 22, self.little)?);
            value.extend_from_slice(page.get(PAGE_HEAD..PAGE_HEAD + used)?);
            number = u32_at(page, 16, self.little)?;
        }
        (value.len() == length).then_some(value)
    }
}

/// The values of all pairs but the one that counts the packages.
pub(super) fn blobs(bytes: &[u8]) -> Vec<Vec<u8>> {
    let little = match (u32_at(bytes, 12, true), u32_at(bytes, 12, false)) {
        (Some(HASH_MAGIC), _) => true,
        (_, Some(HASH_MAGIC)) => false,
        _ => return Vec::new(),
    };
    let size = u32_at(bytes, 20, little).unwrap_or_default() as usize;
    if !(512..=65536).contains(&size) {
        return Vec::new();
    }
    let pages = Pages { bytes, size, little };
    let last = u32_at(bytes, 32, little).unwrap_or_default();
    let count = u32::try_from(bytes.len() / size).unwrap_or(u32::MAX);
    // No page belongs to two values.
    let mut budget = count as usize;
    let mut found = Vec::new();
    for number in 1..=last.min(count.saturating_sub(1)) {
        let Some(page) = pages.page(number) else { break };
        if !matches!(page.get(25), Some(&P_HASH | &P_HASH_UNSORTED)) {
            continue;
        }
        let entries = usize::from(u16_at(page, 20, little).unwrap_or_default());
        let offset = |index: usize| u16_at(page, PAGE_HEAD + 2 * index, little).map(usize::from);
        for index in (1..entries).step_by(2) {
            let (Some(at), Some(before)) = (offset(index), offset(index - 1)) else { break };
            match page.get(at) {
                Some(&H_OFFPAGE) => {
                    let first = u32_at(page, at + 4, little).unwrap_or_default();
                    let length = u32_at(page, at + 8, little).unwrap_or_default() as usize;
                    if length <= bytes.len() {
                        found.extend(pages.overflow(first, length, &mut budget));
                    }
                }
                // Items are laid from the page's end downwards: one ends where the one before it begins. The pair
                // with the number of packages is too short to be a header.
                Some(&H_KEYDATA) => {
                    found.extend(
                        page.get(at + 1..before).filter(|value| value.len() > 64).map(<[u8]>::to_vec),
                    );
                }
                _ => {}
            }
        }
    }
    found
}
