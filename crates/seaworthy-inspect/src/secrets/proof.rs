//! Proof that a file is what its package brought: the checksums in a wheel's `RECORD` and in dpkg's `md5sums`.

use crate::packages::DocumentKind;
use crate::pass::LayerScan;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Checksums of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// SHA-256, base64 as in a `RECORD`.
    sha256: String,
    /// MD5 in hexadecimal, as in `md5sums`.
    md5: String,
}

/// Makes both checksums piece by piece.
#[derive(Default)]
pub(super) struct Hashing {
    sha256: Sha256,
    md5: Md5,
}

impl Hashing {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.md5.update(bytes);
    }

    pub(super) fn finish(self) -> Content {
        let mut md5 = String::with_capacity(32);
        for byte in self.md5.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(md5, "{byte:02x}");
        }
        Content { sha256: URL_SAFE_NO_PAD.encode(self.sha256.finalize()), md5 }
    }
}

impl Content {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hashing = Hashing::default();
        hashing.update(bytes);
        hashing.finish()
    }
}

/// Whether a file lies where packages put theirs. Only then is a large file hashed while it streams by.
pub(super) fn may_be_owned(path: &[u8]) -> bool {
    memchr::memmem::find(path, b"-packages/").is_some()
}

/// Whether any package of the image has the file with exactly this content. Hidden lists count too: the layer that
/// brought the file brought its list.
pub(super) fn is_upstream(scans: &[LayerScan], path: &[u8], content: &Content) -> bool {
    scans.iter().any(|scan| {
        scan.documents.iter().any(|document| match document.kind {
            DocumentKind::PythonRecord => {
                let record = scan.table.path(document.record);
                in_record(record, &document.bytes, path, content)
            }
            DocumentKind::Md5sums => in_md5sums(&document.bytes, path, content),
            _ => false,
        })
    })
}

/// A line of `RECORD` is `path,sha256=…,size`; paths are relative to the folder that holds the `.dist-info`.
fn in_record(record: &[u8], bytes: &[u8], path: &[u8], content: &Content) -> bool {
    let parent = |path: &[u8]| path.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
    let folder = &record[..parent(&record[..parent(record)])];
    let Some(relative) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix(b"/")) else {
        return false;
    };
    let mut line = relative.to_vec();
    line.extend_from_slice(b",sha256=");
    line.extend_from_slice(content.sha256.as_bytes());
    line.push(b',');
    has_line(bytes, &line)
}

/// A line of `md5sums` is the sum, two spaces and the path.
fn in_md5sums(bytes: &[u8], path: &[u8], content: &Content) -> bool {
    let mut line = content.md5.as_bytes().to_vec();
    line.extend_from_slice(b"  ");
    line.extend_from_slice(path);
    line.push(b'\n');
    has_line(bytes, &line)
}

fn has_line(bytes: &[u8], line: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, line).any(|at| at == 0 || bytes[at - 1] == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_at_the_same_place_are_proven() {
        let content = Content::of(b"key\n");
        let record = format!("twisted/key.pem,sha256={},4\nother,,\n", content.sha256);
        let place = b"usr/lib/python3/dist-packages/twisted-1.dist-info/RECORD";
        let file = b"usr/lib/python3/dist-packages/twisted/key.pem";
        assert!(in_record(place, record.as_bytes(), file, &content));
        assert!(!in_record(place, record.as_bytes(), file, &Content::of(b"other\n")));
        assert!(!in_record(place, record.as_bytes(), b"app/twisted/key.pem", &content));
        let sums = format!("{}  usr/share/x\n", content.md5);
        assert!(in_md5sums(sums.as_bytes(), b"usr/share/x", &content));
        assert!(!in_md5sums(sums.as_bytes(), b"usr/share/xy", &content));
    }
}
