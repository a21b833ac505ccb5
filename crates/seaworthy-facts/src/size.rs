//! Where an image's bytes lie, which of them are wasted, and whose they are.

use serde::{Deserialize, Serialize};

/// What the layers store several times, by the formula of dive's `dive/filetree/efficiency.go`; its score is
/// [`crate::ImageFacts::efficiency`].
///
/// dive counts every copy of a path that is stored at least twice, the one that is used too; what flattening the image
/// would really save is [`crate::ImageFacts::hidden`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiveFact {
    /// Bytes of all copies of the paths that are stored, or deleted, at least twice.
    pub wasted: u64,
    /// Bytes of all files above the lowest layer.
    pub user_bytes: u64,
    /// `wasted` over `user_bytes`, which can be above 1; nothing where there is only one layer.
    pub user_wasted: Option<f64>,
    /// The paths that `wasted` counts, largest first.
    pub paths: Vec<DivePath>,
}

/// A path that several layers store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DivePath {
    /// Absolute path.
    pub path: String,
    /// How many times layers store or delete it.
    pub count: u64,
    /// Bytes of all copies.
    pub bytes: u64,
}

/// How it is known which layers are the base image's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaseBy {
    /// The base was named, and its layers compared.
    Given,
    /// A label or annotation names it, and the history tells how many layers it has.
    Label,
    /// The history alone: the base ends at the last instruction that sets a command and is followed by layers.
    History,
}

/// The image that this one was built on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseFact {
    /// Its name, where one is stated.
    pub name: Option<String>,
    /// Digest of its manifest, where one is stated.
    pub digest: Option<String>,
    /// How many of the lowest layers are its; nothing where that cannot be told.
    pub layers: Option<usize>,
    /// How that is known.
    pub by: BaseBy,
}

/// A rectangle of the treemap: a directory or file of one layer and what is in it. Small things are left out, so the
/// children's bytes may sum to less than the node's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapNode {
    /// Last part of the path.
    pub name: String,
    /// Bytes of all regular files in it.
    pub bytes: u64,
    /// How many of them a later layer hides.
    pub wasted: u64,
    /// Number of regular files in it.
    pub files: u64,
    /// What is in it, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
}

/// What an image could do without, although nothing hides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spare {
    /// A package manager's cache or lists: used only while installing.
    PackageCache,
    /// Python's compiled modules: made again when they are needed.
    Bytecode,
    /// Documentation and manual pages.
    Documentation,
    /// Messages in other languages.
    Locale,
    /// Headers, static libraries and other files of a compiler.
    Development,
}

impl Spare {
    /// What it is, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PackageCache => "package caches",
            Self::Bytecode => "Python bytecode",
            Self::Documentation => "documentation",
            Self::Locale => "other languages",
            Self::Development => "headers and static libraries",
        }
    }

    /// Why an image could do without the file at an absolute path.
    pub fn of(path: &str) -> Option<Self> {
        // Copies and indexes that a package manager keeps and no program needs at run time.
        const CACHES: [&str; 11] = [
            "/var/lib/apt/lists/",
            "/var/cache/apt/",
            "/var/cache/apk/",
            "/var/cache/dnf/",
            "/var/cache/yum/",
            "/var/lib/dnf/repos/",
            "/var/cache/pacman/pkg/",
            "/var/cache/debconf/",
            "/etc/apk/cache/",
            "/var/cache/zypp/",
            "/var/cache/libdnf5/",
        ];
        // Below any home: the user is not always root.
        const HOMES: [&str; 16] = [
            "/.cache/pip/",
            "/.cache/uv/",
            "/.cache/pypoetry/",
            "/.cache/yarn/",
            "/.cache/go-build/",
            "/.cache/pnpm/",
            "/.cache/composer/",
            "/.local/share/pnpm/store/",
            "/.npm/_cacache/",
            "/.npm/_logs/",
            "/.cargo/registry/",
            "/.cargo/git/",
            "/cargo/registry/",
            "/go/pkg/mod/cache/",
            "/.gradle/caches/",
            "/.m2/repository/",
        ];
        const DOCUMENTS: [&str; 8] = [
            "/usr/share/doc/",
            "/usr/share/man/",
            "/usr/share/info/",
            "/usr/share/gtk-doc/",
            "/usr/share/help/",
            "/usr/local/share/man/",
            "/usr/local/share/doc/",
            "/usr/share/lintian/",
        ];
        // Every path has a slash, so most are told apart by their second part.
        if path.starts_with("/var/") || path.starts_with("/etc/") {
            if CACHES.iter().any(|folder| path.starts_with(folder)) {
                return Some(Self::PackageCache);
            }
        } else if path.starts_with("/usr/") {
            if DOCUMENTS.iter().any(|folder| path.starts_with(folder)) {
                return Some(Self::Documentation);
            }
            if let Some(rest) = path.strip_prefix("/usr/share/locale/") {
                // `C` and `POSIX` are no languages, and `locale.alias` belongs to the C library.
                let language = rest.split('/').next().unwrap_or_default();
                return (rest.len() > language.len() && !language.starts_with('C')).then_some(Self::Locale);
            }
            if path.starts_with("/usr/include/") || path.starts_with("/usr/local/include/") {
                return Some(Self::Development);
            }
        }
        // Yarn, pip and the like keep their caches in a dotted folder; Go and cargo do not.
        if HOMES.iter().any(|folder| path.contains(folder)) {
            return Some(Self::PackageCache);
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
        if path.contains("/__pycache__/") && name.contains(".pyc") || kind == "pyo" {
            return Some(Self::Bytecode);
        }
        // Archives of objects; one beside a program of the same kind is for a linker only.
        let is_library = name.starts_with("lib") && kind == "a";
        (is_library && path.contains("/lib")).then_some(Self::Development)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_go_is_known_by_its_place() {
        for (path, expected) in [
            ("/var/lib/apt/lists/deb_main_Packages.lz4", Some(Spare::PackageCache)),
            ("/var/cache/apt/pkgcache.bin", Some(Spare::PackageCache)),
            ("/home/app/.cache/pip/http/a", Some(Spare::PackageCache)),
            ("/root/.npm/_cacache/x", Some(Spare::PackageCache)),
            ("/usr/lib/python3/dist-packages/__pycache__/six.cpython-311.pyc", Some(Spare::Bytecode)),
            ("/usr/share/doc/libc6/copyright", Some(Spare::Documentation)),
            ("/usr/share/locale/de/LC_MESSAGES/apt.mo", Some(Spare::Locale)),
            ("/usr/share/locale/locale.alias", None),
            ("/usr/lib/x86_64-linux-gnu/libc.a", Some(Spare::Development)),
            ("/usr/include/stdio.h", Some(Spare::Development)),
            ("/etc/passwd", None),
            ("/app/main.py", None),
            ("/app/docs/manual.md", None),
        ] {
            assert_eq!(Spare::of(path), expected, "{path}");
        }
    }
}
