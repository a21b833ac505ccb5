//! Installed packages, from the files their managers leave behind.
//!
//! Files that name packages are kept while they stream by; what a later layer hides does not count. The readers
//! themselves are those of `seaworthy-packages`: here it is settled which files they see, which layer brought what
//! they find, and who owns it.

mod archives;
mod collect;
mod depends;
mod owners;
mod programs;

use crate::merge::{Merged, VISIBLE, absolute};
use crate::pass::LayerScan;
use crate::visit::{File, Piece, Visitor};
pub(crate) use archives::ArchiveVisitor;
pub(crate) use collect::read;
pub(crate) use programs::{ProgramFound, ProgramVisitor};
use seaworthy_facts::DistributionFact;
use seaworthy_packages::{Source, npm, python};

/// The largest file that is kept, in bytes.
const DOCUMENT: u64 = 24 << 20;
/// The largest database of a distribution that is kept, in bytes: the lists of files of a whole system.
const DATABASE: u64 = 256 << 20;
/// Most bytes kept of one layer, databases aside.
const BUDGET: u64 = 96 << 20;

/// What a kept file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    /// Read by its path: `etc/passwd` and the like.
    Plain,
    /// dpkg's list of what is installed.
    DpkgStatus,
    /// The paths of a Debian package.
    DpkgList,
    /// Checksums of the files of a Debian package.
    Md5sums,
    /// The licences of a Debian package, in the machine-readable form.
    Copyright,
    /// apk's list of what is installed.
    ApkInstalled,
    /// rpm's database.
    RpmDatabase,
    /// `METADATA` of a wheel or `PKG-INFO` of an egg.
    PythonMetadata,
    /// Checksums of the files of a wheel.
    PythonRecord,
    /// conda's record of a package.
    CondaRecord,
    /// `direct_url.json` of a wheel that came from no index.
    PythonDirectUrl,
    /// `package.json` of an installed npm package.
    PackageJson,
    /// npm's list of what it installed.
    NpmLock,
    /// The specification of a Ruby gem.
    Gemspec,
    /// Composer's list of what it installed.
    ComposerInstalled,
    /// A .NET application's list of its parts.
    DotnetDeps,
    /// The description of an R package.
    RDescription,
    /// The version file of a Java or a Go installation.
    Toolchain,
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
    /// Records of files that were too large to be kept.
    pub(crate) skipped: Vec<u32>,
}

impl DocumentVisitor {
    pub(crate) fn finish(self) -> Documents {
        self.kept
    }
}

impl Visitor for DocumentVisitor {
    fn wants(&mut self, file: &File<'_>) -> bool {
        self.kind = kind(file.path);
        let Some(kind) = self.kind else { return false };
        let fits = match kind {
            DocumentKind::RpmDatabase | DocumentKind::DpkgStatus | DocumentKind::ApkInstalled => {
                file.size <= DATABASE
            }
            // Only its head is kept.
            DocumentKind::PythonMetadata => true,
            _ => file.size <= DOCUMENT && self.total + file.size <= BUDGET,
        };
        if !fits {
            self.skipped.push(file.record);
            self.kind = None;
        }
        fits
    }

    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>) {
        let Some(kind) = self.kind else { return };
        if piece.first() {
            let bytes = match kind {
                // The head names the package; the description may be a whole book.
                DocumentKind::PythonMetadata => python::head(piece.bytes),
                // Free text says nothing exact.
                DocumentKind::Copyright if !is_format(piece.bytes) => {
                    self.kind = None;
                    return;
                }
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

/// Whether a copyright file is in the machine-readable form.
fn is_format(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"format:"))
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
        b"Packages" | b"Packages.db" | b"rpmdb.sqlite" if folder.ends_with(b"/rpm") => {
            Some(DocumentKind::RpmDatabase)
        }
        b"METADATA" if folder.ends_with(b".dist-info") => Some(DocumentKind::PythonMetadata),
        b"PKG-INFO" if folder.ends_with(b".egg-info") || folder.ends_with(b"/EGG-INFO") => {
            Some(DocumentKind::PythonMetadata)
        }
        b"direct_url.json" if folder.ends_with(b".dist-info") => Some(DocumentKind::PythonDirectUrl),
        b"RECORD" if folder.ends_with(b".dist-info") => Some(DocumentKind::PythonRecord),
        b"package.json" if npm::is_package_folder(folder) => Some(DocumentKind::PackageJson),
        b".package-lock.json" if folder.ends_with(b"node_modules") => Some(DocumentKind::NpmLock),
        b"installed.json" if folder.ends_with(b"/composer") => Some(DocumentKind::ComposerInstalled),
        b"DESCRIPTION" if is_r_folder(folder) => Some(DocumentKind::RDescription),
        b"release" | b"VERSION" => Some(DocumentKind::Toolchain).filter(|_| is_toolchain(folder, name)),
        b"copyright" => folder.strip_prefix(b"usr/share/doc/").map(|_| DocumentKind::Copyright),
        _ if folder.ends_with(b"conda-meta") && name.ends_with(b".json") => Some(DocumentKind::CondaRecord),
        _ if name.ends_with(b".deps.json") => Some(DocumentKind::DotnetDeps),
        _ if name.ends_with(b".gemspec")
            && (folder.ends_with(b"/specifications") || folder.ends_with(b"/specifications/default")) =>
        {
            Some(DocumentKind::Gemspec)
        }
        _ if name.ends_with(b".egg-info") && folder.ends_with(b"-packages") => {
            Some(DocumentKind::PythonMetadata)
        }
        _ if matches!(folder, b"var/lib/dpkg/info" | b"var/lib/dpkg/status.d") => {
            if name.ends_with(b".md5sums") {
                Some(DocumentKind::Md5sums)
            } else if folder == b"var/lib/dpkg/status.d" {
                Some(DocumentKind::DpkgStatus)
            } else {
                name.ends_with(b".list").then_some(DocumentKind::DpkgList)
            }
        }
        _ => None,
    }
}

/// Whether a folder is an installed R package's: `…/library/NAME` or `…/site-library/NAME`.
fn is_r_folder(folder: &[u8]) -> bool {
    let parent = folder.iter().rposition(|byte| *byte == b'/').map(|at| &folder[..at]);
    parent.is_some_and(|parent| parent.ends_with(b"library"))
}

/// Whether a folder may be where Java or Go is installed. Both files' names are common elsewhere.
fn is_toolchain(folder: &[u8], name: &[u8]) -> bool {
    let last = folder.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if name == b"VERSION" {
        return last == b"go";
    }
    let has = |part: &[u8]| memchr::memmem::find(folder, part).is_some();
    has(b"java") || has(b"jdk") || has(b"jre") || has(b"jvm")
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

impl Visible<'_> {
    /// Hands the file to a reader.
    fn with<T>(&self, distribution: Option<&DistributionFact>, read: impl FnOnce(&Source<'_>) -> T) -> T {
        let path = absolute(self.path);
        read(&Source { path: &path, layer: self.layer, bytes: self.bytes, distribution })
    }
}

impl<'a> View<'a> {
    pub(crate) fn new(scans: &'a [LayerScan], merged: &'a Merged) -> Self {
        Self { scans, merged }
    }

    /// Whether nothing hides a record.
    pub(crate) fn is_visible(&self, layer: usize, record: u32) -> bool {
        self.merged.hidden_by[layer].get(record as usize).is_some_and(|by| *by == VISIBLE)
    }

    /// The kept files of a kind in every layer, lowest first, and whether each is in the final tree.
    fn all(&self, kind: DocumentKind) -> impl Iterator<Item = (Visible<'a>, bool)> + '_ {
        self.scans.iter().enumerate().flat_map(move |(layer, scan)| {
            scan.documents.iter().filter(move |document| document.kind == kind).map(move |document| {
                let path = scan.table.path(document.record);
                let visible = self.is_visible(layer, document.record);
                (Visible { layer, path, bytes: &document.bytes }, visible)
            })
        })
    }

    /// The kept files of a kind in the final tree.
    pub(crate) fn of_kind(&self, kind: DocumentKind) -> impl Iterator<Item = Visible<'a>> + '_ {
        self.all(kind).filter(|(_, visible)| *visible).map(|(document, _)| document)
    }

    /// A kept file of the final tree by its path without a leading slash.
    pub(crate) fn document(&self, path: &str) -> Option<&'a [u8]> {
        self.of_kind(DocumentKind::Plain)
            .find(|document| document.path == path.as_bytes())
            .map(|found| found.bytes)
    }

    /// Where a symbolic link of the final tree points to, by its absolute path.
    fn link(&self, path: &str) -> Option<&'a str> {
        let at = self.merged.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.merged.files[at].link.as_deref()
    }
}

/// The distribution, by `os-release(5)`.
pub(crate) fn distribution(view: &View<'_>) -> Option<DistributionFact> {
    let bytes = view.document("etc/os-release").or_else(|| view.document("usr/lib/os-release"))?;
    let text = String::from_utf8_lossy(bytes);
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    Some(DistributionFact {
        id: value("ID")?,
        version: value("VERSION_ID").unwrap_or_default(),
        like: value("ID_LIKE").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        codename: value("VERSION_CODENAME").unwrap_or_default(),
        name: value("PRETTY_NAME").unwrap_or_default(),
    })
}
