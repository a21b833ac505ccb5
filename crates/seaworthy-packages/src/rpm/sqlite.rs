//! SQLite, as much as it takes to read one table of blobs (`sqlite.org/fileformat2.html`). A write-ahead log beside
//! the file is not looked at.

use super::{u16_at, u32_at};

const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;
/// A tree deeper than this is none.
const DEEPEST: usize = 32;

struct File<'a> {
    bytes: &'a [u8],
    page: usize,
    /// Bytes of a page that hold data.
    usable: usize,
}

/// One value of a row.
enum Cell<'a> {
    Bytes(&'a [u8]),
    Number(i64),
    Null,
}

/// The blobs of the table `Packages`.
pub(super) fn blobs(bytes: &[u8]) -> Vec<Vec<u8>> {
    let size = match u16_at(bytes, 16, false) {
        Some(1) => 65536,
        Some(size) if size >= 512 => usize::from(size),
        _ => return Vec::new(),
    };
    let reserved = bytes.get(20).copied().map(usize::from).unwrap_or_default();
    let file = File { bytes, page: size, usable: size.saturating_sub(reserved).max(480) };
    let mut root = None;
    file.table(1, &mut |row| {
        let cells = cells(row);
        // Type, name, table's name, root page, SQL.
        if let [Cell::Bytes(b"table"), Cell::Bytes(b"Packages"), _, Cell::Number(page), ..] = cells.as_slice()
        {
            root = u32::try_from(*page).ok();
        }
    });
    let mut found = Vec::new();
    if let Some(root) = root {
        file.table(root, &mut |row| {
            if let [_, Cell::Bytes(blob), ..] = cells(row).as_slice() {
                found.push(blob.to_vec());
            }
        });
    }
    found
}

impl<'a> File<'a> {
    fn page(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_sub(1)?.checked_mul(self.page)?;
        self.bytes.get(start..start.checked_add(self.page)?)
    }

    /// Hands every row of a table to `each`, in order.
    fn table(&self, root: u32, each: &mut dyn FnMut(&[u8])) {
        // Every page belongs to one place only; a file that says otherwise is damaged.
        let mut budget = self.bytes.len() / self.page + 1;
        let mut waiting = vec![(root, 0)];
        while let Some((number, depth)) = waiting.pop() {
            if budget == 0 || depth > DEEPEST {
                return;
            }
            budget -= 1;
            let Some(page) = self.page(number) else { continue };
            let head = if number == 1 { 100 } else { 0 };
            let (kind, count) = (page.get(head), u16_at(page, head + 3, false).unwrap_or_default());
            let first = head + if kind == Some(&INTERIOR) { 12 } else { 8 };
            let cell = |index: u16| u16_at(page, first + 2 * usize::from(index), false).map(usize::from);
            match kind {
                Some(&INTERIOR) => {
                    waiting.extend(u32_at(page, head + 8, false).map(|right| (right, depth + 1)));
                    // The first child is taken first.
                    for index in (0..count).rev() {
                        let child = cell(index).and_then(|at| u32_at(page, at, false));
                        waiting.extend(child.map(|child| (child, depth + 1)));
                    }
                }
                Some(&LEAF) => {
                    for at in (0..count).filter_map(cell) {
                        if let Some(row) = self.payload(page, at, &mut budget) {
                            each(&row);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The bytes of a row, those on overflow pages included.
    fn payload(&self, page: &[u8], at: usize, budget: &mut usize) -> Option<Vec<u8>> {
        let (length, at) = varint(page, at)?;
        let (_, at) = varint(page, at)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= self.bytes.len())?;
        let most = self.usable - 35;
        if length <= most {
            return Some(page.get(at..at.checked_add(length)?)?.to_vec());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let surplus = least + (length - least) % (self.usable - 4);
        let local = if surplus <= most { surplus } else { least };
        let mut row = page.get(at..at + local)?.to_vec();
        let mut next = u32_at(page, at + local, false)?;
        while next != 0 && row.len() < length {
            *budget = budget.checked_sub(1)?;
            let page = self.page(next)?;
            let step = (length - row.len()).min(self.usable - 4);
            row.extend_from_slice(page.get(4..4 + step)?);
            next = u32_at(page, 0, false)?;
        }
        (row.len() == length).then_some(row)
    }
}

/// The values of a row.
fn cells(row: &[u8]) -> Vec<Cell<'_>> {
    let read = || {
        let (head, mut at) = varint(row, 0)?;
        let head = usize::try_from(head).ok()?;
        let mut body = head;
        let mut cells = Vec::new();
        while at < head && cells.len() < 16 {
            let (kind, next) = varint(row, at)?;
            at = next;
            let width = match kind {
                0 | 8 | 9 => 0,
                1..=4 => usize::try_from(kind).ok()?,
                5 => 6,
                6 | 7 => 8,
                kind if kind >= 12 => usize::try_from((kind - 12) / 2).ok()?,
                _ => return None,
            };
            let bytes = row.get(body..body.checked_add(width)?)?;
            body += width;
            cells.push(match kind {
                0 | 7 => Cell::Null,
                8 => Cell::Number(0),
                9 => Cell::Number(1),
                1..=6 => {
                    Cell::Number(bytes.iter().fold(0, |value: i64, byte| (value << 8) | i64::from(*byte)))
                }
                _ => Cell::Bytes(bytes),
            });
        }
        Some(cells)
    };
    read().unwrap_or_default()
}

/// A number of one to nine bytes and where what follows begins.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for index in 0..8 {
        let byte = *bytes.get(at.checked_add(index)?)?;
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + index + 1));
        }
    }
    let byte = *bytes.get(at + 8)?;
    Some(((value << 8) | u64::from(byte), at + 9))
}
