//! `--tree`: the final file system with the sizes of what is in it.

use super::paint::{BOLD, DIM, HEAD, Paint, pad_left};
use super::pattern::Pattern;
use crate::cli::TreeSort;
use seaworthy_facts::{FileKind, ImageFacts};
use seaworthy_finding::format_bytes;
use seaworthy_inspect::{Does, Layers, Union};
use seaworthy_report::escape;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Entries of a directory that are printed one by one.
const ROWS: usize = 12;

/// The final tree.
pub(crate) struct Tree<'a> {
    layers: &'a Layers,
    union: Union,
    /// Bytes and files of each node; nothing for what is not in the final tree.
    sums: Vec<Option<(u64, u64)>>,
    sort: TreeSort,
    depth: u32,
}

impl<'a> Tree<'a> {
    /// Sums up the final tree.
    pub(crate) fn new(layers: &'a Layers, sort: TreeSort, depth: u32) -> Self {
        let union = layers.union();
        let mut sums: Vec<Option<(u64, u64)>> = Vec::with_capacity(union.nodes.len());
        for node in &union.nodes {
            let shown = layers
                .copies(&union, node)
                .find(|entry| entry.hidden_by.is_none() && matches!(entry.does, Does::Store(_) | Does::Link));
            sums.push(shown.map(|entry| match entry.does {
                Does::Store(FileKind::File) => (entry.size, 1),
                _ => (0, 0),
            }));
        }
        for at in (1..union.nodes.len()).rev() {
            if let Some((bytes, files)) = sums[at] {
                let parent = sums[union.nodes[at].parent as usize].get_or_insert((0, 0));
                parent.0 += bytes;
                parent.1 += files;
            }
        }
        Self { layers, union, sums, sort, depth }
    }

    fn children(&self, of: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut at = of + 1;
        while at < self.union.nodes[of as usize].end {
            if self.sums[at as usize].is_some() {
                found.push(at);
            }
            at = self.union.nodes[at as usize].end;
        }
        match self.sort {
            TreeSort::Size => found.sort_by_key(|at| std::cmp::Reverse(self.bytes(*at).0)),
            TreeSort::Files => found.sort_by_key(|at| std::cmp::Reverse(self.bytes(*at).1)),
            TreeSort::Name => {}
        }
        found
    }

    fn bytes(&self, at: u32) -> (u64, u64) {
        self.sums[at as usize].unwrap_or_default()
    }

    fn name(&self, at: u32) -> String {
        String::from_utf8_lossy(self.layers.name(&self.union.nodes[at as usize])).into_owned()
    }

    fn is_folder(&self, at: u32) -> bool {
        let node = &self.union.nodes[at as usize];
        node.end > at + 1
            || self
                .layers
                .copies(&self.union, node)
                .any(|entry| entry.hidden_by.is_none() && entry.does == Does::Store(FileKind::Directory))
    }

    /// The nodes to begin with: the root, or those that match.
    fn roots(&self, below: Option<&Pattern>) -> Vec<u32> {
        let Some(below) = below else { return vec![0] };
        let mut found = Vec::new();
        let count = u32::try_from(self.union.nodes.len()).unwrap_or(u32::MAX);
        let mut at = 1;
        while at < count {
            let node = &self.union.nodes[at as usize];
            let path = format!("/{}", String::from_utf8_lossy(self.layers.path(node)));
            if self.sums[at as usize].is_some() && below.matches(&path) {
                found.push(at);
                at = node.end;
            } else {
                at += 1;
            }
        }
        found
    }

    /// The tree as lines.
    pub(crate) fn text(&self, facts: &ImageFacts, below: Option<&Pattern>, paint: Paint) -> String {
        let mut out = String::new();
        for root in self.roots(below) {
            let (bytes, files) = self.bytes(root);
            let path =
                String::from_utf8_lossy(self.layers.path(&self.union.nodes[root as usize])).into_owned();
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "{} {}  {}",
                pad_left(&format_bytes(bytes), 9),
                paint.with(HEAD, &escape(&format!("/{path}"))),
                paint.with(DIM, &format!("{files} files"))
            );
            self.below(&mut out, root, "", 1, bytes.max(1), paint);
        }
        if out.is_empty() {
            let _ = writeln!(out, "nothing of {} files is there", facts.files.len());
        }
        out
    }

    fn below(&self, out: &mut String, of: u32, lead: &str, depth: u32, total: u64, paint: Paint) {
        if depth > self.depth {
            return;
        }
        let children = self.children(of);
        let all = self.sort == TreeSort::Name;
        // What has no bytes is counted, not listed, where bytes are looked for.
        let full = children.iter().take_while(|at| all || self.bytes(**at).0 > 0).count();
        let shown = if all || full <= ROWS + 1 { full } else { ROWS };
        for (number, at) in children.iter().take(shown).enumerate() {
            let last = number + 1 == children.len();
            let (bytes, files) = self.bytes(*at);
            let folder = self.is_folder(*at);
            let name = escape(&self.name(*at));
            let node = &self.union.nodes[*at as usize];
            let link = self.layers.copies(&self.union, node).find(|entry| {
                entry.hidden_by.is_none() && matches!(entry.does, Does::Link | Does::Store(FileKind::Symlink))
            });
            let name = match link {
                Some(entry) => format!("{name} -> {}", escape(&String::from_utf8_lossy(entry.link))),
                None => name,
            };
            let name = if folder { paint.with(BOLD, &format!("{name}/")) } else { name };
            let count = if folder { format!("  {files} files") } else { String::new() };
            // Of the whole, so that the share of deeper ones can be compared.
            let percent = bytes.saturating_mul(100) / total;
            let share = if percent > 0 { format!("{percent:>3} %") } else { "     ".to_owned() };
            let _ = writeln!(
                out,
                "{} {} {lead}{}{name}{}",
                pad_left(&format_bytes(bytes), 9),
                paint.with(DIM, &share),
                if last { "└─ " } else { "├─ " },
                paint.with(DIM, &count)
            );
            if folder {
                let lead = format!("{lead}{}", if last { "   " } else { "│  " });
                self.below(out, *at, &lead, depth + 1, total, paint);
            }
        }
        if shown < children.len() {
            let rest: u64 = children[shown..].iter().map(|at| self.bytes(*at).0).sum();
            let empty = children.len() - full;
            let words = match (full - shown, empty) {
                (more, 0) => format!("└─ {more} more"),
                (0, empty) => format!("└─ {empty} without content"),
                (more, empty) => format!("└─ {more} more, {empty} without content"),
            };
            let _ =
                writeln!(out, "{}       {lead}{}", pad_left(&format_bytes(rest), 9), paint.with(DIM, &words));
        }
    }

    /// The tree for programs: down to the depth, everything.
    pub(crate) fn value(&self, below: Option<&Pattern>) -> Value {
        let roots = self.roots(below);
        let values: Vec<Value> = roots
            .iter()
            .map(|root| {
                let path =
                    String::from_utf8_lossy(self.layers.path(&self.union.nodes[*root as usize])).into_owned();
                self.node(*root, &format!("/{path}"), 0)
            })
            .collect();
        if below.is_none() { values.into_iter().next().unwrap_or_default() } else { Value::Array(values) }
    }

    fn node(&self, at: u32, name: &str, depth: u32) -> Value {
        let (bytes, files) = self.bytes(at);
        let mut value = json!({ "name": name, "bytes": bytes, "files": files });
        if self.is_folder(at) && depth < self.depth {
            let children: Vec<Value> =
                self.children(at).iter().map(|at| self.node(*at, &self.name(*at), depth + 1)).collect();
            value["children"] = Value::Array(children);
        }
        value
    }
}
