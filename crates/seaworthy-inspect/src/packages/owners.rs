//! Which package brought a file: the lists of files that dpkg, apk, rpm, conda and wheels keep.
//!
//! Only the few files in question are looked up: what proves a package, and programs.

use super::{DocumentKind, View};
use crate::merge::absolute;
use seaworthy_facts::{BinaryFact, Contents, PackageFact};
use seaworthy_packages::{deb, python};
use std::collections::BTreeMap;

/// Files that were asked for → the package URL of who brought them.
#[derive(Default)]
pub(super) struct Owners {
    asked: BTreeMap<Vec<u8>, Option<String>>,
}

/// A path as every list may spell it: merged systems keep `/bin` in `/usr/bin`, and lists name either.
fn plain(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    match path.strip_prefix(b"usr/") {
        Some(rest) if [&b"bin/"[..], b"sbin/", b"lib"].iter().any(|start| rest.starts_with(start)) => rest,
        _ => path,
    }
}

/// The file itself, for evidence within an archive.
fn outer(evidence: &str) -> &str {
    evidence.split("!/").next().unwrap_or(evidence)
}

impl Owners {
    /// Asks for the files that prove packages, and for programs.
    pub(super) fn ask(packages: &[PackageFact], binaries: &[BinaryFact]) -> Self {
        let mut owners = Self::default();
        for package in packages.iter().filter(|package| !is_database(&package.kind)) {
            owners.asked.insert(plain(outer(&package.evidence).as_bytes()).to_vec(), None);
        }
        for binary in binaries {
            owners.asked.insert(plain(binary.path.as_bytes()).to_vec(), None);
        }
        owners
    }

    /// Notes who brought a file; the first to name it counts.
    pub(super) fn tell(&mut self, path: &[u8], owner: &str) {
        if let Some(slot) = self.asked.get_mut(plain(path)) {
            slot.get_or_insert_with(|| owner.to_owned());
        }
    }

    /// Reads dpkg's lists.
    pub(super) fn dpkg(&mut self, view: &View<'_>, packages: &[PackageFact]) {
        let by_name: BTreeMap<&str, &str> = packages
            .iter()
            .filter(|package| package.kind == "deb")
            .map(|package| (package.name.as_str(), package.purl.as_str()))
            .collect();
        for kind in [DocumentKind::DpkgList, DocumentKind::Md5sums] {
            for document in view.of_kind(kind) {
                let file = String::from_utf8_lossy(document.path);
                let Some(owner) = by_name.get(deb::package_of(&file)) else { continue };
                if kind == DocumentKind::DpkgList {
                    deb::list(document.bytes).for_each(|path| self.tell(path, owner));
                } else {
                    deb::md5sums(document.bytes).for_each(|path| self.tell(path, owner));
                }
            }
        }
    }

    /// Reads the records of wheels. A wheel does not own its own record.
    pub(super) fn wheels(&mut self, view: &View<'_>, packages: &[PackageFact]) {
        let by_folder: BTreeMap<&str, &str> = packages
            .iter()
            .filter(|package| package.kind == "pypi")
            .filter_map(|package| Some((package.evidence.rsplit_once('/')?.0, package.purl.as_str())))
            .collect();
        for document in view.of_kind(DocumentKind::PythonRecord) {
            let path = absolute(document.path);
            let Some((folder, _)) = path.rsplit_once('/') else { continue };
            let Some(owner) = by_folder.get(folder) else { continue };
            let own = folder.trim_start_matches('/');
            let site = own.rsplit_once('/').map_or("", |(site, _)| site);
            for path in python::record(document.bytes, site) {
                if !path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')) {
                    self.tell(path.as_bytes(), owner);
                }
            }
        }
    }

    /// Writes the answers down.
    pub(super) fn settle(&self, packages: &mut [PackageFact], binaries: &mut [BinaryFact]) {
        let find = |path: &str| self.asked.get(plain(path.as_bytes())).cloned().flatten();
        for package in packages.iter_mut().filter(|package| !is_database(&package.kind)) {
            package.owner = find(outer(&package.evidence)).filter(|owner| *owner != package.purl);
        }
        let folders: BTreeMap<&str, &str> = packages
            .iter()
            .filter(|package| package.kind == "npm")
            .filter_map(|package| {
                Some((package.evidence.strip_suffix("/package.json")?, package.purl.as_str()))
            })
            .collect();
        for binary in binaries {
            binary.owner = find(&binary.path).or_else(|| within(&binary.path, &folders));
            if binary.owner.is_some() && binary.contents == Contents::Unknown {
                binary.contents = Contents::Owned;
            }
        }
    }
}

/// The innermost npm package whose folder a file lies in.
fn within(path: &str, folders: &BTreeMap<&str, &str>) -> Option<String> {
    let mut at = path;
    while let Some((folder, _)) = at.rsplit_once('/') {
        if let Some(owner) = folders.get(folder) {
            return Some((*owner).to_owned());
        }
        at = folder;
    }
    None
}

/// Whether packages of a kind come from a distribution's own database.
fn is_database(kind: &str) -> bool {
    matches!(kind, "deb" | "apk" | "rpm" | "conda")
}
