//! One file: an archive, or a stream of records that may be compressed.

use super::{Gather, zip};
use crate::error::ImportError;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::Path;

/// Reads a file by what its first bytes say; gives its size.
pub(super) fn read(gather: &mut Gather, path: &Path) -> Result<u64, ImportError> {
    let failed = |source| ImportError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut magic = [0; 4];
    let count = fill(&mut file, &mut magic).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let limit = gather.limits.unpacked;
    match magic.get(..count).unwrap_or_default() {
        [b'P', b'K', 3 | 5, ..] => zip::read(gather, &file, size, path)?,
        [0x1f, 0x8b, ..] => {
            records(gather, flate2::read::MultiGzDecoder::new(BufReader::new(file)).take(limit), path)?;
        }
        [0x28, 0xb5, 0x2f, 0xfd] => records(gather, Zstd::new(BufReader::new(file)).take(limit), path)?,
        _ => records(gather, file.take(limit), path)?,
    }
    Ok(size)
}

fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut at = 0;
    while at < buffer.len() {
        match file.read(&mut buffer[at..])? {
            0 => break,
            count => at += count,
        }
    }
    Ok(at)
}

/// Every frame of a zstd stream, one after the other.
struct Zstd<R: Read> {
    source: Option<R>,
    decoder: Option<Box<ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>>,
}

impl<R: BufRead> Zstd<R> {
    fn new(source: R) -> Self {
        Self { source: Some(source), decoder: None }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if let Some(decoder) = &mut self.decoder {
                let count = decoder.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                self.source = self.decoder.take().map(|decoder| decoder.into_inner());
            }
            let Some(mut source) = self.source.take() else { return Ok(0) };
            if source.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let decoder = ruzstd::decoding::StreamingDecoder::new(source);
            self.decoder = Some(Box::new(decoder.map_err(|error| std::io::Error::other(error.to_string()))?));
        }
    }
}

/// Records line by line; a text that is not that may be one record, a list of them, or a catalogue.
fn records(gather: &mut Gather, source: impl Read, path: &Path) -> Result<(), ImportError> {
    let limit = gather.limits.record;
    let broken = |error: std::io::Error| match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::Other => {
            ImportError::Broken { path: path.to_owned(), what: format!("its compression is broken: {error}") }
        }
        _ => ImportError::Read { path: path.to_owned(), source: error },
    };
    let too_large = || ImportError::TooLarge {
        path: path.to_owned(),
        limit: format!("{} MiB in one record", limit >> 20),
    };
    let mut source = BufReader::with_capacity(1 << 17, source);
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        let count = (&mut source).take(limit + 1).read_until(b'\n', &mut line).map_err(broken)?;
        if count == 0 {
            return Ok(());
        }
        if count as u64 > limit {
            return Err(too_large());
        }
        number += 1;
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let whole = text.first() == Some(&b'{') && text.last() == Some(&b'}');
        if number == 1 && (!whole || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_err()) {
            (&mut source).take(limit + 1).read_to_end(&mut line).map_err(broken)?;
            if line.len() as u64 > limit {
                return Err(too_large());
            }
            return document(gather, &line, path);
        }
        // A catalogue may be one line, too.
        if number == 1 && !has_id(text) {
            return document(gather, text, path);
        }
        if !gather.room() {
            return Err(ImportError::TooLarge {
                path: path.to_owned(),
                limit: format!("{} records", gather.limits.records),
            });
        }
        gather.record(text, &|| format!("{} line {number}", path.display()));
    }
}

fn has_id(text: &[u8]) -> bool {
    text.windows(4).any(|part| part == b"\"id\"")
}

/// A text as a whole.
fn document(gather: &mut Gather, text: &[u8], path: &Path) -> Result<(), ImportError> {
    let place = || path.display().to_string();
    let broken = |what: String| ImportError::Broken { path: path.to_owned(), what };
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => {}
        None => return Err(broken("it is empty".to_owned())),
        Some(_) => {
            let text = String::from_utf8_lossy(text);
            let added = gather.enrichment().add_csv(&text);
            return added.map(drop).map_err(|error| broken(error.to_string()));
        }
    }
    let value: Value =
        serde_json::from_slice(text).map_err(|error| broken(format!("it is no JSON: {error}")))?;
    match &value {
        Value::Array(list) if list.first().is_none_or(|one| one.get("id").is_none()) => {
            return Err(broken("it is no list of OSV records".to_owned()));
        }
        Value::Array(list) => {
            for one in list {
                // A value that was read can be written.
                gather.record(&serde_json::to_vec(one).unwrap_or_default(), &place);
            }
        }
        Value::Object(map) if !map.contains_key("id") => {
            gather.enrichment().add_json(&value).map_err(|_| broken("it is no OSV record".to_owned()))?;
        }
        _ => gather.record(text, &place),
    }
    Ok(())
}
