//! Proof that a file is what its package brought: the checksums in a wheel's `RECORD`, in dpkg's `md5sums` and list of
//! configuration files, and in apk's database.

use crate::packages::DocumentKind;
use crate::pass::LayerScan;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use md5::Md5;
use seaworthy_store::tape::Walker;
use seaworthy_store::{Image, Limits};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Checksums of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// SHA-256, base64 as in a `RECORD`.
    sha256: String,
    /// MD5 in hexadecimal, as in `md5sums`.
    md5: String,
    /// SHA-1 in base64, as in apk's database.
    sha1: String,
}

/// Makes the checksums piece by piece.
#[derive(Default)]
pub(super) struct Hashing {
    sha256: Sha256,
    md5: Md5,
    sha1: Sha1,
}

impl Hashing {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.md5.update(bytes);
        self.sha1.update(bytes);
    }

    pub(super) fn finish(self) -> Content {
        let mut md5 = String::with_capacity(32);
        for byte in self.md5.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(md5, "{byte:02x}");
        }
        let sha256 = URL_SAFE_NO_PAD.encode(self.sha256.finalize());
        Content { sha256, md5, sha1: STANDARD.encode(self.sha1.finalize()) }
    }
}

impl Content {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hashing = Hashing::default();
        hashing.update(bytes);
        hashing.finish()
    }
}

/// The checksums of large files, by layer and record.
pub(super) type Large = BTreeMap<(usize, u32), Content>;

/// The checksums of files that were too large to be kept while they streamed by, and in which something was found: their
/// layers are read once more, up to the last of them. Only for files that some package lists: for all others the
/// checksums would prove nothing.
pub(super) fn large(image: &Image, scans: &[LayerScan], limits: Limits) -> Large {
    let mut out = Large::new();
    let unknown = |scan: &'_ LayerScan| -> BTreeSet<u32> {
        scan.secrets.iter().filter(|one| one.content.is_none()).map(|one| one.record).collect()
    };
    // Whether a package lists a file is asked with checksums that fit anything.
    let any = Content { sha256: String::new(), md5: String::new(), sha1: String::new() };
    for (index, scan) in scans.iter().enumerate() {
        let records: Vec<u32> = unknown(scan).into_iter().collect();
        if records.is_empty() {
            continue;
        }
        let paths = records.iter().map(|record| (scan.table.path(*record), &any));
        let listed = Asked::new(paths).owners(scans);
        let mut wanted: BTreeMap<&[u8], u32> = records
            .iter()
            .zip(listed)
            .filter(|(_, owner)| owner.is_some())
            .map(|(record, _)| (scan.table.path(*record), *record))
            .collect();
        // A layer that cannot be read again proves nothing; that it was read once is enough for all else.
        let Ok(stream) = image.layer(index, limits) else { continue };
        let mut walker = Walker::new(stream, format!("layer {index}"), limits.entries);
        while !wanted.is_empty() && matches!(walker.advance(), Ok(true)) {
            let path = walker.entry().path.clone();
            let path = path.strip_prefix(b"./").or_else(|| path.strip_prefix(b"/")).unwrap_or(&path);
            let Some(record) = wanted.remove(path) else { continue };
            let mut hashing = Hashing::default();
            let mut left = scan.table.records.get(record as usize).map_or(0, |record| record.size);
            while let Ok(Some(chunk)) = walker.chunk() {
                hashing.update(chunk);
                left = left.saturating_sub(chunk.len() as u64);
            }
            if left == 0 {
                out.insert((index, record), hashing.finish());
            }
        }
    }
    out
}

/// Files whose packages are asked for.
pub(super) struct Asked<'a> {
    /// The indexes of the files at a path; where directories were merged, the path without `usr/` is one too.
    paths: BTreeMap<&'a [u8], Vec<usize>>,
    contents: Vec<&'a Content>,
    owners: Vec<Option<String>>,
}

impl<'a> Asked<'a> {
    /// Asks for files by path and content.
    pub(super) fn new(files: impl Iterator<Item = (&'a [u8], &'a Content)>) -> Self {
        let mut asked = Self { paths: BTreeMap::new(), contents: Vec::new(), owners: Vec::new() };
        for (index, (path, content)) in files.enumerate() {
            asked.paths.entry(path).or_default().push(index);
            let merged = path
                .strip_prefix(b"usr/")
                .filter(|rest| [&b"bin/"[..], b"sbin/", b"lib"].iter().any(|start| rest.starts_with(start)));
            if let Some(merged) = merged {
                asked.paths.entry(merged).or_default().push(index);
            }
            asked.contents.push(content);
            asked.owners.push(None);
        }
        asked
    }

    /// The package of each file that has exactly that file. Hidden lists count too: the layer that brought the file
    /// brought its list.
    pub(super) fn owners(mut self, scans: &[LayerScan]) -> Vec<Option<String>> {
        if self.paths.is_empty() {
            return self.owners;
        }
        // What was installed from somebody's own folder is no upstream package, although it has a list as well.
        let local: BTreeSet<&[u8]> = scans
            .iter()
            .flat_map(|scan| scan.documents.iter().map(move |document| (scan, document)))
            .filter(|(_, document)| document.kind == DocumentKind::PythonDirectUrl)
            .map(|(scan, document)| parent(scan.table.path(document.record)))
            .collect();
        for scan in scans {
            for document in &scan.documents {
                let path = scan.table.path(document.record);
                match document.kind {
                    DocumentKind::PythonRecord if !local.contains(parent(path)) => {
                        self.record(path, &document.bytes);
                    }
                    DocumentKind::Md5sums => self.md5sums(path, &document.bytes),
                    DocumentKind::DpkgStatus => self.conffiles(&document.bytes),
                    DocumentKind::ApkInstalled => self.apk(&document.bytes),
                    _ => {}
                }
            }
        }
        self.owners
    }

    fn claim(&mut self, path: &[u8], is_same: impl Fn(&Content) -> bool, owner: impl Fn() -> String) {
        for index in self.paths.get(path).into_iter().flatten() {
            let content = self.contents[*index];
            let listed = content.sha256.is_empty() || is_same(content);
            if self.owners[*index].is_none() && listed {
                self.owners[*index] = Some(owner());
            }
        }
    }

    /// A line of `RECORD` is `path,sha256=…,size`; paths are relative to the folder that holds the `.dist-info`.
    fn record(&mut self, path: &[u8], bytes: &[u8]) {
        let info = parent(path);
        let folder = parent(info);
        let name = info.get(folder.len()..).unwrap_or_default();
        let name = name.strip_prefix(b"/").unwrap_or(name);
        let name = name.strip_suffix(b".dist-info").unwrap_or(name);
        let mut full = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            let mut columns = line.rsplitn(3, |byte| *byte == b',');
            let (Some(_), Some(sum), Some(relative)) = (columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            let Some(sum) = sum.strip_prefix(b"sha256=") else { continue };
            let mut relative = relative.strip_prefix(b"\"").unwrap_or(relative);
            relative = relative.strip_suffix(b"\"").unwrap_or(relative);
            let mut base = folder;
            while let Some(rest) = relative.strip_prefix(b"../") {
                (relative, base) = (rest, parent(base));
            }
            full.clear();
            full.extend_from_slice(base);
            if !base.is_empty() {
                full.push(b'/');
            }
            full.extend_from_slice(relative);
            let owner = || format!("wheel {}", String::from_utf8_lossy(name));
            self.claim(&full, |content| content.sha256.as_bytes() == sum, owner);
        }
    }

    /// A line of `md5sums` is the sum, two spaces and the path.
    fn md5sums(&mut self, path: &[u8], bytes: &[u8]) {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let name = name.strip_suffix(b".md5sums").unwrap_or(name);
        for line in bytes.split(|byte| *byte == b'\n') {
            let Some((sum, path)) = line.split_at_checked(32) else { continue };
            let Some(path) = path.strip_prefix(b"  ") else { continue };
            let path = path.strip_prefix(b"./").unwrap_or(path);
            let owner = || format!("Debian package {}", String::from_utf8_lossy(name));
            self.claim(path, |content| content.md5.as_bytes() == sum, owner);
        }
    }

    /// Configuration files stand in dpkg's status, as ` /path sum` below `Conffiles:`.
    fn conffiles(&mut self, bytes: &[u8]) {
        let (mut package, mut inside) = (&b""[..], false);
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Some(name) = line.strip_prefix(b"Package: ") {
                package = name;
            }
            if !line.starts_with(b" ") {
                inside = line == b"Conffiles:";
                continue;
            }
            let mut words = line.split(|byte| *byte == b' ').skip(1);
            if let (true, Some(path), Some(sum)) = (inside, words.next(), words.next())
                && let Some(path) = path.strip_prefix(b"/")
            {
                let owner = || format!("Debian package {}", String::from_utf8_lossy(package));
                self.claim(path, |content| content.md5.as_bytes() == sum, owner);
            }
        }
    }

    /// `F:` names a folder, `R:` a file in it, `Z:Q1…` its SHA-1.
    fn apk(&mut self, bytes: &[u8]) {
        let (mut package, mut folder, mut file) = (&b""[..], &b""[..], &b""[..]);
        let mut full = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            let Some((key, value)) = line.split_at_checked(2) else { continue };
            match key {
                b"P:" => package = value,
                b"F:" => folder = value,
                b"R:" => file = value,
                b"Z:" => {
                    let Some(sum) = value.strip_prefix(b"Q1") else { continue };
                    full.clear();
                    full.extend_from_slice(folder);
                    if !folder.is_empty() {
                        full.push(b'/');
                    }
                    full.extend_from_slice(file);
                    let owner = || format!("Alpine package {}", String::from_utf8_lossy(package));
                    self.claim(&full, |content| content.sha1.as_bytes() == sum, owner);
                }
                _ => {}
            }
        }
    }
}

fn parent(path: &[u8]) -> &[u8] {
    &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(path: &str, content: &Content, read: impl Fn(&mut Asked<'_>)) -> Option<String> {
        let mut asked = Asked::new([(path.as_bytes(), content)].into_iter());
        read(&mut asked);
        asked.owners.remove(0)
    }

    #[test]
    fn only_the_same_bytes_at_the_same_place_are_proven() {
        let (content, other) = (Content::of(b"key\n"), Content::of(b"other\n"));
        let record =
            format!("twisted/key.pem,sha256={0},4\n../../../bin/tw,sha256={0},4\nother,,\n", content.sha256);
        let place = b"usr/lib/python3/dist-packages/twisted-1.dist-info/RECORD";
        let file = "usr/lib/python3/dist-packages/twisted/key.pem";
        let read = |asked: &mut Asked<'_>| asked.record(place, record.as_bytes());
        assert_eq!(owner(file, &content, read).unwrap(), "wheel twisted-1");
        assert!(owner("usr/bin/tw", &content, read).is_some());
        assert!(owner(file, &other, read).is_none());
        assert!(owner("app/twisted/key.pem", &content, read).is_none());

        let sums = format!("{}  usr/share/x\n{0}  lib/y\n", content.md5);
        let read = |asked: &mut Asked<'_>| asked.md5sums(b"var/lib/dpkg/info/ssl.md5sums", sums.as_bytes());
        assert_eq!(owner("usr/share/x", &content, read).unwrap(), "Debian package ssl");
        assert!(owner("usr/lib/y", &content, read).is_some(), "directories were merged");
        assert!(owner("usr/share/xy", &content, read).is_none());
        assert!(owner("usr/share/x", &other, read).is_none());

        let status = format!(
            "Package: ssh\nConffiles:\n /etc/a {0}\n /etc/b {0} obsolete\nDescription: x\n /etc/c {0}\n",
            content.md5
        );
        let read = |asked: &mut Asked<'_>| asked.conffiles(status.as_bytes());
        assert_eq!(owner("etc/b", &content, read).unwrap(), "Debian package ssh");
        assert!(owner("etc/c", &content, read).is_none());

        let apk = format!("P:musl\nV:1\nF:\nF:lib\nR:ld\na:0:0:755\nZ:Q1{}\n", content.sha1);
        let read = |asked: &mut Asked<'_>| asked.apk(apk.as_bytes());
        assert_eq!(owner("lib/ld", &content, read).unwrap(), "Alpine package musl");
        assert!(owner("lib/ld", &other, read).is_none());
    }
}
