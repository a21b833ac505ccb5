//! Writes layers whose bytes depend on nothing but their content: sorted names, one time, fixed owners and modes.

use crate::BuildError;
use flate2::{Compression, GzBuilder};
use seaworthy_oci::{Digest, Hasher};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The gzip level. The compressor gives the same bytes on every machine; only a change of its version may change them.
const LEVEL: u32 = 6;

/// What an entry of a layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Directory,
    File(Vec<u8>),
}

/// An entry of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub content: Content,
    pub mode: u32,
    pub owner: (u64, u64),
}

/// A layer in the making: path without a leading slash → entry.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerBuilder {
    entries: BTreeMap<String, Entry>,
}

/// A finished layer.
pub(super) struct Layer {
    /// The compressed bytes.
    pub gzip: Vec<u8>,
    /// Digest of the tar inside.
    pub diff_id: Digest,
}

impl LayerBuilder {
    /// Adds a directory owned by root, and those above it. One that is there keeps its mode.
    pub(super) fn directory(&mut self, path: &str, mode: u32) {
        self.owned_directory(path, mode, (0, 0));
    }

    /// Adds a directory with an owner, and those above it as root's.
    pub(super) fn owned_directory(&mut self, path: &str, mode: u32, owner: (u64, u64)) {
        self.parents(path);
        let path = path.trim_matches('/');
        if !path.is_empty() {
            let entry = Entry { content: Content::Directory, mode, owner };
            self.entries.entry(path.to_owned()).or_insert(entry);
        }
    }

    /// Adds or replaces a file owned by root, and adds the directories above it.
    pub(super) fn file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        self.parents(path);
        let entry = Entry { content: Content::File(bytes), mode, owner: (0, 0) };
        self.entries.insert(path.trim_matches('/').to_owned(), entry);
    }

    /// Whether there is an entry at the path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path.trim_matches('/'))
    }

    fn parents(&mut self, path: &str) {
        let path = path.trim_matches('/');
        for (at, _) in path.match_indices('/') {
            let entry = Entry { content: Content::Directory, mode: 0o755, owner: (0, 0) };
            self.entries.entry(path[..at].to_owned()).or_insert(entry);
        }
    }

    /// The layer's bytes, every entry with the time `mtime` in seconds since 1970.
    pub(super) fn finish(&self, mtime: i64) -> Result<Layer, BuildError> {
        self.write(mtime).map_err(BuildError::io("write", "a layer in memory"))
    }

    fn write(&self, mtime: i64) -> io::Result<Layer> {
        let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(LEVEL));
        let mut builder = tar::Builder::new(Tee { inner: gzip, hasher: Hasher::new() });
        for (path, entry) in &self.entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(entry.mode);
            header.set_uid(entry.owner.0);
            header.set_gid(entry.owner.1);
            header.set_mtime(u64::try_from(mtime).unwrap_or(0));
            match &entry.content {
                Content::Directory => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_size(0);
                    builder.append_data(&mut header, format!("{path}/"), io::empty())?;
                }
                Content::File(bytes) => {
                    header.set_entry_type(tar::EntryType::Regular);
                    header.set_size(bytes.len() as u64);
                    builder.append_data(&mut header, path, bytes.as_slice())?;
                }
            }
        }
        let tee = builder.into_inner()?;
        Ok(Layer { diff_id: tee.hasher.finish(), gzip: tee.inner.finish()? })
    }
}

/// Hashes what passes through.
struct Tee<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn entries_are_sorted_complete_and_dated() {
        let mut layer = LayerBuilder::default();
        layer.file("/usr/local/bin/x", 0o755, b"x".to_vec());
        layer.directory("/tmp", 0o1777);
        layer.owned_directory("/home/app", 0o750, (7, 8));
        let done = layer.finish(9).unwrap();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(done.gzip.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(Digest::of(&plain), done.diff_id);
        let mut archive = tar::Archive::new(plain.as_slice());
        let seen: Vec<(String, u32, u64, u64)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!(header.mtime().unwrap(), 9);
                let path = entry.path().unwrap().to_string_lossy().into_owned();
                (path, header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap())
            })
            .collect();
        let expected = [
            ("home/", 0o755, 0, 0),
            ("home/app/", 0o750, 7, 8),
            ("tmp/", 0o1777, 0, 0),
            ("usr/", 0o755, 0, 0),
            ("usr/local/", 0o755, 0, 0),
            ("usr/local/bin/", 0o755, 0, 0),
            ("usr/local/bin/x", 0o755, 0, 0),
        ];
        assert_eq!(seen, expected.map(|(path, mode, uid, gid)| (path.to_owned(), mode, uid, gid)));
        assert_eq!(done.gzip, layer.finish(9).unwrap().gzip);
    }
}
