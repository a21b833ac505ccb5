//! Installed packages, from the files their managers leave behind.
//!
//! Files that name packages are kept while they stream by; what a later layer hides does not count.

mod dpkg;
mod npm;
mod purl;
mod python;

use crate::merge::{Merged, VISIBLE, absolute};
use crate::pass::LayerScan;
use crate::visit::{File, Piece, Visitor};
pub(crate) use purl::purl;
pub(crate) use seaworthy_facts::DistributionFact as Distribution;
use seaworthy_facts::PackageFact;

/// The largest file that is kept, in bytes: a package database of a very large system.
const DOCUMENT: u64 = 24 << 20;
/// Most bytes kept of one layer.
const BUDGET: u64 = 48 << 20;

/// What a kept file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    /// Read by its path: `etc/passwd` and the like.
    Plain,
    /// dpkg's list of what is installed.
    DpkgStatus,
    /// Checksums of the files of a Debian package.
    Md5sums,
    /// apk's list of what is installed.
    ApkInstalled,
    /// `METADATA` of a wheel or `PKG-INFO` of an egg.
    PythonMetadata,
    /// Checksums of the files of a wheel.
    PythonRecord,
    /// `package.json` of an installed npm package.
    PackageJson,
}

/// A kept file.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) record: u32,
    pub(crate) kind: DocumentKind,
    pub(crate) bytes: Vec<u8>,
}

/// The kept files of a layer.
pub(crate) type Documents = Vec<Document>;

/// Keeps files that name packages and users.
#[derive(Default)]
pub(crate) struct DocumentVisitor {
    kept: Documents,
    kind: Option<DocumentKind>,
    total: u64,
}

impl DocumentVisitor {
    pub(crate) fn finish(self) -> Documents {
        self.kept
    }
}

impl Visitor for DocumentVisitor {
    fn wants(&mut self, file: &File<'_>) -> bool {
        self.kind = kind(file.path).filter(|_| file.size <= DOCUMENT && self.total + file.size <= BUDGET);
        self.kind.is_some()
    }

    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>) {
        let Some(kind) = self.kind else { return };
        if piece.first() {
            let bytes = match kind {
                // The head names the package; the description may be a whole book.
                DocumentKind::PythonMetadata => python::head(piece.bytes),
                _ => piece.bytes,
            };
            self.total += bytes.len() as u64;
            self.kept.push(Document { record: file.record, kind, bytes: bytes.to_vec() });
        } else if kind != DocumentKind::PythonMetadata
            && let Some(document) = self.kept.last_mut()
        {
            self.total += piece.fresh().len() as u64;
            document.bytes.extend_from_slice(piece.fresh());
        }
    }
}

/// What kind of document lies at a path; nothing for most.
fn kind(path: &[u8]) -> Option<DocumentKind> {
    let (folder, name) = match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&b""[..], path),
    };
    match name {
        b"passwd" | b"group" | b"shadow" | b"os-release" if matches!(folder, b"etc" | b"usr/lib") => {
            Some(DocumentKind::Plain)
        }
        b"status" if folder == b"var/lib/dpkg" => Some(DocumentKind::DpkgStatus),
        b"installed" if folder.ends_with(b"lib/apk/db") => Some(DocumentKind::ApkInstalled),
        b"METADATA" if folder.ends_with(b".dist-info") => Some(DocumentKind::PythonMetadata),
        b"PKG-INFO" if folder.ends_with(b".egg-info") => Some(DocumentKind::PythonMetadata),
        b"RECORD" if folder.ends_with(b".dist-info") => Some(DocumentKind::PythonRecord),
        b"package.json" if npm::is_package_folder(folder) => Some(DocumentKind::PackageJson),
        _ if name.ends_with(b".egg-info") && folder.ends_with(b"-packages") => {
            Some(DocumentKind::PythonMetadata)
        }
        _ if name.ends_with(b".md5sums")
            && matches!(folder, b"var/lib/dpkg/info" | b"var/lib/dpkg/status.d") =>
        {
            Some(DocumentKind::Md5sums)
        }
        _ if folder == b"var/lib/dpkg/status.d" => Some(DocumentKind::DpkgStatus),
        _ => None,
    }
}

/// The scans as seen through the final tree.
pub(crate) struct View<'a> {
    pub(crate) scans: &'a [LayerScan],
    merged: &'a Merged,
}

/// A kept file of the final tree.
#[derive(Clone, Copy)]
pub(crate) struct Visible<'a> {
    pub(crate) layer: usize,
    pub(crate) path: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl<'a> View<'a> {
    pub(crate) fn new(scans: &'a [LayerScan], merged: &'a Merged) -> Self {
        Self { scans, merged }
    }

    /// Whether nothing hides a record.
    pub(crate) fn is_visible(&self, layer: usize, record: u32) -> bool {
        self.merged.hidden_by[layer].get(record as usize).is_some_and(|by| *by == VISIBLE)
    }

    /// The kept files of a kind in the final tree.
    pub(crate) fn of_kind(&self, kind: DocumentKind) -> impl Iterator<Item = Visible<'a>> + '_ {
        self.scans.iter().enumerate().flat_map(move |(layer, scan)| {
            scan.documents
                .iter()
                .filter(move |document| document.kind == kind && self.is_visible(layer, document.record))
                .map(move |document| Visible {
                    layer,
                    path: scan.table.path(document.record),
                    bytes: &document.bytes,
                })
        })
    }

    /// A kept file of the final tree by its path without a leading slash.
    pub(crate) fn document(&self, path: &str) -> Option<&'a [u8]> {
        self.of_kind(DocumentKind::Plain)
            .find(|document| document.path == path.as_bytes())
            .map(|found| found.bytes)
    }
}

/// The distribution, by `os-release(5)`.
pub(crate) fn distribution(view: &View<'_>) -> Option<Distribution> {
    let bytes = view.document("etc/os-release").or_else(|| view.document("usr/lib/os-release"))?;
    let text = String::from_utf8_lossy(bytes);
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    Some(Distribution {
        id: value("ID")?,
        version: value("VERSION_ID").unwrap_or_default(),
        like: value("ID_LIKE").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        codename: value("VERSION_CODENAME").unwrap_or_default(),
        name: value("PRETTY_NAME").unwrap_or_default(),
    })
}

/// All packages but those that binaries carry.
pub(crate) fn read(view: &View<'_>) -> Vec<PackageFact> {
    let distribution = distribution(view);
    let mut packages = Vec::new();
    for document in view.of_kind(DocumentKind::DpkgStatus) {
        dpkg::status(&document, distribution.as_ref(), &mut packages);
    }
    for document in view.of_kind(DocumentKind::ApkInstalled) {
        dpkg::apk(&document, distribution.as_ref(), &mut packages);
    }
    for document in view.of_kind(DocumentKind::PythonMetadata) {
        packages.extend(python::metadata(&document));
    }
    for document in view.of_kind(DocumentKind::PackageJson) {
        packages.extend(npm::package_json(&document));
    }
    link(&mut packages);
    packages
}

/// Turns names of dependencies into `name@version`, and drops those that are not installed.
fn link(packages: &mut [PackageFact]) {
    let mut known: std::collections::BTreeMap<(String, String), String> = std::collections::BTreeMap::new();
    for package in packages.iter() {
        known.insert(
            (package.kind.clone(), package.name.to_ascii_lowercase()),
            format!("{}@{}", package.name, package.version),
        );
    }
    for package in packages.iter_mut() {
        let mut depends: Vec<String> = package
            .depends
            .iter()
            .filter_map(|name| known.get(&(package.kind.clone(), name.to_ascii_lowercase())).cloned())
            .collect();
        depends.sort();
        depends.dedup();
        package.depends = depends;
    }
}

/// A package with what every kind has.
pub(crate) fn package(kind: &str, name: &str, version: &str, document: &Visible<'_>) -> PackageFact {
    PackageFact {
        kind: kind.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        purl: purl(kind, None, name, version, &[]),
        license: None,
        evidence: absolute(document.path),
        layer: document.layer,
        depends: Vec::new(),
        ..PackageFact::default()
    }
}
