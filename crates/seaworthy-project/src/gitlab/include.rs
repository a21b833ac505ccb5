//! What `include` brings into a GitLab CI file: local files, and those they include.

use super::without_header;
use crate::yaml::{self, Kind, Node};
use seaworthy_facts::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Included files are read up to this number, as in GitLab itself.
const MOST: usize = 150;

/// The files around a GitLab CI file.
#[derive(Default)]
pub(crate) struct Surroundings {
    /// Their top level by name; what comes later comes before what was there.
    pub(super) top: BTreeMap<String, Rc<Node>>,
    /// Whether one of them includes something that is not read, or nobody knows which they are.
    pub(super) open: bool,
    /// The paths that were read, without a slash before them.
    paths: BTreeSet<String>,
    /// Whether files could be asked for.
    asked: bool,
}

impl Surroundings {
    /// Whether a name in `include` was read.
    pub(super) fn has(&self, name: &str) -> bool {
        self.paths.contains(name.trim_start_matches("./").trim_start_matches('/'))
    }

    /// Whether a name that was not read does not exist.
    pub(super) fn asked(&self) -> bool {
        self.asked
    }

    /// The paths that were read.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// The surroundings of one of these files: the others, and the file that includes them.
    pub(crate) fn of_part(&self, part: &str, root: &str, read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut out = Self { open: self.open, paths: self.paths.clone(), ..Self::default() };
        for path in self.paths.iter().map(String::as_str).chain([root]).filter(|path| *path != part) {
            if let Some(node) = read(path).and_then(|text| root_of(&text)) {
                out.lay(&node);
            }
        }
        out
    }

    fn lay(&mut self, root: &Node) {
        for (key, value) in root.entries() {
            if let Some(name) = key.text().filter(|name| *name != "include") {
                self.top.insert(name.to_owned(), value);
            }
        }
    }
}

/// Reads what a file includes; each file is asked for once.
///
/// `asked` says whether files can be asked for at all, so that one which is not there is missing.
pub(crate) fn surroundings(
    path: &str,
    text: &str,
    asked: bool,
    read: &dyn Fn(&str) -> Option<String>,
) -> Surroundings {
    let mut out = Surroundings { asked, ..Surroundings::default() };
    let mut known = BTreeSet::from([path.to_owned()]);
    let Some(root) = root_of(text) else { return out };
    // The names, whether each is local, and whether the file itself has it.
    let queue = |node: &Node, own: bool| -> Vec<(Spanned<String>, bool, bool)> {
        listed(node).into_iter().rev().map(|(name, local)| (name, local, own)).collect()
    };
    let mut wanted = queue(&root, true);
    let mut roots = Vec::new();
    while let Some((name, local, own)) = wanted.pop() {
        let path = name.value.trim_start_matches("./").trim_start_matches('/').to_owned();
        if known.contains(&path) {
            continue;
        }
        let plain = local && !path.contains(['*', '$']) && !path.contains("..");
        let found = (plain && out.paths.len() < MOST).then(|| read(&path)).flatten();
        let Some(text) = found else {
            // What the file itself names and does not get is told with its place.
            out.open |= !own;
            continue;
        };
        known.insert(path.clone());
        out.paths.insert(path);
        if let Some(node) = root_of(&text) {
            wanted.extend(queue(&node, false));
            roots.push(node);
        }
    }
    for node in roots {
        out.lay(&node);
    }
    out
}

fn root_of(text: &str) -> Option<Rc<Node>> {
    let blanked = without_header(text);
    yaml::read(blanked.as_deref().unwrap_or(text)).0.filter(|root| root.is_map())
}

/// What `include` names.
pub(super) fn named(node: &Node) -> Vec<Spanned<String>> {
    entries(node).into_iter().map(|(name, _)| name).collect()
}

/// What `include` names that is a file of this repository, written out.
pub(super) fn local(node: &Node) -> Vec<Spanned<String>> {
    let plain = |name: &Spanned<String>| !name.value.contains(['*', '$']);
    entries(node).into_iter().filter(|(_, local)| *local).map(|(name, _)| name).filter(plain).collect()
}

fn listed(root: &Node) -> Vec<(Spanned<String>, bool)> {
    root.get("include").map(|node| entries(&node)).unwrap_or_default()
}

/// The names, and whether each is a file of this repository.
fn entries(node: &Node) -> Vec<(Spanned<String>, bool)> {
    let text = |node: &Node| {
        let value = node.text().filter(|text| !text.is_empty())?;
        Some(Spanned { value: value.to_owned(), span: node.span })
    };
    let one = |node: &Node| {
        if let Some(name) = text(node) {
            let local = !name.value.contains("://");
            return Some((name, local));
        }
        ["local", "remote", "template", "project", "component"].iter().find_map(|key| {
            let name = node.get(key).and_then(|node| text(&node))?;
            Some((name, *key == "local"))
        })
    };
    match &node.kind {
        Kind::Seq(items) => items.iter().filter_map(|item| one(item)).collect(),
        _ => one(node).into_iter().collect(),
    }
}
