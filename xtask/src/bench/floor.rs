//! The least an inspection costs: each layer inflated once, both digests, the headers of the archive walked.
//!
//! One thread, the same decoder and the same SHA-256 as the product, no look at any file. `xtask floor LAYOUT` does it
//! for the only image of a layout.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use seaworthy_store::{Compression, Gunzip, Zstd};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Size of a block of a tar archive.
const BLOCK: usize = 512;

/// `xtask floor LAYOUT`: prints the bytes and entries of every layer.
pub(crate) fn main(words: &[&str], out: &mut dyn Write) -> ExitCode {
    let [layout] = words else { return ExitCode::from(2) };
    match pass(Path::new(layout), out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn pass(layout: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let index = json(&layout.join("index.json"))?;
    let manifest = json(&blob(layout, &index["manifests"][0]["digest"])?)?;
    let config = json(&blob(layout, &manifest["config"]["digest"])?)?;
    let layers = manifest["layers"].as_array().context("a manifest without layers")?;
    for (index, layer) in layers.iter().enumerate() {
        let found = walk(&blob(layout, &layer["digest"])?)?;
        anyhow::ensure!(layer["digest"] == found.digest, "layer {index} has the digest {}", found.digest);
        let diff_id = &config["rootfs"]["diff_ids"][index];
        anyhow::ensure!(*diff_id == found.diff_id, "layer {index} unpacks to {}", found.diff_id);
        writeln!(out, "{} bytes, {} entries", found.bytes, found.entries)?;
    }
    Ok(())
}

/// What the walk over one layer gives.
struct Walked {
    digest: String,
    diff_id: String,
    bytes: u64,
    entries: u64,
}

fn walk(path: &Path) -> anyhow::Result<Walked> {
    let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
    let mut raw = BufReader::with_capacity(256 << 10, Hashing { inner: file, hash: Sha256::new() });
    let mut decoder = match Compression::sniff(raw.fill_buf()?) {
        Compression::Zstd => Decoder::Zstd(Box::new(Zstd::new(raw))),
        Compression::Gzip => Decoder::Gzip(Box::new(Gunzip::new(raw))),
        Compression::None => Decoder::Plain(raw),
    };
    let mut hash = Sha256::new();
    let mut headers = Headers::default();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let length = decoder.read(&mut buffer)?;
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
        bytes += length as u64;
        hash.update(piece);
        headers.feed(piece);
    }
    // What follows the stream belongs to the blob.
    let rest = decoder.raw();
    std::io::copy(rest, &mut std::io::sink())?;
    let digest = named(rest.get_ref().hash.clone());
    Ok(Walked { digest, diff_id: named(hash), bytes, entries: headers.entries })
}

/// What unpacks a layer.
enum Decoder<R> {
    Plain(R),
    Gzip(Box<Gunzip<R>>),
    Zstd(Box<Zstd<R>>),
}

impl<R: std::io::BufRead> Decoder<R> {
    fn raw(&mut self) -> &mut R {
        match self {
            Self::Plain(raw) => raw,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

impl<R: std::io::BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// Goes from header to header in a stream that comes in pieces of any length.
#[derive(Default)]
struct Headers {
    /// A header that is not complete yet.
    partial: Vec<u8>,
    /// Bytes to pass over before the next header.
    skip: u64,
    entries: u64,
}

impl Headers {
    fn feed(&mut self, mut piece: &[u8]) {
        loop {
            let skipped = piece.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.skip -= skipped as u64;
            piece = piece.get(skipped..).unwrap_or_default();
            if piece.is_empty() {
                return;
            }
            let missing = (BLOCK - self.partial.len()).min(piece.len());
            let (head, rest) = piece.split_at(missing);
            self.partial.extend_from_slice(head);
            piece = rest;
            if self.partial.len() < BLOCK {
                return;
            }
            if self.partial.first().is_some_and(|byte| *byte != 0) {
                self.entries += 1;
                let size = size(self.partial.get(124..136).unwrap_or_default());
                self.skip = size.div_ceil(BLOCK as u64) * BLOCK as u64;
            }
            self.partial.clear();
        }
    }
}

/// A size in octal digits, or in base 256 where the first bit is set.
fn size(field: &[u8]) -> u64 {
    match field.split_first() {
        Some((first, rest)) if first & 0x80 != 0 => {
            rest.iter().fold(0, |sum: u64, byte| sum.wrapping_shl(8) | u64::from(*byte))
        }
        _ => {
            let digits = field.iter().filter(|byte| (b'0'..=b'7').contains(byte));
            digits.fold(0, |sum: u64, byte| sum.wrapping_shl(3) | u64::from(byte - b'0'))
        }
    }
}

/// A reader whose bytes are hashed on the way.
struct Hashing {
    inner: File,
    hash: Sha256,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let bytes = std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn blob(layout: &Path, digest: &Value) -> anyhow::Result<std::path::PathBuf> {
    let hex = digest.as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    Ok(layout.join("blobs/sha256").join(hex.context("no SHA-256 digest")?))
}

/// A digest as manifests write it.
pub(crate) fn named(hash: Sha256) -> String {
    use std::fmt::Write as _;
    hash.finalize().iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::layouts::{self, Filler};
    use super::{Headers, pass, size};

    #[test]
    fn a_generated_layout_passes_and_a_damaged_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let layout = folder.path().join("layout");
        let fill: Vec<Filler> = vec![Box::new(|tar| layouts::small_files(tar, 30))];
        layouts::write(&layout, 6, fill).unwrap();
        let mut out = Vec::new();
        pass(&layout, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("bytes, 30 entries\n"), "{text}");

        let blobs =
            std::fs::read_dir(layout.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap().path());
        let layer = blobs.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
        let mut bytes = std::fs::read(&layer).unwrap();
        // The byte that names the system it was packed on; nothing else depends on it.
        bytes[9] ^= 1;
        std::fs::write(&layer, bytes).unwrap();
        assert!(pass(&layout, &mut Vec::new()).unwrap_err().to_string().contains("has the digest"));
    }

    #[test]
    fn headers_are_found_in_pieces_of_any_length() {
        let mut tar = tar::Builder::new(Vec::new());
        layouts::small_files(&mut tar, 20).unwrap();
        let bytes = tar.into_inner().unwrap();
        for length in [1, 7, 511, 512, 513, 4096, bytes.len()] {
            let mut headers = Headers::default();
            bytes.chunks(length).for_each(|piece| headers.feed(piece));
            assert_eq!(headers.entries, 20, "in pieces of {length}");
        }
    }

    #[test]
    fn sizes_are_octal_or_binary() {
        assert_eq!(size(b"00000001750\0"), 1000);
        assert_eq!(size(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]), (2 << 32) + 1);
    }
}
