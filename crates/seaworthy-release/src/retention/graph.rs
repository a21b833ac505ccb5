//! Who reaches whom: children of indexes, and attachments of subjects.

use std::collections::BTreeSet;

use super::{Kind, Version, by_digest};

/// The repository's graph, by position in the list of versions.
pub(super) struct Graph {
    /// Manifests an index names, as far as they exist.
    pub(super) children: Vec<Vec<usize>>,
    /// Indexes that name it; attachments are no parents.
    pub(super) parents: Vec<Vec<usize>>,
    /// What hangs on it, by `subject` or by tag.
    pub(super) attached: Vec<Vec<usize>>,
    /// What it hangs on: existing manifests.
    pub(super) subjects: Vec<Vec<usize>>,
    /// Digests it hangs on that do not exist.
    pub(super) lost: Vec<Vec<String>>,
    /// Digests an index names that do not exist.
    pub(super) missing: Vec<Vec<String>>,
}

/// The digest an attachment tag belongs to: `sha256-<hex>`, with `.sig`, `.att` or `.sbom` or without.
pub(super) fn subject_of_tag(tag: &str) -> Option<String> {
    let rest = tag.strip_prefix("sha256-")?;
    let hex = [".sig", ".att", ".sbom"].iter().find_map(|end| rest.strip_suffix(end)).unwrap_or(rest);
    // A digest holds no more words: `sha256-abc-linux` is somebody's own tag.
    let plain = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| format!("sha256:{hex}"))
}

/// Whether it is something attached, and no image of its own: it has a subject, or only attachment tags.
pub(super) fn is_attachment(version: &Version) -> bool {
    let mut own = version.tags.iter().filter(|tag| subject_of_tag(tag).is_none());
    match version.kind {
        Kind::FallbackIndex => true,
        Kind::Referrer => own.next().is_none(),
        _ => own.next().is_none() && !version.tags.is_empty(),
    }
}

impl Graph {
    pub(super) fn new(versions: &[Version]) -> Self {
        let places = by_digest(versions);
        let none = || vec![Vec::new(); versions.len()];
        let mut graph = Self {
            children: none(),
            parents: none(),
            attached: none(),
            subjects: none(),
            lost: vec![Vec::new(); versions.len()],
            missing: vec![Vec::new(); versions.len()],
        };
        for (at, version) in versions.iter().enumerate() {
            let attachment = is_attachment(version);
            for child in version.children.iter().collect::<BTreeSet<_>>() {
                match places.get(child.as_str()) {
                    Some(&place) if place != at => {
                        graph.children[at].push(place);
                        if !attachment {
                            graph.parents[place].push(at);
                        }
                    }
                    Some(_) => {}
                    None => graph.missing[at].push(child.clone()),
                }
            }
            let named = version.tags.iter().filter_map(|tag| subject_of_tag(tag));
            for subject in version.subject.iter().cloned().chain(named).collect::<BTreeSet<_>>() {
                match places.get(subject.as_str()) {
                    Some(&place) if place != at => {
                        graph.attached[place].push(at);
                        graph.subjects[at].push(place);
                    }
                    Some(_) => {}
                    None => graph.lost[at].push(subject),
                }
            }
        }
        graph
    }

    /// Marks everything that has to stay with this: what it reaches, what is attached to any of that, and so on. What an
    /// attachment hangs on is not marked: a signature does not keep its image.
    pub(super) fn keep(&self, start: usize, kept: &mut [bool]) {
        let mut next = vec![start];
        while let Some(at) = next.pop() {
            if std::mem::replace(&mut kept[at], true) {
                continue;
            }
            next.extend(self.children[at].iter().chain(&self.attached[at]).copied());
        }
    }

    /// Everything an index reaches, itself included; attachments are not followed.
    pub(super) fn reached(&self, start: usize, seen: &mut [bool]) {
        let mut next = vec![start];
        while let Some(at) = next.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                next.extend(&self.children[at]);
            }
        }
    }
}
