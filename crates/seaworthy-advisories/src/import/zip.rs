//! The ZIP archives that OSV publishes for each ecosystem.
//!
//! Source: PKWARE's APPNOTE.TXT 6.3.10. Read by its central directory, with the extensions for many and large files;
//! stored and deflated files; every file's checksum is compared.

use super::Gather;
use crate::error::ImportError;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// The most bytes a central directory may have.
const DIRECTORY: u64 = 1 << 30;
/// The longest comment behind the end record, and the record itself.
const TAIL: u64 = 65_535 + 22;

struct Entry {
    name: String,
    method: u16,
    crc: u32,
    packed: u64,
    plain: u64,
    at: u64,
}

/// Reads every `.json` of an archive.
pub(super) fn read(gather: &mut Gather, file: &File, size: u64, path: &Path) -> Result<(), ImportError> {
    let broken = |what: &str| ImportError::Broken { path: path.to_owned(), what: what.to_owned() };
    let failed = |source| ImportError::Read { path: path.to_owned(), source };
    let directory = directory(file, size)
        .map_err(failed)?
        .ok_or_else(|| broken("it is no ZIP archive, or it ends too early"))?;
    let mut rest = directory.as_slice();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let Some((entry, after)) = entry(rest) else { return Err(broken("its directory is damaged")) };
        rest = after;
        if !std::path::Path::new(&entry.name)
            .extension()
            .is_some_and(|name| name.eq_ignore_ascii_case("json"))
        {
            continue;
        }
        if entry.plain > gather.limits.record {
            return Err(ImportError::TooLarge {
                path: path.to_owned(),
                limit: format!("{} MiB in one record", gather.limits.record >> 20),
            });
        }
        total = total.saturating_add(entry.plain);
        if total > gather.limits.unpacked || !gather.room() {
            return Err(ImportError::TooLarge {
                path: path.to_owned(),
                limit: format!("{} GiB or {} records", gather.limits.unpacked >> 30, gather.limits.records),
            });
        }
        let place = || format!("{}: {}", path.display(), entry.name);
        match unpack(file, &entry) {
            Ok(bytes) => gather.record(&bytes, &place),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                gather.problem(&place(), &error.to_string());
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

/// The central directory's bytes; nothing where there is none.
fn directory(file: &File, size: u64) -> io::Result<Option<Vec<u8>>> {
    let length = size.min(TAIL);
    let tail = bytes(file, size - length, length)?;
    let Some(end) = tail.windows(4).rposition(|part| part == b"PK\x05\x06") else { return Ok(None) };
    let record = &tail[end..];
    let (Some(mut length), Some(mut at)) =
        (u32_at(record, 12).map(u64::from), u32_at(record, 16).map(u64::from))
    else {
        return Ok(None);
    };
    // The record of large archives stands before its locator, which stands before the ordinary one.
    if let Some(locator) = end.checked_sub(20).map(|from| &tail[from..end])
        && locator.starts_with(b"PK\x06\x07")
        && let Some(place) = u64_at(locator, 8).filter(|place| *place < size)
    {
        let large = bytes(file, place, 56.min(size - place))?;
        if large.starts_with(b"PK\x06\x06")
            && let (Some(long), Some(far)) = (u64_at(&large, 40), u64_at(&large, 48))
        {
            (length, at) = (long, far);
        }
    }
    if length > DIRECTORY || at.checked_add(length).is_none_or(|end| end > size) {
        return Ok(None);
    }
    bytes(file, at, length).map(Some)
}

fn entry(rest: &[u8]) -> Option<(Entry, &[u8])> {
    if !rest.starts_with(b"PK\x01\x02") {
        return None;
    }
    let name_length = usize::from(u16_at(rest, 28)?);
    let extra_length = usize::from(u16_at(rest, 30)?);
    let comment_length = usize::from(u16_at(rest, 32)?);
    let name = rest.get(46..46 + name_length)?;
    let extra = rest.get(46 + name_length..46 + name_length + extra_length)?;
    let after = rest.get(46 + name_length + extra_length + comment_length..)?;
    let mut out = Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        method: u16_at(rest, 10)?,
        crc: u32_at(rest, 16)?,
        packed: u64::from(u32_at(rest, 20)?),
        plain: u64::from(u32_at(rest, 24)?),
        at: u64::from(u32_at(rest, 42)?),
    };
    large(&mut out, extra);
    Some((out, after))
}

/// Sizes beyond four gigabytes stand in an extra field, each only where its ordinary place is full.
fn large(entry: &mut Entry, mut extra: &[u8]) {
    while let (Some(kind), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let length = usize::from(length);
        let Some(body) = extra.get(4..4 + length) else { return };
        if kind == 1 {
            let mut at = 0;
            for place in [&mut entry.plain, &mut entry.packed, &mut entry.at] {
                if *place == u64::from(u32::MAX) {
                    let Some(value) = u64_at(body, at) else { return };
                    *place = value;
                    at += 8;
                }
            }
            return;
        }
        extra = extra.get(4 + length..).unwrap_or_default();
    }
}

fn unpack(file: &File, entry: &Entry) -> io::Result<Vec<u8>> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let head = bytes(file, entry.at, 30).map_err(|_| invalid("it lies outside of the archive"))?;
    let (Some(name), Some(extra)) = (u16_at(&head, 26), u16_at(&head, 28)) else {
        return Err(invalid("its head is damaged"));
    };
    if !head.starts_with(b"PK\x03\x04") {
        return Err(invalid("its head is damaged"));
    }
    let at = entry.at + 30 + u64::from(name) + u64::from(extra);
    let size = file.metadata()?.len();
    if at.checked_add(entry.packed).is_none_or(|end| end > size) {
        return Err(invalid("it lies outside of the archive"));
    }
    let packed = bytes(file, at, entry.packed)?;
    let plain = match entry.method {
        0 => packed,
        8 => {
            let mut out = Vec::new();
            let mut decoder = flate2::read::DeflateDecoder::new(packed.as_slice()).take(entry.plain + 1);
            decoder.read_to_end(&mut out).map_err(|_| invalid("its compression is broken"))?;
            out
        }
        _ => return Err(invalid("it is compressed in a way that is not read")),
    };
    let mut crc = flate2::Crc::new();
    crc.update(&plain);
    if plain.len() as u64 != entry.plain || crc.sum() != entry.crc {
        return Err(invalid("its size or its checksum is wrong"));
    }
    Ok(plain)
}

fn bytes(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut out = vec![0; length];
    file.read_exact_at(&mut out, at)?;
    Ok(out)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
