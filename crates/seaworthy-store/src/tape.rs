//! A tar reader for hostile tars: PAX, GNU long names, GNU and PAX sparse files, V7.
//!
//! It owns its walk instead of using a library's because every entry of every layer goes through it: no allocation per
//! entry once the buffers have grown, names stay bytes, and each rule about sizes is in sight. What it accepts follows
//! Go's `archive/tar`, by which engines read layers. POSIX.1-2017 `pax` and GNU tar's manual, "Basic Tar Format".

use crate::StoreError;
use std::io::{self, BufRead};

const BLOCK: usize = 512;
/// Largest extended header or long name, as in Go's reader.
const META_LIMIT: u64 = 1 << 20;
/// Most pieces of a sparse file.
const SPARSE_LIMIT: usize = 1 << 20;

/// Kind of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    #[default]
    File,
    /// A hard link to an earlier entry.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
}

/// One entry, with every extension applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Path as stored.
    pub path: Vec<u8>,
    /// Target of a link as stored.
    pub link: Vec<u8>,
    /// Kind.
    pub kind: Kind,
    /// Size of the file in bytes, holes included.
    pub size: u64,
    /// Bytes of content in the tar.
    pub stored: u64,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Modification time in seconds since 1970.
    pub mtime: i64,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Extended attributes.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Pieces of a sparse file as offset and length; empty for a file without holes.
    pub sparse: Vec<(u64, u64)>,
}

impl Entry {
    /// The value of an extended attribute.
    pub fn xattr(&self, name: &[u8]) -> Option<&[u8]> {
        self.xattrs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    fn reset(&mut self) {
        self.path.clear();
        self.link.clear();
        self.xattrs.clear();
        self.sparse.clear();
    }
}

/// What a tape is read from. `skip` may be better than reading.
pub trait Tape: BufRead {
    /// Passes over bytes; gives how many there were, fewer only at the end.
    ///
    /// # Errors
    /// When reading fails.
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut left = count;
        while left > 0 {
            let have = self.fill_buf()?.len();
            if have == 0 {
                break;
            }
            let step = usize::try_from(left).map_or(have, |left| left.min(have));
            self.consume(step);
            left -= step as u64;
        }
        Ok(count - left)
    }
}

impl Tape for crate::LayerStream {}
impl Tape for &[u8] {}

/// Walks a tar entry by entry.
pub struct Walker<T> {
    tape: T,
    what: String,
    entry: Entry,
    block: [u8; BLOCK],
    meta: Vec<u8>,
    /// Content not read yet, and the padding after it.
    left: u64,
    padding: u64,
    /// Bytes of the last chunk, consumed when the next is asked for.
    lent: usize,
    position: u64,
    entries: u64,
    max_entries: u64,
    done: bool,
}

/// What extended headers say about the next entry.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    mtime: Option<i64>,
    sparse_name: Option<Vec<u8>>,
    sparse_size: Option<u64>,
    sparse_major: Option<u64>,
    sparse_offset: Option<u64>,
    seen: bool,
}

impl<T: Tape> Walker<T> {
    /// Walks a tape; `what` names it in errors, such as `layer 2`.
    pub fn new(tape: T, what: impl Into<String>, max_entries: u64) -> Self {
        Self {
            tape,
            what: what.into(),
            entry: Entry::default(),
            block: [0; BLOCK],
            meta: Vec::new(),
            left: 0,
            padding: 0,
            lent: 0,
            position: 0,
            entries: 0,
            max_entries,
            done: false,
        }
    }

    /// The current entry.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Where the next byte of content lies in the tar.
    pub fn position(&self) -> u64 {
        self.position + self.lent as u64
    }

    /// The tape, for what comes after the last entry.
    pub fn into_tape(mut self) -> T {
        self.tape.consume(self.lent);
        self.tape
    }

    /// Goes to the next entry; what is left of the current one's content is passed over. False at the end.
    ///
    /// # Errors
    /// When the tape cannot be read, is truncated, or is no tar.
    pub fn advance(&mut self) -> Result<bool, StoreError> {
        if self.done {
            return Ok(false);
        }
        self.settle();
        let rest = self.left + self.padding;
        if rest > 0 {
            let skipped = self.tape.skip(rest).map_err(|error| self.io(error))?;
            self.position += skipped;
            // The padding of the last entry may be missing, as Go's reader allows.
            if skipped < self.left {
                return Err(self.truncated("the content"));
            }
            (self.left, self.padding) = (0, 0);
        }
        self.entry.reset();
        let mut extended = Extended::default();
        loop {
            if !self.read_block()? {
                self.done = true;
                if extended.seen {
                    return Err(self.truncated("an extended header"));
                }
                return Ok(false);
            }
            if self.block.iter().all(|byte| *byte == 0) {
                self.done = true;
                return Ok(false);
            }
            self.checksum()?;
            let flag = self.block[156];
            let size = self.field(124, 12, "size")?;
            match flag {
                b'x' | b'g' | b'L' | b'K' => {
                    self.read_meta(size)?;
                    extended.seen = true;
                    let meta = std::mem::take(&mut self.meta);
                    let outcome = match flag {
                        b'x' => self.pax(&meta, &mut extended),
                        b'L' => {
                            extended.path = Some(until_nul(&meta).to_vec());
                            Ok(())
                        }
                        b'K' => {
                            extended.link = Some(until_nul(&meta).to_vec());
                            Ok(())
                        }
                        // Global headers carry comments; engines ignore what else they may say.
                        _ => Ok(()),
                    };
                    self.meta = meta;
                    outcome?;
                }
                // A volume label or a multi-volume continuation is no file.
                b'V' | b'M' | b'N' => {
                    self.left = size;
                    self.padding = padding(size);
                    let rest = self.left + self.padding;
                    self.position += self.tape.skip(rest).map_err(|error| self.io(error))?;
                    (self.left, self.padding) = (0, 0);
                }
                _ => {
                    self.take_header(flag, size, extended)?;
                    self.entries += 1;
                    if self.entries > self.max_entries {
                        return Err(StoreError::Limit {
                            what: format!("number of entries of {}", self.what),
                            limit: self.max_entries.to_string(),
                        });
                    }
                    return Ok(true);
                }
            }
        }
    }

    /// The next piece of the current entry's content, as stored; nothing at its end. Pieces of a sparse file follow one
    /// another without its holes.
    ///
    /// # Errors
    /// When the tape cannot be read or ends too early.
    pub fn chunk(&mut self) -> Result<Option<&[u8]>, StoreError> {
        self.settle();
        if self.left == 0 {
            return Ok(None);
        }
        let have = match self.tape.fill_buf() {
            Ok(bytes) => bytes.len(),
            Err(error) => return Err(self.io(error)),
        };
        if have == 0 {
            return Err(self.truncated("the content"));
        }
        let count = usize::try_from(self.left).map_or(have, |left| left.min(have));
        self.lent = count;
        self.left -= count as u64;
        match self.tape.fill_buf() {
            Ok(bytes) => Ok(Some(&bytes[..count])),
            Err(error) => Err(StoreError::io("read", self.what.as_ref(), error)),
        }
    }

    fn settle(&mut self) {
        self.tape.consume(self.lent);
        self.position += self.lent as u64;
        self.lent = 0;
    }

    fn io(&self, error: io::Error) -> StoreError {
        StoreError::io("read", self.what.as_ref(), error)
    }

    fn broken(&self, why: impl Into<String>) -> StoreError {
        StoreError::Tar { what: self.what.clone(), why: why.into() }
    }

    fn truncated(&self, what: &str) -> StoreError {
        let name = shown(&self.entry.path);
        self.broken(format!("the tar ends within {what} of `{name}` at byte {}", self.position))
    }

    /// Reads one block; false at the end of the tape.
    fn read_block(&mut self) -> Result<bool, StoreError> {
        let mut filled = 0;
        while filled < BLOCK {
            let have = match self.tape.fill_buf() {
                Ok(bytes) => {
                    let count = bytes.len().min(BLOCK - filled);
                    self.block[filled..filled + count].copy_from_slice(&bytes[..count]);
                    count
                }
                Err(error) => return Err(self.io(error)),
            };
            if have == 0 {
                if filled == 0 {
                    return Ok(false);
                }
                return Err(self.broken(format!(
                    "not a tar: invalid header at byte {}, which is cut off",
                    self.position
                )));
            }
            self.tape.consume(have);
            filled += have;
        }
        self.position += BLOCK as u64;
        Ok(true)
    }

    fn checksum(&self) -> Result<(), StoreError> {
        // Every entry comes through here: the whole block is summed at once, and the checksum's own place, which counts
        // as spaces, is put right after it.
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let own = &self.block[148..156];
        let unsigned = sum(&self.block) - sum(own) + 8 * u32::from(b' ');
        let stated = octal(own);
        if stated == Some(u64::from(unsigned)) {
            return Ok(());
        }
        // Old tars summed signed characters.
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(byte.cast_signed())).sum::<i64>();
        let signed = sum(&self.block) - sum(own) + 8 * i64::from(b' ');
        if stated.is_some_and(|stated| i64::try_from(stated) == Ok(signed)) {
            return Ok(());
        }
        let place = self.position - BLOCK as u64;
        Err(self.broken(format!("not a tar: invalid header at byte {place}, its checksum is wrong")))
    }

    fn field(&self, at: usize, length: usize, name: &str) -> Result<u64, StoreError> {
        number(&self.block[at..at + length]).and_then(|value| u64::try_from(value).ok()).ok_or_else(|| {
            let place = self.position - BLOCK as u64;
            self.broken(format!("not a tar: invalid header at byte {place}, its {name} is no number"))
        })
    }

    fn read_meta(&mut self, size: u64) -> Result<(), StoreError> {
        if size > META_LIMIT {
            return Err(StoreError::Limit {
                what: format!("extended header of {}", self.what),
                limit: format!("{META_LIMIT} bytes"),
            });
        }
        self.meta.clear();
        (self.left, self.padding) = (size, padding(size));
        while self.left > 0 {
            let count = match self.tape.fill_buf() {
                Ok(bytes) => {
                    let count = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    self.meta.extend_from_slice(&bytes[..count]);
                    count
                }
                Err(error) => return Err(self.io(error)),
            };
            if count == 0 {
                return Err(self.truncated("an extended header"));
            }
            self.tape.consume(count);
            self.position += count as u64;
            self.left -= count as u64;
        }
        self.position += self.tape.skip(self.padding).map_err(|error| self.io(error))?;
        self.padding = 0;
        Ok(())
    }

    /// Reads the records of a PAX header, `LENGTH KEY=VALUE\n` each.
    fn pax(&mut self, records: &[u8], extended: &mut Extended) -> Result<(), StoreError> {
        let mut rest = records;
        // Some writers pad the records with NULs.
        while !rest.is_empty() && rest[0] != 0 {
            let record = rest.iter().position(|byte| *byte == b' ').and_then(|space| {
                let length = usize::try_from(decimal(&rest[..space])?).ok()?;
                let body = rest.get(space + 1..length)?.strip_suffix(b"\n")?;
                let equals = body.iter().position(|byte| *byte == b'=')?;
                Some((length, &body[..equals], &body[equals + 1..]))
            });
            let Some((length, key, value)) = record else {
                return Err(self.broken(format!("a PAX header before byte {} is malformed", self.position)));
            };
            self.pax_record(key, value, extended)?;
            rest = &rest[length..];
        }
        Ok(())
    }

    fn pax_record(&mut self, key: &[u8], value: &[u8], extended: &mut Extended) -> Result<(), StoreError> {
        let bad = |what: &str| {
            let why = format!("PAX record `{}={}` is no number", shown(key), shown(value));
            StoreError::Tar { what: what.to_owned(), why }
        };
        match key {
            b"path" => extended.path = Some(value.to_vec()),
            b"linkpath" => extended.link = Some(value.to_vec()),
            b"size" => extended.size = Some(decimal(value).ok_or_else(|| bad(&self.what))?),
            b"uid" => extended.uid = Some(decimal(value).ok_or_else(|| bad(&self.what))?),
            b"gid" => extended.gid = Some(decimal(value).ok_or_else(|| bad(&self.what))?),
            b"mtime" => {
                let text = std::str::from_utf8(value).unwrap_or_default();
                let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
                extended.mtime = whole.parse().ok();
            }
            b"GNU.sparse.name" => extended.sparse_name = Some(value.to_vec()),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => {
                extended.sparse_size = Some(decimal(value).ok_or_else(|| bad(&self.what))?);
            }
            b"GNU.sparse.major" => {
                extended.sparse_major = Some(decimal(value).ok_or_else(|| bad(&self.what))?);
            }
            b"GNU.sparse.offset" => {
                extended.sparse_offset = Some(decimal(value).ok_or_else(|| bad(&self.what))?);
            }
            b"GNU.sparse.numbytes" => {
                let length = decimal(value).ok_or_else(|| bad(&self.what))?;
                let offset = extended.sparse_offset.take().unwrap_or_default();
                self.piece(offset, length)?;
            }
            b"GNU.sparse.map" => {
                let mut numbers = value.split(|byte| *byte == b',').map(decimal);
                while let Some(offset) = numbers.next() {
                    let length = numbers.next().flatten().ok_or_else(|| bad(&self.what))?;
                    let offset = offset.ok_or_else(|| bad(&self.what))?;
                    self.piece(offset, length)?;
                }
            }
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.entry.xattrs.push((name.to_vec(), value.to_vec()));
                }
            }
        }
        Ok(())
    }

    fn piece(&mut self, offset: u64, length: u64) -> Result<(), StoreError> {
        if self.entry.sparse.len() >= SPARSE_LIMIT {
            return Err(StoreError::Limit {
                what: format!("pieces of a sparse file of {}", self.what),
                limit: SPARSE_LIMIT.to_string(),
            });
        }
        self.entry.sparse.push((offset, length));
        Ok(())
    }

    fn take_header(&mut self, flag: u8, size: u64, extended: Extended) -> Result<(), StoreError> {
        let mode = self.field(100, 8, "mode")?;
        let uid = self.field(108, 8, "uid")?;
        let gid = self.field(116, 8, "gid")?;
        let mtime = number(&self.block[136..148]).unwrap_or_default();
        let block = &self.block;
        let posix = &block[257..263] == b"ustar\0";
        let entry = &mut self.entry;
        match extended.sparse_name.or(extended.path) {
            Some(path) => entry.path = path,
            None => {
                let prefix = if posix { until_nul(&block[345..500]) } else { &[] };
                if !prefix.is_empty() {
                    entry.path.extend_from_slice(prefix);
                    entry.path.push(b'/');
                }
                entry.path.extend_from_slice(until_nul(&block[..100]));
            }
        }
        match extended.link {
            Some(link) => entry.link = link,
            None => entry.link.extend_from_slice(until_nul(&block[157..257])),
        }
        let size = extended.size.unwrap_or(size);
        entry.kind = match flag {
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' => Kind::CharDevice,
            b'4' => Kind::BlockDevice,
            b'5' | b'D' => Kind::Directory,
            b'6' => Kind::Fifo,
            // V7 wrote directories as files with a slash at the end.
            0 | b'0' if entry.path.ends_with(b"/") => Kind::Directory,
            _ => Kind::File,
        };
        // Only files have content; a dump directory (`D`) lists its names there, which is passed over.
        let has_content = entry.kind == Kind::File || flag == b'D';
        self.left = if has_content { size } else { 0 };
        self.padding = padding(self.left);
        if self.left.checked_add(self.padding).is_none() {
            let why = format!("the size of `{}` is {size} bytes", shown(&entry.path));
            return Err(StoreError::Tar { what: self.what.clone(), why });
        }
        entry.stored = if entry.kind == Kind::File { size } else { 0 };
        entry.size = entry.stored;
        entry.mode = u32::try_from(mode & 0o7777).unwrap_or_default();
        entry.uid = u32::try_from(extended.uid.unwrap_or(uid)).unwrap_or(u32::MAX);
        entry.gid = u32::try_from(extended.gid.unwrap_or(gid)).unwrap_or(u32::MAX);
        entry.mtime = extended.mtime.unwrap_or(mtime);
        let device = |at: usize| {
            number(&block[at..at + 8]).and_then(|value| u32::try_from(value).ok()).unwrap_or_default()
        };
        entry.device = (device(329), device(337));
        if let Some(real) = extended.sparse_size {
            entry.size = real;
        }
        if flag == b'S' {
            self.gnu_sparse()?;
        } else if extended.sparse_major == Some(1) {
            self.pax_sparse()?;
        }
        self.check_sparse()
    }

    /// The old GNU form: four pieces in the header, 21 in each block that follows.
    fn gnu_sparse(&mut self) -> Result<(), StoreError> {
        let block = self.block;
        self.entry.size = self.field(483, 12, "real size")?;
        self.gnu_pieces(&block[386..482])?;
        let mut more = block[482] != 0;
        while more {
            if !self.read_block()? {
                return Err(self.truncated("the sparse map"));
            }
            let block = self.block;
            self.gnu_pieces(&block[..504])?;
            more = block[504] != 0;
        }
        Ok(())
    }

    fn gnu_pieces(&mut self, pieces: &[u8]) -> Result<(), StoreError> {
        for piece in pieces.chunks_exact(24) {
            if piece[0] == 0 {
                break;
            }
            let part = |bytes: &[u8]| number(bytes).and_then(|value| u64::try_from(value).ok());
            let (Some(offset), Some(length)) = (part(&piece[..12]), part(&piece[12..])) else {
                return Err(self.broken("a sparse map holds no numbers"));
            };
            self.piece(offset, length)?;
        }
        Ok(())
    }

    /// The PAX 1.0 form: the map is decimal lines in the first blocks of the content.
    fn pax_sparse(&mut self) -> Result<(), StoreError> {
        let mut lines: Vec<u8> = Vec::new();
        let mut wanted: Option<usize> = None;
        let mut count = 0;
        loop {
            if wanted.is_none() && count > 0 {
                let first = lines.split(|byte| *byte == b'\n').next().and_then(decimal);
                let pieces =
                    first.and_then(|count| usize::try_from(count).ok()).filter(|n| *n <= SPARSE_LIMIT);
                wanted = Some(pieces.ok_or_else(|| self.broken("a sparse map holds no numbers"))?);
            }
            if wanted.is_some_and(|pieces| count > pieces * 2) {
                break;
            }
            if self.left < BLOCK as u64 || lines.len() as u64 > 64 * META_LIMIT || !self.read_block()? {
                return Err(self.truncated("the sparse map"));
            }
            self.left -= BLOCK as u64;
            self.entry.stored -= BLOCK as u64;
            lines.extend_from_slice(&self.block);
            count += self.block.split(|byte| *byte == b'\n').count() - 1;
        }
        let mut numbers = lines.split(|byte| *byte == b'\n').skip(1).map(decimal);
        for _ in 0..wanted.unwrap_or_default() {
            let (Some(Some(offset)), Some(Some(length))) = (numbers.next(), numbers.next()) else {
                return Err(self.broken("a sparse map holds no numbers"));
            };
            self.piece(offset, length)?;
        }
        Ok(())
    }

    /// Pieces must be in order, within the file, and as long together as the stored content.
    fn check_sparse(&mut self) -> Result<(), StoreError> {
        if self.entry.sparse.is_empty() {
            if self.entry.stored > self.entry.size || self.entry.size == self.entry.stored {
                self.entry.size = self.entry.stored;
            }
            return Ok(());
        }
        let mut end = 0u64;
        let mut total = 0u64;
        for (offset, length) in &self.entry.sparse {
            let next = offset.checked_add(*length).filter(|_| *offset >= end);
            let Some(next) = next.filter(|next| *next <= self.entry.size) else {
                return Err(self.broken(format!("the sparse map of `{}` is broken", shown(&self.entry.path))));
            };
            end = next;
            total += length;
        }
        if total != self.entry.stored {
            return Err(self.broken(format!("the sparse map of `{}` is broken", shown(&self.entry.path))));
        }
        Ok(())
    }
}

/// Bytes for people: control characters and what is no UTF-8 escaped, long names cut.
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (count, c) in String::from_utf8_lossy(bytes).chars().enumerate() {
        if count == 200 {
            text.push('…');
            break;
        }
        if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
    }
    text
}

/// The parts of a stored path without `.` and empty ones. Nothing when a `..` would leave the root.
pub fn clean(path: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(path.len());
    clean_into(path, &mut out).then_some(out)
}

/// As [`clean`], onto the end of a buffer. False, and the buffer as it was, when a `..` would leave the root.
pub fn clean_into(path: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                if out.len() == start {
                    return false;
                }
                let cut = out[start..].iter().rposition(|byte| *byte == b'/').map_or(start, |at| start + at);
                out.truncate(cut);
            }
            _ => {
                if out.len() > start {
                    out.push(b'/');
                }
                out.extend_from_slice(part);
            }
        }
    }
    true
}

fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.iter().position(|byte| *byte == 0).map_or(bytes, |end| &bytes[..end])
}

fn decimal(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.starts_with('+')).and_then(|text| text.parse().ok())
}

fn octal(bytes: &[u8]) -> Option<u64> {
    let text = until_nul(bytes).trim_ascii();
    if text.is_empty() {
        return Some(0);
    }
    let mut value = 0u64;
    for byte in text {
        if !(b'0'..=b'7').contains(byte) {
            return None;
        }
        value = value.checked_mul(8)?.checked_add(u64::from(byte - b'0'))?;
    }
    Some(value)
}

/// A header's number: octal, or base 256 when the first bit is set.
fn number(bytes: &[u8]) -> Option<i64> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        return octal(bytes).and_then(|value| i64::try_from(value).ok());
    }
    let mut value =
        if first & 0x40 == 0 { i128::from(first & 0x3f) } else { i128::from(first.cast_signed()) };
    for byte in &bytes[1..] {
        value = value.checked_mul(256)?.checked_add(i128::from(*byte))?;
    }
    i64::try_from(value).ok()
}
