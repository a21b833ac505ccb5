//! A map whose copies share what they have in common.
//!
//! Every stage has the variables of the stage it begins with and its own. With plain maps a file of many stages, each
//! with a few variables more, needs room by the square of its size. Here a copy costs nothing and a change as much as
//! the way to its place: a treap whose nodes are shared until one is changed.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

type Link<V> = Option<Arc<Node<V>>>;

#[derive(Debug, Clone)]
struct Node<V> {
    entry: Arc<(String, V)>,
    /// No node is below one of a lower rank. Ranks are hashes of the names, so the tree is as deep as a random one.
    rank: u64,
    left: Link<V>,
    right: Link<V>,
}

/// Values by name, in order of the names.
#[derive(Debug, Clone)]
pub struct SharedMap<V> {
    root: Link<V>,
}

impl<V> Default for SharedMap<V> {
    fn default() -> Self {
        Self { root: None }
    }
}

impl<V: Clone> SharedMap<V> {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&V> {
        let mut at = self.root.as_deref();
        while let Some(node) = at {
            at = match name.cmp(node.entry.0.as_str()) {
                Ordering::Equal => return Some(&node.entry.1),
                Ordering::Less => node.left.as_deref(),
                Ordering::Greater => node.right.as_deref(),
            };
        }
        None
    }

    /// Whether the name has a value.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets the value of a name; copies that were made before keep theirs.
    pub fn insert(&mut self, name: String, value: V) {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        insert(&mut self.root, Arc::new((name, value)), hasher.finish());
    }

    /// All names in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        let mut open: Vec<&Node<V>> = Vec::new();
        let mut next = self.root.as_deref();
        std::iter::from_fn(move || {
            while let Some(node) = next {
                open.push(node);
                next = node.left.as_deref();
            }
            let node = open.pop()?;
            next = node.right.as_deref();
            Some(&node.entry.0)
        })
    }
}

fn insert<V: Clone>(link: &mut Link<V>, entry: Arc<(String, V)>, rank: u64) {
    let Some(node) = link else {
        *link = Some(Arc::new(Node { entry, rank, left: None, right: None }));
        return;
    };
    let node = Arc::make_mut(node);
    match entry.0.cmp(&node.entry.0) {
        Ordering::Equal => node.entry = entry,
        Ordering::Less => {
            insert(&mut node.left, entry, rank);
            if let Some(mut child) = node.left.take_if(|child| child.rank > node.rank) {
                let up = Arc::make_mut(&mut child);
                node.left = up.right.take();
                std::mem::swap(node, up);
                node.right = Some(child);
            }
        }
        Ordering::Greater => {
            insert(&mut node.right, entry, rank);
            if let Some(mut child) = node.right.take_if(|child| child.rank > node.rank) {
                let up = Arc::make_mut(&mut child);
                node.right = up.left.take();
                std::mem::swap(node, up);
                node.left = Some(child);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_keep_their_values() {
        let mut map = SharedMap::default();
        let mut copies = Vec::new();
        for at in 0..1_000_u32 {
            copies.push(map.clone());
            map.insert(format!("A{}", at * 7 % 1_000), at);
        }
        map.insert("A0".to_owned(), 5_000);
        assert_eq!(map.get("A0"), Some(&5_000));
        assert_eq!(copies[999].get("A0"), Some(&0));
        assert_eq!((copies[1].get("A7"), copies[2].get("A7")), (None, Some(&1)));
        let names: Vec<&String> = map.keys().collect();
        assert_eq!(names.len(), 1_000);
        assert!(names.is_sorted());
        assert!(names.iter().all(|name| map.contains_key(name)));
    }
}
