//! The order of versions, ecosystem by ecosystem, as advisories need it.
//!
//! Every text has a place: a version that its own ecosystem would refuse is still ordered, and nothing fails. Numbers
//! of any length are compared as numbers. No order allocates more than its input.

mod apk;
mod deb;
mod digits;
mod dotted;
mod gem;
mod maven;
mod packagist;
mod pep440;
mod rpm;
mod semver;

use std::cmp::Ordering;

/// How versions are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// apk-tools 2: Alpine, Wolfi, Chainguard.
    Apk,
    /// R packages: numbers between dots and hyphens.
    Cran,
    /// dpkg: Debian, Ubuntu.
    Deb,
    /// Haskell packages: numbers between dots.
    Hackage,
    /// Maven's `ComparableVersion`.
    Maven,
    /// NuGet: up to four numbers, then a pre-release without regard to case.
    NuGet,
    /// PHP's `version_compare`, as Composer uses it.
    Packagist,
    /// Dart: Semantic Versioning in which build metadata counts.
    Pub,
    /// PEP 440; what it does not accept comes before everything it accepts.
    PyPi,
    /// rpm: Red Hat and its relatives, SUSE, Mageia.
    Rpm,
    /// Gem::Version.
    RubyGems,
    /// Semantic Versioning 2.0.0: npm, Cargo, Go, Hex, Swift and others.
    SemVer,
}

impl Scheme {
    /// The order of an OSV ecosystem, such as `Debian:12` or `crates.io`; the part after the colon does not matter.
    ///
    /// Source: the OSV schema's list of defined ecosystems.
    pub fn of_ecosystem(name: &str) -> Option<Self> {
        let base = name.split(':').next().unwrap_or(name);
        Some(match base {
            "Alpine" | "Chainguard" | "Wolfi" | "MinimOS" | "BellSoft Hardened Containers" | "Alpaquita" => {
                Self::Apk
            }
            "CRAN" | "Bioconductor" => Self::Cran,
            "Debian" | "Ubuntu" | "Echo" | "Docker Hardened Images" => Self::Deb,
            "Hackage" | "GHC" => Self::Hackage,
            "Maven" => Self::Maven,
            "NuGet" => Self::NuGet,
            "Packagist" => Self::Packagist,
            "Pub" => Self::Pub,
            "PyPI" => Self::PyPi,
            "AlmaLinux" | "Red Hat" | "Rocky Linux" | "SUSE" | "openSUSE" | "Mageia" | "openEuler"
            | "Photon OS" | "Azure Linux" => Self::Rpm,
            "RubyGems" => Self::RubyGems,
            "SemVer" | "npm" | "crates.io" | "Go" | "Hex" | "SwiftURL" | "GitHub Actions" | "Bitnami"
            | "ConanCenter" => Self::SemVer,
            _ => return None,
        })
    }

    /// Which of two versions is newer.
    pub fn compare(self, left: &str, right: &str) -> Ordering {
        let (left, right) = (left.trim(), right.trim());
        match self {
            Self::Apk => apk::compare(left, right),
            Self::Cran => dotted::compare(left, right, &['.', '-']),
            Self::Deb => deb::compare(left, right),
            Self::Hackage => dotted::compare(left, right, &['.']),
            Self::Maven => maven::compare(left, right),
            Self::NuGet => semver::compare(left, right, semver::Flavour::NuGet),
            Self::Packagist => packagist::compare(left, right),
            Self::Pub => semver::compare(left, right, semver::Flavour::Pub),
            Self::PyPi => pep440::compare(left, right),
            Self::Rpm => rpm::compare(left, right),
            Self::RubyGems => gem::compare(left, right),
            Self::SemVer => semver::compare(left, right, semver::Flavour::Plain),
        }
    }
}
