//! Advisories that speak of one vulnerability become one.

use crate::advisory::Advisory;
use crate::index::Hit;
use std::collections::{BTreeMap, BTreeSet};

/// A hit with its advisory and the ecosystem it was found in.
pub(super) type Found = (Hit, Advisory, String);

/// Advisories about one vulnerability.
pub(super) struct Group<'a> {
    /// The name it is best known by.
    pub(super) id: String,
    /// Every name.
    pub(super) names: BTreeSet<String>,
    /// The advisories.
    pub(super) hits: Vec<&'a Found>,
}

impl Group<'_> {
    /// The longest summary there is.
    pub(super) fn summary(&self) -> String {
        let all = self.hits.iter().map(|(_, advisory, _)| &advisory.summary);
        all.max_by_key(|text| text.len()).cloned().unwrap_or_default()
    }

    /// Its kind, where it is no vulnerability to any of them.
    pub(super) fn informational(&self) -> Option<String> {
        let kinds: Option<Vec<&String>> =
            self.hits.iter().map(|(_, advisory, _)| advisory.informational.as_ref()).collect();
        kinds?.first().map(|kind| (*kind).clone())
    }
}

/// Puts together what shares a name. A distribution's advisory about several vulnerabilities stays one of its own.
pub(super) fn groups(hits: &[Found]) -> Vec<Group<'_>> {
    let mut parent: Vec<usize> = (0..hits.len()).collect();
    let mut owner: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, (_, advisory, _)) in hits.iter().enumerate() {
        for name in shared(advisory) {
            let known = *owner.entry(name).or_insert(at);
            let (a, b) = (root(&mut parent, known), root(&mut parent, at));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut out: BTreeMap<usize, Group<'_>> = BTreeMap::new();
    for (at, found) in hits.iter().enumerate() {
        let group = out.entry(root(&mut parent, at)).or_insert_with(|| Group {
            id: String::new(),
            names: BTreeSet::new(),
            hits: Vec::new(),
        });
        let advisory = &found.1;
        group.names.insert(advisory.id.clone());
        group.names.extend(advisory.aliases.iter().chain(&advisory.covers).cloned());
        group.hits.push(found);
    }
    let mut out: Vec<Group<'_>> = out.into_values().collect();
    for group in &mut out {
        let cves: Vec<&String> = group.names.iter().filter(|name| name.starts_with("CVE-")).collect();
        let ids = || group.hits.iter().map(|(_, advisory, _)| &advisory.id);
        let id = match cves.as_slice() {
            [only] => Some(*only),
            _ => ids().find(|id| id.starts_with("GHSA-")).or_else(|| ids().min()),
        };
        group.id = id.cloned().unwrap_or_default();
    }
    out
}

/// The names by which an advisory is the same as another.
fn shared(advisory: &Advisory) -> impl Iterator<Item = &str> {
    let single = if let [only] = advisory.covers.as_slice() { Some(only) } else { None };
    std::iter::once(&advisory.id).chain(&advisory.aliases).chain(single).map(String::as_str)
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, aliases: &[&str], covers: &[&str]) -> Found {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let advisory = Advisory {
            id: id.to_owned(),
            aliases: texts(aliases),
            covers: texts(covers),
            ..Advisory::default()
        };
        let hit = Hit {
            advisory: 0,
            fixed: Vec::new(),
            rated: crate::Rated::default(),
            os: Vec::new(),
            arch: Vec::new(),
            binaries: Vec::new(),
        };
        (hit, advisory, String::new())
    }

    #[test]
    fn aliases_join_and_lists_of_cves_do_not() {
        let hits = [
            found("PYSEC-1", &["CVE-1"], &[]),
            found("GHSA-1", &["CVE-1"], &[]),
            found("DSA-1", &[], &["CVE-1", "CVE-2"]),
            found("DEBIAN-CVE-2", &[], &["CVE-2"]),
            found("GHSA-9", &[], &[]),
        ];
        let ids: Vec<String> = groups(&hits).into_iter().map(|group| group.id).collect();
        assert_eq!(ids, ["CVE-1", "DSA-1", "CVE-2", "GHSA-9"]);
    }
}
