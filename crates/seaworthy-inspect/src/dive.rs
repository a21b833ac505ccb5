//! Efficiency and wasted bytes by dive's formula (`dive/filetree/efficiency.go`), in the merge's one walk.
//!
//! dive visits the leaves of every layer's tree. A path's score is its least size over the sum of its sizes; a
//! whiteout is one more copy of the path, of no bytes where it hides a file, and of all bytes below it where it hides
//! a directory. What is stored or deleted at least twice is wasted, the copy in use included. Opaque marks hide
//! nothing in dive. A whiteout of what no lower layer has ends dive's visit of that layer; here it is a copy of no
//! bytes.

use crate::merge::absolute;
use crate::pass::LayerScan;
use crate::table::{What, within};
use seaworthy_facts::{DiveFact, DivePath, FileKind};

/// What one layer says about the current path.
#[derive(Clone, Copy)]
struct Leaf {
    layer: u32,
    size: u64,
    directory: bool,
    /// Nothing of the same layer lies below.
    alone: bool,
}

/// A whiteout of a directory, while what lies below is walked.
struct Gone {
    layer: u32,
    /// Bytes of what it hides.
    bytes: u64,
    directory: bool,
}

/// A path with whiteouts, while what lies below is walked.
struct Open {
    path: Vec<u8>,
    gone: Vec<Gone>,
    entries: Vec<Leaf>,
}

/// The sums of the walk so far.
#[derive(Default)]
pub(crate) struct Dive {
    least: u64,
    total: u64,
    paths: Vec<DivePath>,
    open: Vec<Open>,
    entries: Vec<Leaf>,
    whiteouts: Vec<u32>,
}

impl Dive {
    /// Takes the records of the next path, as layer and index by layer; `below` tells whether a layer has something
    /// below the path.
    pub(crate) fn path(
        &mut self,
        scans: &[LayerScan],
        path: &[u8],
        group: impl Iterator<Item = (u32, u32)>,
        below: impl Fn(u32) -> bool,
    ) {
        self.close(Some(path));
        // dive never visits the root.
        if path.is_empty() {
            return;
        }
        self.entries.clear();
        self.whiteouts.clear();
        for (layer, index) in group {
            let record = &scans[layer as usize].table.records[index as usize];
            let (size, directory) = match record.what {
                What::Whiteout => {
                    if self.whiteouts.last() != Some(&layer) {
                        self.whiteouts.push(layer);
                    }
                    continue;
                }
                What::Entry(kind) => (record.size, kind == FileKind::Directory),
                What::HardLink => (0, false),
                // The mark alone leaves its directory in the tree, without a header of its own.
                What::Opaque => (0, false),
            };
            let leaf = Leaf { layer, size, directory, alone: !below(layer) };
            match self.entries.last_mut() {
                // A later header of the same path takes the place of the former; a mark is no header.
                Some(last) if last.layer == layer => {
                    if record.what != What::Opaque {
                        *last = leaf;
                    }
                }
                _ => self.entries.push(leaf),
            }
        }
        if !self.whiteouts.is_empty() {
            // A layer that has something below without a header of the directory makes dive forget what it was.
            for layer in 0..u32::try_from(scans.len()).unwrap_or_default() {
                if below(layer) && self.entries.iter().all(|leaf| leaf.layer != layer) {
                    self.entries.push(Leaf { layer, size: 0, directory: false, alone: false });
                }
            }
            self.entries.sort_by_key(|leaf| leaf.layer);
        }
        self.count_below();
        if self.whiteouts.is_empty() {
            let entries = std::mem::take(&mut self.entries);
            self.settle(path, &entries, &[]);
            self.entries = entries;
            return;
        }
        let gone = self
            .whiteouts
            .iter()
            .map(|layer| Gone {
                layer: *layer,
                bytes: 0,
                directory: self
                    .surviving(&self.entries, &self.whiteouts, *layer)
                    .is_some_and(|leaf| leaf.directory),
            })
            .collect();
        self.open.push(Open { path: path.to_vec(), gone, entries: self.entries.clone() });
    }

    /// The entry of a path that is left of all layers below one: the last, unless something above it or it itself
    /// was deleted after.
    fn surviving<'a>(&self, entries: &'a [Leaf], own: &[u32], below: u32) -> Option<&'a Leaf> {
        let last = entries.iter().rev().find(|leaf| leaf.layer < below)?;
        let after = |layer: u32| layer > last.layer && layer < below;
        let hidden = own.iter().any(|layer| after(*layer))
            || self.open.iter().any(|open| open.gone.iter().any(|gone| after(gone.layer)));
        (!hidden).then_some(last)
    }

    /// Adds the current path to the deleted directories it lies in.
    fn count_below(&mut self) {
        if self.open.is_empty() || self.entries.is_empty() {
            return;
        }
        for at in 0..self.open.len() {
            for which in 0..self.open[at].gone.len() {
                let gone = &self.open[at].gone[which];
                if !gone.directory {
                    continue;
                }
                let layer = gone.layer;
                let bytes = self.surviving(&self.entries, &self.whiteouts, layer).map_or(0, |leaf| leaf.size);
                self.open[at].gone[which].bytes += bytes;
            }
        }
    }

    /// Settles the paths that the walk has left.
    fn close(&mut self, next: Option<&[u8]>) {
        while let Some(open) = self.open.last()
            && next.is_none_or(|next| !within(next, &open.path))
        {
            let Some(Open { path, gone, entries }) = self.open.pop() else { return };
            self.settle(&path, &entries, &gone);
        }
    }

    fn settle(&mut self, path: &[u8], entries: &[Leaf], gone: &[Gone]) {
        let leaves = entries.iter().filter(|entry| entry.alone).map(|entry| entry.size);
        let sizes = leaves.chain(gone.iter().map(|gone| gone.bytes));
        let (mut least, mut bytes, mut count) = (u64::MAX, 0u64, 0u64);
        for size in sizes {
            least = least.min(size);
            bytes += size;
            count += 1;
        }
        if count == 0 {
            return;
        }
        self.least += least;
        self.total += bytes;
        if count > 1 {
            self.paths.push(DivePath { path: absolute(path), count, bytes });
        }
    }

    /// The score and the rest.
    pub(crate) fn finish(mut self, user_bytes: u64, layers: usize) -> (f64, DiveFact) {
        self.close(None);
        #[expect(clippy::cast_precision_loss, reason = "a share of bytes needs no more than 52 bits")]
        let share = |part: u64, whole: u64| part as f64 / whole as f64;
        let efficiency = if self.total == 0 { 1.0 } else { share(self.least, self.total) };
        let wasted = self.paths.iter().map(|path| path.bytes).sum();
        let user_wasted = (layers > 1 && user_bytes > 0).then(|| share(wasted, user_bytes));
        self.paths
            .sort_by(|left, right| right.bytes.cmp(&left.bytes).then_with(|| left.path.cmp(&right.path)));
        (efficiency, DiveFact { wasted, user_bytes, user_wasted, paths: self.paths })
    }
}
