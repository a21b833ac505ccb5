//! What one pass over an image's bytes shows.

use seaworthy_oci::{ImageConfig, Platform};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kind of a file in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file; a hard link is one too.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFact {
    /// Digest of the blob.
    pub digest: String,
    /// Digest of the unpacked tar.
    pub diff_id: String,
    /// Media type of the blob.
    pub media_type: String,
    /// Size of the blob in bytes.
    pub compressed: u64,
    /// Size of the unpacked tar in bytes.
    pub unpacked: u64,
    /// Sum of the sizes of its regular files in bytes.
    pub content: u64,
    /// Number of entries.
    pub entries: u64,
    /// The instruction that made it, from the history.
    pub created_by: String,
    /// Bytes of this layer that a later layer hides.
    pub wasted: u64,
}

/// A file of the final tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFact {
    /// Absolute path; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// Kind.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Target of a link.
    pub link: Option<String>,
    /// Whether it has file capabilities (`security.capability`).
    pub capabilities: bool,
    /// Index of the layer it comes from.
    pub layer: usize,
}

/// Why bytes are wasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WasteCause {
    /// A later layer deletes the file.
    Deleted,
    /// A later layer stores other content at the path.
    Rewritten,
    /// A later layer stores the same content again, with other metadata.
    Restored,
    /// A package manager's cache.
    PackageCache,
}

/// Bytes that are stored and shipped but not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waste {
    /// The file.
    pub path: String,
    /// Size of the hidden copy in bytes.
    pub bytes: u64,
    /// Why.
    pub cause: WasteCause,
    /// Index of the layer that stores the hidden copy.
    pub layer: usize,
    /// Index of the layer that hides it.
    pub hidden_by: Option<usize>,
}

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SecretPlace {
    /// In a file of a layer.
    File {
        /// Digest of the layer's blob.
        layer: String,
        /// Index of the layer.
        index: usize,
        /// Path in the image.
        path: String,
        /// 1-based line, 0 for a binary file.
        line: u64,
        /// Whether a later layer deletes or hides the file: it is in the image all the same.
        hidden: bool,
    },
    /// In a variable of the configuration.
    Env {
        /// The variable.
        name: String,
    },
    /// In a label.
    Label {
        /// The label.
        name: String,
    },
    /// In the history.
    History {
        /// Index of the entry.
        index: usize,
    },
}

/// A secret, never shown in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFact {
    /// What it is, such as `private key` or `GitHub token`.
    pub what: String,
    /// The detector's name.
    pub detector: String,
    /// The first characters and the length, such as `ghp_… (40 characters)`.
    pub redacted: String,
    /// Where it lies.
    pub place: SecretPlace,
    /// Whether its structure or checksum proves it, rather than its looks.
    pub proven: bool,
}

/// A software package found in the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageFact {
    /// Package URL type: `deb`, `apk`, `rpm`, `pypi`, `conda`, `npm`, `cargo`, `golang`, `maven`, `gem`, `composer`,
    /// `nuget`, `cran`, `generic`.
    pub kind: String,
    /// Name as its own manager writes it: `@scope/name`, `vendor/name`, `group:artifact`, a Go module's path.
    pub name: String,
    /// Version; empty where the image states none. An rpm's has its epoch in front (`1:2.0-3.el9`).
    pub version: String,
    /// Package URL.
    pub purl: String,
    /// Licence expression, where the image states one.
    pub license: Option<String>,
    /// The file that proves it; a part of an archive after `!`, such as `/app.jar!/BOOT-INF/lib/x.jar`.
    pub evidence: String,
    /// Index of the layer that file lies in.
    pub layer: usize,
    /// Names of the packages it depends on, as `name@version`.
    pub depends: Vec<String>,
    /// Whether it is the root package of a binary.
    pub root: bool,
    /// The source package a distribution built it from, where it is another one or another version.
    pub source: Option<SourcePackage>,
    /// Architecture, as its manager writes it; empty where it has none.
    pub arch: String,
    /// The distribution's package that brought the evidence, as `name@version`: its maintainers answer for it.
    pub owner: Option<String>,
    /// Whether it was installed for development only, where the installer wrote that down.
    pub development: bool,
    /// Checksums of the archive it came in, where its manager wrote them down: `sha512` → hexadecimal digits.
    pub checksums: BTreeMap<String, String>,
}

impl PackageFact {
    /// The name that a distribution's advisories know it by: of its source package, where it has another.
    pub fn source_name(&self) -> &str {
        self.source.as_ref().map_or(&self.name, |source| &source.name)
    }

    /// The version that goes with [`Self::source_name`].
    pub fn source_version(&self) -> &str {
        self.source.as_ref().map_or(&self.version, |source| &source.version)
    }

    /// How others name it in `depends` and `owner`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// What a distribution's package was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourcePackage {
    /// Name.
    pub name: String,
    /// Version, with its epoch.
    pub version: String,
}

/// The distribution the image is made of (`os-release(5)`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistributionFact {
    /// `ID`, such as `debian`.
    pub id: String,
    /// `VERSION_ID`, such as `12`; empty for a rolling one.
    pub version: String,
    /// `ID_LIKE`, such as `rhel fedora`.
    pub like: Vec<String>,
    /// `VERSION_CODENAME`, such as `bookworm`.
    pub codename: String,
    /// `PRETTY_NAME`.
    pub name: String,
}

impl DistributionFact {
    /// The qualifier of package URLs, such as `debian-12`.
    pub fn qualifier(&self) -> String {
        if self.version.is_empty() { self.id.clone() } else { format!("{}-{}", self.id, self.version) }
    }
}

/// How Go built a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoBuild {
    /// The toolchain, such as `go1.22.1`.
    pub version: String,
    /// `build` settings, such as `GOOS` → `linux` and `GOARCH` → `amd64`.
    pub settings: BTreeMap<String, String>,
}

/// What is known of the software inside of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contents {
    /// The program itself lists its parts.
    Listed,
    /// A package of a distribution or of a language brought the file.
    Owned,
    /// It is a well-known program, recognised with its version.
    Recognised,
    /// Nothing tells what is in it. It must never count as clean.
    #[default]
    Unknown,
}

/// An executable of the final tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryFact {
    /// Path.
    pub path: String,
    /// Machine by Go's name, such as `amd64`.
    pub architecture: String,
    /// Whether it needs no dynamic loader.
    pub is_static: bool,
    /// The dynamic loader.
    pub interpreter: Option<String>,
    /// Whether it carries debug sections.
    pub debug_symbols: bool,
    /// Whether it carries a list of its dependencies (`.dep-v0`).
    pub auditable: bool,
    /// How Go built it, if Go did.
    pub go: Option<GoBuild>,
    /// What is known of the software inside.
    pub contents: Contents,
    /// The package that brought the file, as `name@version`.
    pub owner: Option<String>,
    /// Index of the layer it comes from.
    pub layer: usize,
}

/// A user of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFact {
    /// Name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Home directory.
    pub home: String,
    /// Shell.
    pub shell: String,
}

/// A group of `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFact {
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u32,
    /// Members by name.
    pub members: Vec<String>,
}

/// Everything the one pass over an image shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// Where it was read from, as a source that names its transport.
    pub source: String,
    /// Digest of the manifest.
    pub digest: String,
    /// Media type of the manifest.
    pub media_type: String,
    /// Digest of the configuration.
    pub config_digest: String,
    /// Platform by the configuration.
    pub platform: Platform,
    /// The configuration.
    pub config: ImageConfig,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// The layers, lowest first.
    pub layers: Vec<LayerFact>,
    /// Sum of the layers' blobs in bytes.
    pub compressed: u64,
    /// Sum of the unpacked layers in bytes.
    pub unpacked: u64,
    /// The final tree, sorted by path.
    pub files: Vec<FileFact>,
    /// What is stored without use, largest first.
    pub waste: Vec<Waste>,
    /// Share of useful bytes, as dive computes it.
    pub efficiency: f64,
    /// Secrets in any layer and in the configuration.
    pub secrets: Vec<SecretFact>,
    /// The distribution.
    pub distribution: Option<DistributionFact>,
    /// Packages.
    pub packages: Vec<PackageFact>,
    /// Executables.
    pub binaries: Vec<BinaryFact>,
    /// Users.
    pub users: Vec<UserFact>,
    /// Groups.
    pub groups: Vec<GroupFact>,
    /// Mismatches and oddities that did not stop the reading: history against layers, platform against descriptor.
    pub problems: Vec<String>,
    /// Wall time of the pass in milliseconds.
    pub ms: u64,
}

impl ImageFacts {
    /// The file of the final tree at an absolute path.
    pub fn file(&self, path: &str) -> Option<&FileFact> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// The numeric user and group a container starts as, resolved through `/etc/passwd` and `/etc/group`.
    /// Nothing where a name does not resolve.
    pub fn start_ids(&self) -> Option<(u32, u32)> {
        let text = self.config.config.user.as_str();
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let (uid, primary) = if user.is_empty() {
            (0, 0)
        } else if let Ok(uid) = user.parse::<u32>() {
            (uid, self.users.iter().find(|known| known.uid == uid).map_or(0, |known| known.gid))
        } else {
            let known = self.users.iter().find(|known| known.name == user)?;
            (known.uid, known.gid)
        };
        let gid = match group {
            None | Some("") => primary,
            Some(group) => match group.parse::<u32>() {
                Ok(gid) => gid,
                Err(_) => self.groups.iter().find(|known| known.name == group)?.gid,
            },
        };
        Some((uid, gid))
    }
}
