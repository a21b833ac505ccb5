//! The file table of one layer: paths in one arena, a small record per entry. A tree per layer is never built.

use seaworthy_facts::FileKind;
use std::cmp::Ordering;

/// What a record stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A file of some kind.
    Entry(FileKind),
    /// A hard link to another path of the layer.
    HardLink,
    /// The path is gone.
    Whiteout,
    /// What lower layers have in the directory is gone.
    Opaque,
}

/// A part of the arena.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    start: usize,
    length: u32,
}

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) path: Span,
    pub(crate) link: Span,
    pub(crate) size: u64,
    /// A hash of the content, to tell equal files; 0 where none was made. Not cryptographic: it only names a cause.
    pub(crate) hash: u128,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) what: What,
    pub(crate) capabilities: bool,
}

/// What few entries have.
#[derive(Debug)]
pub(crate) struct Extra {
    pub(crate) record: u32,
    pub(crate) device: (u32, u32),
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// All entries of a layer.
#[derive(Debug, Default)]
pub(crate) struct Table {
    arena: Vec<u8>,
    pub(crate) records: Vec<Record>,
    /// Indexes of the records by path, parents before children; equal paths in the order of the tar.
    pub(crate) sorted: Vec<u32>,
    /// What few records have, by record.
    pub(crate) extras: Vec<Extra>,
    /// SHA-256 digests of regular files by record, where they were asked for.
    pub(crate) digests: Vec<(u32, [u8; 32])>,
    /// Sum of the sizes of regular files.
    pub(crate) content: u64,
    /// Number of entries, whiteouts included.
    pub(crate) entries: u64,
}

impl Table {
    /// Bytes of a span.
    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        &self.arena[span.start..span.start + span.length as usize]
    }

    /// The path of a record, without a leading slash.
    pub(crate) fn path(&self, record: u32) -> &[u8] {
        self.bytes(self.records[record as usize].path)
    }

    /// What few records have.
    pub(crate) fn extra(&self, record: u32) -> Option<&Extra> {
        self.extras.binary_search_by_key(&record, |extra| extra.record).ok().map(|at| &self.extras[at])
    }

    /// The digest of a record's content, where one was made.
    pub(crate) fn digest(&self, record: u32) -> Option<&[u8; 32]> {
        self.digests.binary_search_by_key(&record, |(known, _)| *known).ok().map(|at| &self.digests[at].1)
    }

    /// The records of a path, in the order of the tar.
    pub(crate) fn find(&self, path: &[u8]) -> &[u32] {
        let start = self.sorted.partition_point(|record| order(self.path(*record), path) == Ordering::Less);
        let rest = &self.sorted[start..];
        let count = rest.iter().take_while(|record| self.path(**record) == path).count();
        &rest[..count]
    }

    /// Stores the cleaned form of a path; nothing when it leaves the root.
    pub(crate) fn clean(&mut self, path: &[u8]) -> Option<Span> {
        let start = self.arena.len();
        if !seaworthy_store::tape::clean_into(path, &mut self.arena) {
            return None;
        }
        Some(self.span_from(start))
    }

    /// Stores bytes as they are.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Span {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        self.span_from(start)
    }

    /// The span of a path's parent.
    pub(crate) fn parent(&self, span: Span) -> Span {
        let bytes = self.bytes(span);
        let length = bytes.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
        Span { start: span.start, length: u32::try_from(length).unwrap_or_default() }
    }

    fn span_from(&mut self, start: usize) -> Span {
        let length = u32::try_from(self.arena.len() - start).unwrap_or(u32::MAX);
        Span { start, length }
    }

    /// Puts the records in order once all are there.
    pub(crate) fn sort(&mut self) {
        let count = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let mut sorted: Vec<u32> = (0..count).collect();
        // Stable, and quick on the runs that a walk of a file system gives.
        sorted.sort_by(|left, right| order(self.path(*left), self.path(*right)));
        self.sorted = sorted;
    }
}

/// Orders paths so that a directory comes right before what is in it.
pub(crate) fn order(left: &[u8], right: &[u8]) -> Ordering {
    // Neighbours share most of their paths: whole words are passed over first.
    let word = |part: &[u8]| <[u8; 8]>::try_from(part).ok().map(u64::from_le_bytes);
    let words = left.chunks_exact(8).zip(right.chunks_exact(8));
    let same = words.take_while(|(a, b)| word(a) == word(b)).count() * 8;
    let (left, right) = (&left[same..], &right[same..]);
    match left.iter().zip(right).find(|(a, b)| a != b) {
        None => left.len().cmp(&right.len()),
        Some((b'/', _)) => Ordering::Less,
        Some((_, b'/')) => Ordering::Greater,
        Some((a, b)) => a.cmp(b),
    }
}

/// Whether `path` lies within `folder`; everything lies within the root.
pub(crate) fn within(path: &[u8], folder: &[u8]) -> bool {
    folder.is_empty() || (path.len() > folder.len() && path[folder.len()] == b'/' && path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_comes_right_before_its_content() {
        let mut paths: Vec<&[u8]> = vec![b"a-b", b"a/b", b"a", b"a.c", b"a/b/c", b"", b"b"];
        paths.sort_by(|left, right| order(left, right));
        assert_eq!(paths, [&b""[..], b"a", b"a/b", b"a/b/c", b"a-b", b"a.c", b"b"]);
        assert!(within(b"a/b", b"a"));
        assert!(!within(b"a-b", b"a"));
    }
}
