//! Trees of images that were read before, kept by the digest of their manifests.
//!
//! A manifest names its layers by digest, so a tree that was read once is that of every image with the digest. A record
//! ends with a hash of itself; one that is damaged, or of another version, is read as absent. The folder is the user's own.

use seaworthy_facts::{FileFact, FileKind};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use twox_hash::XxHash3_128;

/// The first bytes of a record; the number goes up when its form changes.
const MAGIC: &[u8] = b"seaworthy tree 1\n";
/// Most records of a folder; the oldest go.
const MOST: usize = 32;
/// Largest record, in bytes.
const LARGEST: u64 = 512 << 20;

/// A folder of records.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
}

/// What a record holds: the tree, and the contents that were asked for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) files: Vec<FileFact>,
    pub(crate) contents: BTreeMap<String, Vec<u8>>,
}

impl Shelf {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{}.tree", digest.replace([':', '/'], "-")))
    }

    /// The record of a digest, where there is a sound one of this user.
    pub(crate) fn get(&self, digest: &str) -> Option<Record> {
        let own = fs::metadata("/proc/self").ok()?.uid();
        let folder = fs::symlink_metadata(&self.folder).ok()?;
        if !folder.is_dir() || folder.uid() != own || folder.mode() & 0o022 != 0 {
            return None;
        }
        let path = self.path(digest);
        let meta = fs::symlink_metadata(&path).ok()?;
        if !meta.is_file() || meta.uid() != own || meta.len() > LARGEST {
            return None;
        }
        read(&fs::read(path).ok()?)
    }

    /// Keeps a record. What cannot be kept is read again the next time, so a failure is none.
    pub(crate) fn put(&self, digest: &str, record: &Record) {
        let bytes = write(record);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        let written = made.and_then(|()| {
            let mut part = tempfile::NamedTempFile::new_in(&self.folder)?;
            part.write_all(&bytes)?;
            part.persist(self.path(digest)).map_err(std::io::Error::from)
        });
        if written.is_ok() {
            self.tidy();
        }
    }

    /// Removes the oldest records beyond the bound.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut records: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let modified = fs::symlink_metadata(&path).ok()?.modified().ok()?;
                path.extension().is_some_and(|end| end == "tree").then_some((modified, path))
            })
            .collect();
        records.sort();
        let spare = records.len().saturating_sub(MOST);
        for (_, path) in records.drain(..spare) {
            // Another run may have removed it.
            let _ = fs::remove_file(path);
        }
    }
}

const KINDS: [FileKind; 6] = [
    FileKind::File,
    FileKind::Directory,
    FileKind::Symlink,
    FileKind::CharDevice,
    FileKind::BlockDevice,
    FileKind::Fifo,
];

fn write(record: &Record) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let number = |out: &mut Vec<u8>, number: u64| out.extend_from_slice(&number.to_le_bytes());
    let bytes = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    number(&mut out, record.files.len() as u64);
    for file in &record.files {
        bytes(&mut out, file.path.as_bytes());
        let kind = KINDS.iter().position(|kind| *kind == file.kind).unwrap_or_default();
        out.push(u8::try_from(kind).unwrap_or_default());
        out.push(u8::from(file.link.is_some()));
        bytes(&mut out, file.link.as_deref().unwrap_or_default().as_bytes());
        number(&mut out, file.size);
        for word in [file.mode, file.uid, file.gid] {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }
    number(&mut out, record.contents.len() as u64);
    for (path, content) in &record.contents {
        bytes(&mut out, path.as_bytes());
        bytes(&mut out, content);
    }
    let hash = XxHash3_128::oneshot(&out);
    out.extend_from_slice(&hash.to_le_bytes());
    out
}

fn read(bytes: &[u8]) -> Option<Record> {
    let (body, hash) = bytes.split_last_chunk::<16>()?;
    if XxHash3_128::oneshot(body) != u128::from_le_bytes(*hash) {
        return None;
    }
    let mut reader = Reader(body.strip_prefix(MAGIC)?);
    let mut record = Record::default();
    for _ in 0..reader.number()? {
        let path = reader.text()?;
        let kind = *KINDS.get(usize::from(reader.byte()?))?;
        let linked = reader.byte()? == 1;
        let link = reader.text()?;
        record.files.push(FileFact {
            path,
            kind,
            link: linked.then_some(link),
            size: reader.number()?,
            mode: reader.word()?,
            uid: reader.word()?,
            gid: reader.word()?,
            capabilities: false,
            layer: 0,
            detail: None,
        });
    }
    for _ in 0..reader.number()? {
        let path = reader.text()?;
        record.contents.insert(path, reader.bytes()?.to_vec());
    }
    reader.0.is_empty().then_some(record)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn word(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (first, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(first)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_whole_or_not_at_all() {
        let file = FileFact {
            path: "/bin".to_owned(),
            kind: FileKind::Symlink,
            link: Some("usr/bin".to_owned()),
            size: 0,
            mode: 0o777,
            uid: 1,
            gid: 2,
            capabilities: false,
            layer: 0,
            detail: None,
        };
        let contents = BTreeMap::from([("/etc/x".to_owned(), vec![0, 255])]);
        let record = Record { files: vec![file], contents };
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(&folder.path().join("trees"));
        assert_eq!(shelf.get("sha256:a"), None);
        shelf.put("sha256:a", &record);
        assert_eq!(shelf.get("sha256:a"), Some(record));
        let path = shelf.path("sha256:a");
        let bytes = fs::read(&path).unwrap();
        for at in [0, 20, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(read(&damaged), None);
            assert_eq!(read(&bytes[..at]), None);
        }
    }
}
