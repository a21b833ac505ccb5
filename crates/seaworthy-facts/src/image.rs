//! What one pass over an image's bytes shows.

use crate::size::{BaseFact, DiveFact, MapNode};
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
    /// What few files have, or what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<FileDetail>>,
}

/// What only few files have, or what is only made on request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDetail {
    /// SHA-256 digest of a regular file's content, as in `sha256:…`; only made on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Major and minor number of a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<(u32, u32)>,
    /// Extended attributes, their values in base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub xattrs: BTreeMap<String, String>,
}

impl FileDetail {
    /// The names of the file capabilities of `security.capability` (`capabilities(7)`), such as `cap_net_raw`.
    /// Nothing where the attribute is absent or not of a known version.
    pub fn capabilities(&self) -> Vec<String> {
        let Some(text) = self.xattrs.get("security.capability") else { return Vec::new() };
        let bytes = decode_base64(text);
        let word = |at: usize| {
            bytes
                .get(at..at + 4)
                .map_or(0, |part| part.iter().rev().fold(0u32, |value, byte| (value << 8) | u32::from(*byte)))
        };
        let pairs = match word(0) >> 24 {
            1 => 1,
            2 | 3 => 2,
            _ => return Vec::new(),
        };
        let mut names = Vec::new();
        for pair in 0..pairs {
            let (permitted, inheritable) = (word(4 + pair * 8), word(8 + pair * 8));
            let set = permitted | inheritable;
            for bit in (0..32).filter(|bit| set & (1 << bit) != 0) {
                let number = pair * 32 + bit;
                names.push(
                    CAPABILITIES
                        .get(number)
                        .map_or_else(|| format!("cap_{number}"), |name| format!("cap_{name}")),
                );
            }
        }
        names
    }

    /// Whether the file carries the effective bit: the kernel then refuses to execute it where not all of its
    /// capabilities can be had (`capabilities(7)`, safety checking for capability-dumb binaries).
    pub fn demands_capabilities(&self) -> bool {
        let bytes = self.xattrs.get("security.capability").map(|text| decode_base64(text));
        bytes.and_then(|bytes| bytes.first().copied()).is_some_and(|flags| flags & 1 != 0)
    }
}

/// What Docker Engine and Podman's Docker mode give a container (`moby/profiles`, default capabilities), without `CAP_`.
pub const DEFAULT_CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The capabilities by number, without `cap_` (`linux/capability.h`).
pub fn capability_names() -> impl Iterator<Item = &'static str> {
    CAPABILITIES.into_iter()
}

/// Capabilities by number (`linux/capability.h`).
const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Bytes as base64 with padding (RFC 4648, section 4).
pub fn encode_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let value =
            chunk.iter().fold(0u32, |value, byte| (value << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                text.push(char::from(ALPHABET[(value >> (18 - 6 * place)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// The bytes of base64; what is none of its characters is passed over.
fn decode_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut value, mut bits) = (0u32, 0u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        (value, bits) = ((value << 6) | u32::from(digit), bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((value >> bits) & 255).unwrap_or_default());
        }
    }
    bytes
}

/// Why bytes are wasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WasteCause {
    /// A later layer deletes the file.
    Deleted,
    /// A later layer stores other content at the path.
    Rewritten,
    /// A later layer stores the same content again, with the same owner and mode.
    Restored,
    /// A later layer stores the same content again with another owner.
    Rechowned,
    /// A later layer stores the same content again with another mode.
    Rechmodded,
    /// A package manager's cache.
    PackageCache,
}

impl WasteCause {
    /// What happened, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Deleted => "deleted later",
            Self::Rewritten => "rewritten later",
            Self::Restored => "stored again unchanged",
            Self::Rechowned => "stored again to change the owner",
            Self::Rechmodded => "stored again to change the mode",
            Self::PackageCache => "package manager's cache",
        }
    }
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
        /// Index of the layer that does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hidden_by: Option<usize>,
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
    /// In another text of the configuration, or an annotation of the manifest.
    Field {
        /// Its name, such as `config.Cmd`.
        name: String,
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
    /// SHA-256 of the secret in hexadecimal, so that it can be recognised; not of one that could be guessed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What else is known: that a passphrase protects a key, that a checksum does not fit, whose account it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it lies.
    pub place: SecretPlace,
    /// Whether its structure or checksum proves it, rather than its looks.
    pub proven: bool,
}

/// What looks like a secret in a file that a package's own checksums prove to be unmodified: no finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSecret {
    /// Path in the image.
    pub path: String,
    /// Index of the layer.
    pub index: usize,
    /// The detector's name.
    pub detector: String,
    /// The package, such as `wheel boto-2.49.0`.
    pub owner: String,
}

/// A software package found in the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
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
    /// Package URL of the package that brought the evidence: whoever maintains that one answers for it. A distribution's
    /// package comes before a wheel.
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

    /// How others name it in `depends`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// What a distribution's package was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct SourcePackage {
    /// Name.
    pub name: String,
    /// Version, with its epoch.
    pub version: String,
}

/// The distribution the image is made of (`os-release(5)`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
#[serde(default)]
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
#[serde(default)]
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
    /// Package URL of the package that brought the file.
    pub owner: Option<String>,
    /// Index of the layer it comes from.
    pub layer: usize,
}

/// A script of the final tree: an executable file that begins with `#!`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptFact {
    /// Path.
    pub path: String,
    /// The interpreter's path as the first line states it, a carriage return included.
    pub interpreter: String,
    /// What follows on that line, such as `python3` after `/usr/bin/env`.
    pub argument: String,
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
    /// Whether the account opens without a password: an empty field in `/etc/shadow`, or in `/etc/passwd` itself.
    #[serde(default)]
    pub no_password: bool,
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
    /// What dive says about the same layers.
    #[serde(default)]
    pub dive: DiveFact,
    /// The image this one was built on, where that can be told.
    #[serde(default)]
    pub base: Option<BaseFact>,
    /// Where the bytes of each layer lie.
    #[serde(default)]
    pub map: Vec<MapNode>,
    /// Secrets in any layer and in the configuration.
    pub secrets: Vec<SecretFact>,
    /// What was left out of them because a package proves it to be its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream_secrets: Vec<UpstreamSecret>,
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
    /// The first line of files that begin with `#!`, of the files a container may start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<ScriptFact>,
    /// Mismatches and oddities that did not stop the reading: history against layers, platform against descriptor.
    pub problems: Vec<String>,
    /// Wall time of the pass in milliseconds.
    pub ms: u64,
}

impl ImageFacts {
    /// Bytes that a flattened image would not have: copies that a later layer hides.
    pub fn hidden(&self) -> u64 {
        self.waste.iter().filter(|waste| waste.hidden_by.is_some()).map(|waste| waste.bytes).sum()
    }

    /// The file of the final tree at an absolute path.
    pub fn file(&self, path: &str) -> Option<&FileFact> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// The file of the final tree that a path leads to, through symbolic links in it as the kernel would follow them in the
    /// container. Nothing where it leads nowhere or in a circle.
    pub fn resolve(&self, path: &str) -> Option<&FileFact> {
        let mut todo: Vec<String> = parts(path);
        let mut done: Vec<String> = Vec::new();
        let mut links = 0;
        let mut last = None;
        while let Some(part) = todo.pop() {
            if part == ".." {
                done.pop();
                continue;
            }
            done.push(part);
            let here = format!("/{}", done.join("/"));
            let Some(file) = self.file(&here) else {
                // A directory that no layer names is one all the same when something lies in it.
                if todo.is_empty() {
                    return None;
                }
                last = None;
                continue;
            };
            last = Some(file);
            if file.kind == FileKind::Symlink {
                links += 1;
                // The kernel's own bound (`path_resolution(7)`).
                if links > 40 {
                    return None;
                }
                let target = file.link.as_deref().unwrap_or_default();
                done.pop();
                if target.starts_with('/') {
                    done.clear();
                }
                todo.extend(parts(target));
                last = None;
            }
        }
        match last {
            Some(file) => Some(file),
            None => self.file(&format!("/{}", done.join("/"))),
        }
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

/// The parts of a path, last first.
fn parts(path: &str) -> Vec<String> {
    path.split('/').rev().filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode_base64(plain.as_bytes()), text);
            assert_eq!(decode_base64(text), plain.as_bytes());
        }
    }

    #[test]
    fn capabilities_have_their_names() {
        // As `setcap cap_net_bind_service,cap_net_raw+ep` writes them: version 2 with the effective bit.
        let mut bytes = vec![1, 0, 0, 2];
        bytes.extend(((1u32 << 10) | (1 << 13)).to_le_bytes());
        bytes.extend([0; 12]);
        let xattrs = BTreeMap::from([("security.capability".to_owned(), encode_base64(&bytes))]);
        let detail = FileDetail { xattrs, ..FileDetail::default() };
        assert_eq!(detail.capabilities(), ["cap_net_bind_service", "cap_net_raw"]);
    }
}
