//! Every entry of every layer, for those who look deeper than the final tree.

use crate::merge::VISIBLE;
use crate::pass::LayerScan;
use crate::table::{Table, What, order, within};
use seaworthy_facts::FileKind;
use std::cmp::Ordering;

/// The tables of an image's layers, lowest first.
#[derive(Debug, Default)]
pub struct Layers {
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    table: Table,
    hidden_by: Vec<u32>,
}

/// What an entry of a layer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It stores a file of some kind.
    Store(FileKind),
    /// It stores one more name for a file of the layer.
    Link,
    /// It deletes the path.
    Delete,
    /// It deletes what lower layers have in the directory.
    Clear,
}

/// An entry of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Index of the layer.
    pub layer: usize,
    /// Path without a leading slash; bytes as they are.
    pub path: &'a [u8],
    /// What it does.
    pub does: Does,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Target of a link.
    pub link: &'a [u8],
    /// A hash that tells equal contents; 0 where none was made.
    pub hash: u128,
    /// Index of the layer that hides it.
    pub hidden_by: Option<usize>,
    /// SHA-256 of the content, where it was asked for.
    pub digest: Option<[u8; 32]>,
}

/// A path of the tree of all layers.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The directory it lies in; the root is its own.
    pub parent: u32,
    /// The first node after those below it.
    pub end: u32,
    /// Number of directories above it.
    pub depth: u32,
    copies: u32,
    count: u32,
    /// A layer that has the path or something below it, and a record there.
    named_by: (u32, u32),
    /// Bytes of that record's path that are this node's.
    length: u32,
}

/// Every path that any layer stores or deletes, directories before what is in them.
#[derive(Debug, Default)]
pub struct Union {
    /// The nodes; the first is the root.
    pub nodes: Vec<Node>,
    copies: Vec<(u32, u32)>,
}

impl Layers {
    pub(crate) fn new(scans: Vec<LayerScan>, hidden_by: Vec<Vec<u32>>) -> Self {
        let layers = scans.into_iter().zip(hidden_by);
        Self { layers: layers.map(|(scan, hidden_by)| Layer { table: scan.table, hidden_by }).collect() }
    }

    /// Number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there is no layer.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The entries of a layer, directories before what is in them.
    pub fn entries(&self, layer: usize) -> impl Iterator<Item = Entry<'_>> {
        let sorted = self.layers.get(layer).map_or(&[][..], |layer| layer.table.sorted.as_slice());
        sorted.iter().map(move |index| self.entry(layer, *index))
    }

    fn entry(&self, layer: usize, index: u32) -> Entry<'_> {
        let Layer { table, hidden_by } = &self.layers[layer];
        let record = &table.records[index as usize];
        let hidden = hidden_by.get(index as usize).copied().unwrap_or(VISIBLE);
        Entry {
            layer,
            path: table.bytes(record.path),
            does: match record.what {
                What::Entry(kind) => Does::Store(kind),
                What::HardLink => Does::Link,
                What::Whiteout => Does::Delete,
                What::Opaque => Does::Clear,
            },
            size: record.size,
            mode: record.mode,
            uid: record.uid,
            gid: record.gid,
            link: table.bytes(record.link),
            hash: record.hash,
            hidden_by: (hidden != VISIBLE).then_some(hidden as usize),
            digest: table.digest(index).copied(),
        }
    }

    /// All paths of all layers as one tree.
    pub fn union(&self) -> Union {
        let most = self.layers.iter().map(|layer| layer.table.sorted.len()).max().unwrap_or_default();
        let mut union = Union { nodes: Vec::with_capacity(most + 1), copies: Vec::with_capacity(most) };
        union.nodes.push(Node {
            parent: 0,
            end: 1,
            depth: 0,
            copies: 0,
            count: 0,
            named_by: (0, 0),
            length: 0,
        });
        let mut cursors = vec![0usize; self.layers.len()];
        let mut open: Vec<u32> = vec![0];
        while let Some((layer, record)) = self.least(&cursors) {
            let table = &self.layers[layer as usize].table;
            let path = table.path(record);
            while open.len() > 1
                && open.last().is_some_and(|top| !within(path, self.path(&union.nodes[*top as usize])))
            {
                open.pop();
            }
            // Directories that no layer has a header of.
            let known = open.last().map_or(0, |top| union.nodes[*top as usize].length as usize);
            let mut from = known + usize::from(known > 0);
            while let Some(slash) =
                path.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'/'))
            {
                open.push(union.push(&open, (layer, record), from + slash));
                from += slash + 1;
            }
            let node = if path.is_empty() { 0 } else { union.push(&open, (layer, record), path.len()) };
            let copies = u32::try_from(union.copies.len()).unwrap_or(u32::MAX);
            for (at, cursor) in cursors.iter_mut().enumerate() {
                let table = &self.layers[at].table;
                while let Some(index) = table.sorted.get(*cursor)
                    && table.path(*index) == path
                {
                    union.copies.push((u32::try_from(at).unwrap_or_default(), *index));
                    *cursor += 1;
                }
            }
            let count = u32::try_from(union.copies.len()).unwrap_or(u32::MAX) - copies;
            let place = &mut union.nodes[node as usize];
            (place.copies, place.count) = (copies, count);
            if node != 0 {
                open.push(node);
            }
        }
        // Ends are known once all nodes are there: a node ends where its last child does.
        let total = u32::try_from(union.nodes.len()).unwrap_or(u32::MAX);
        for at in (1..total).rev() {
            let Node { end, parent, .. } = union.nodes[at as usize];
            let around = &mut union.nodes[parent as usize];
            around.end = around.end.max(end);
        }
        union.copies.shrink_to_fit();
        union
    }

    /// The layer and record of the next path.
    fn least(&self, cursors: &[usize]) -> Option<(u32, u32)> {
        let mut least: Option<(u32, u32, &[u8])> = None;
        for (at, cursor) in cursors.iter().enumerate() {
            let table = &self.layers[at].table;
            let Some(index) = table.sorted.get(*cursor) else { continue };
            let path = table.path(*index);
            if least.is_none_or(|(_, _, least)| order(path, least) == Ordering::Less) {
                least = Some((u32::try_from(at).unwrap_or_default(), *index, path));
            }
        }
        least.map(|(layer, record, _)| (layer, record))
    }

    /// The path of a node without a leading slash.
    pub fn path(&self, node: &Node) -> &[u8] {
        if node.length == 0 {
            return &[];
        }
        let (layer, record) = node.named_by;
        &self.layers[layer as usize].table.path(record)[..node.length as usize]
    }

    /// The last part of a node's path.
    pub fn name(&self, node: &Node) -> &[u8] {
        let path = self.path(node);
        path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// What the layers say about a node, lowest first.
    pub fn copies<'a>(&'a self, union: &'a Union, node: &Node) -> impl DoubleEndedIterator<Item = Entry<'a>> {
        let from = node.copies as usize;
        let copies = union.copies.get(from..from + node.count as usize).unwrap_or_default();
        copies.iter().map(|(layer, record)| self.entry(*layer as usize, *record))
    }
}

impl Union {
    fn push(&mut self, open: &[u32], named_by: (u32, u32), length: usize) -> u32 {
        let parent = open.last().copied().unwrap_or_default();
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node {
            parent,
            end: number.saturating_add(1),
            depth: self.nodes[parent as usize].depth + 1,
            copies: 0,
            count: 0,
            named_by,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        });
        number
    }
}
