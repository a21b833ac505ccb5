//! What is shown of the layers: the tree after a layer, what that layer changed, sizes, and which rows are open.

use crate::commands::inspect::pattern::Pattern;
use seaworthy_facts::{FileKind, ImageFacts};
use seaworthy_inspect::{Does, Entry, Layers, Node, Union};

/// What the chosen layers did to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing: it was there before.
    Same,
    /// It, or something in it, is another than before.
    Modified,
    /// It was not there before.
    Added,
    /// It is gone.
    Removed,
    /// It is not there before nor after.
    Absent,
}

impl Change {
    /// Position of its switch.
    pub(crate) const fn switch(self) -> usize {
        match self {
            Self::Added => 0,
            Self::Modified => 1,
            Self::Removed => 2,
            Self::Same | Self::Absent => 3,
        }
    }
}

/// A path of the tree after the chosen layer, or before it where the layer removed it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) change: Change,
    /// Bytes of it and what is in it.
    pub(crate) bytes: u64,
    /// Regular files in it.
    pub(crate) files: u32,
}

/// The state of the browser.
pub(crate) struct Model<'a> {
    pub(crate) facts: &'a ImageFacts,
    pub(crate) layers: &'a Layers,
    pub(crate) union: Union,
    /// The chosen layer.
    pub(crate) layer: usize,
    /// Changes since the lowest layer, not only those of the chosen one.
    pub(crate) aggregated: bool,
    /// Largest first, rather than by name.
    pub(crate) by_size: bool,
    /// Which changes are shown: added, modified, removed, unmodified.
    pub(crate) shown: [bool; 4],
    pub(crate) states: Vec<State>,
    open: Vec<bool>,
    /// What was open before the search that holds.
    open_before: Option<Vec<bool>>,
    filter: Option<Pattern>,
    matching: Vec<bool>,
    /// The nodes on the screen, in order.
    pub(crate) rows: Vec<u32>,
    /// The chosen row.
    pub(crate) row: usize,
}

impl<'a> Model<'a> {
    /// The last layer, everything shut but the root.
    pub(crate) fn new(facts: &'a ImageFacts, layers: &'a Layers) -> Self {
        let union = layers.union();
        let count = union.nodes.len();
        let mut open = vec![false; count];
        open[0] = true;
        let mut model = Self {
            facts,
            layers,
            union,
            layer: layers.len().saturating_sub(1),
            aggregated: false,
            by_size: true,
            shown: [true; 4],
            states: Vec::new(),
            open,
            open_before: None,
            filter: None,
            matching: Vec::new(),
            rows: Vec::new(),
            row: 0,
        };
        model.choose(model.layer);
        model
    }

    /// Chooses a layer and works out what it changed.
    pub(crate) fn choose(&mut self, layer: usize) {
        self.layer = layer.min(self.layers.len().saturating_sub(1));
        self.work_out();
        self.list();
    }

    /// The copy of a path that is there after a layer; nothing after none.
    fn alive(&self, node: &Node, layer: Option<usize>) -> Option<Entry<'_>> {
        let layer = layer?;
        let mut copies = self.layers.copies(&self.union, node);
        copies.find(|entry| {
            matches!(entry.does, Does::Store(_) | Does::Link)
                && entry.layer <= layer
                && entry.hidden_by.is_none_or(|hider| hider > layer)
        })
    }

    /// The layer before the changes that are shown.
    fn before(&self) -> Option<usize> {
        if self.aggregated { (self.layer > 0).then_some(0) } else { self.layer.checked_sub(1) }
    }

    fn work_out(&mut self) {
        let before = self.before();
        let nodes = &self.union.nodes;
        let mut states = Vec::with_capacity(nodes.len());
        for node in nodes {
            let was = self.alive(node, before);
            let is = self.alive(node, Some(self.layer));
            let change = match (&was, &is) {
                (None, None) => Change::Absent,
                (None, Some(_)) => Change::Added,
                (Some(_), None) => Change::Removed,
                (Some(was), Some(is)) => {
                    let same = (was.does, was.mode, was.uid, was.gid) == (is.does, is.mode, is.uid, is.gid);
                    let folder = is.does == Does::Store(FileKind::Directory);
                    // A file that is stored again costs its bytes again, whatever changed.
                    if was.layer == is.layer || folder && same { Change::Same } else { Change::Modified }
                }
            };
            let entry = is.or(was);
            let file = entry.filter(|entry| entry.does == Does::Store(FileKind::File));
            states.push(State {
                change,
                bytes: file.map_or(0, |file| file.size),
                files: u32::from(file.is_some()),
            });
        }
        // What lies below comes later, so one walk from the end sums it all up.
        for at in (1..nodes.len()).rev() {
            let State { change, bytes, files } = states[at];
            let parent = &mut states[nodes[at].parent as usize];
            // What is gone does not count in what is still there.
            if change != Change::Absent && (change != Change::Removed || parent.change == Change::Removed) {
                parent.bytes += bytes;
                parent.files += files;
            }
            match (parent.change, change) {
                (_, Change::Absent) | (Change::Same, Change::Same) => {}
                (Change::Same, _) => parent.change = Change::Modified,
                // A directory without a header of its own is what its content is.
                (Change::Absent, change) => {
                    parent.change = change;
                    if change == Change::Removed {
                        parent.bytes += bytes;
                        parent.files += files;
                    }
                }
                _ => {}
            }
        }
        self.states = states;
    }

    /// Whether somebody wants to see a path.
    fn wanted(&self, at: usize) -> bool {
        let change = self.states[at].change;
        change != Change::Absent
            && self.shown[change.switch()]
            && (self.filter.is_none() || self.matching.get(at).copied().unwrap_or_default())
    }

    /// Whether a path can be opened.
    pub(crate) fn is_folder(&self, at: u32) -> bool {
        self.union.nodes[at as usize].end > at + 1
    }

    /// Whether a path is open; a search opens what leads to its finds.
    pub(crate) fn is_open(&self, at: u32) -> bool {
        self.open[at as usize]
    }

    /// The copy of a path that the screen tells about.
    pub(crate) fn entry(&self, at: u32) -> Option<Entry<'_>> {
        let node = &self.union.nodes[at as usize];
        self.alive(node, Some(self.layer)).or_else(|| self.alive(node, self.before()))
    }

    /// The absolute path of a node.
    pub(crate) fn path(&self, at: u32) -> String {
        format!("/{}", String::from_utf8_lossy(self.layers.path(&self.union.nodes[at as usize])))
    }

    /// The node under the cursor.
    pub(crate) fn chosen(&self) -> Option<u32> {
        self.rows.get(self.row).copied()
    }

    /// Lists the rows anew and keeps the cursor where it was, or on what the path was in.
    pub(crate) fn list(&mut self) {
        let kept = self.chosen();
        let mut rows = Vec::new();
        // The nodes still to list, the next one last.
        let mut stack = self.children(0);
        stack.reverse();
        while let Some(at) = stack.pop() {
            rows.push(at);
            if self.open[at as usize] {
                stack.extend(self.children(at).into_iter().rev());
            }
        }
        self.rows = rows;
        if let Some(mut kept) = kept {
            loop {
                if let Some(row) = self.rows.iter().position(|row| *row == kept) {
                    self.row = row;
                    return;
                }
                if kept == 0 {
                    break;
                }
                kept = self.union.nodes[kept as usize].parent;
            }
        }
        self.row = self.row.min(self.rows.len().saturating_sub(1));
    }

    fn children(&self, of: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let end = self.union.nodes[of as usize].end;
        let mut at = of + 1;
        while at < end {
            if self.wanted(at as usize) {
                found.push(at);
            }
            at = self.union.nodes[at as usize].end;
        }
        if self.by_size {
            found.sort_by_key(|at| std::cmp::Reverse(self.states[*at as usize].bytes));
        }
        found
    }

    /// Opens or shuts what is under the cursor.
    pub(crate) fn toggle(&mut self) {
        if let Some(at) = self.chosen().filter(|at| self.is_folder(*at)) {
            self.open[at as usize] = !self.open[at as usize];
            self.list();
        }
    }

    /// Opens what is under the cursor, or goes into it.
    pub(crate) fn enter(&mut self) {
        let Some(at) = self.chosen().filter(|at| self.is_folder(*at)) else { return };
        if self.open[at as usize] {
            self.go(1);
        } else {
            self.toggle();
        }
    }

    /// Shuts what is under the cursor, or goes to what it is in.
    pub(crate) fn leave(&mut self) {
        let Some(at) = self.chosen() else { return };
        if self.open[at as usize] && self.is_folder(at) {
            self.toggle();
            return;
        }
        let parent = self.union.nodes[at as usize].parent;
        if let Some(row) = self.rows.iter().position(|row| *row == parent) {
            self.row = row;
        }
    }

    /// Opens or shuts everything.
    pub(crate) fn all(&mut self, open: bool) {
        self.open.fill(open);
        self.open[0] = true;
        self.list();
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, by: isize) {
        self.row = self.row.saturating_add_signed(by).min(self.rows.len().saturating_sub(1));
    }

    /// Shows only what matches, and what leads to it; nothing shows everything again.
    pub(crate) fn search(&mut self, pattern: Option<Pattern>) {
        // What a search opens is shut again after it.
        if let Some(before) = self.open_before.take() {
            self.open = before;
        }
        self.filter = pattern;
        let Some(pattern) = &self.filter else {
            self.matching.clear();
            self.list();
            return;
        };
        self.open_before = Some(self.open.clone());
        let nodes = &self.union.nodes;
        let mut matching = vec![false; nodes.len()];
        for (at, node) in nodes.iter().enumerate().skip(1) {
            let path = String::from_utf8_lossy(self.layers.path(node));
            matching[at] = pattern.matches(&format!("/{path}"));
        }
        for at in (1..nodes.len()).rev() {
            let parent = nodes[at].parent as usize;
            if matching[at] && parent != 0 && self.states[at].change != Change::Absent {
                matching[parent] = true;
                self.open[parent] = true;
            }
        }
        self.matching = matching;
        self.list();
    }

    /// Goes to a path as a layer has it.
    pub(crate) fn find(&mut self, path: &str, layer: usize) {
        self.search(None);
        self.shown = [true; 4];
        self.choose(layer);
        let wanted = path.trim_start_matches('/').as_bytes();
        let found = self.union.nodes.iter().position(|node| self.layers.path(node) == wanted);
        let Some(found) = found.and_then(|found| u32::try_from(found).ok()) else { return };
        let mut at = found;
        while at != 0 {
            at = self.union.nodes[at as usize].parent;
            self.open[at as usize] = true;
        }
        self.list();
        if let Some(row) = self.rows.iter().position(|row| *row == found) {
            self.row = row;
        }
    }
}
