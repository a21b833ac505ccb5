//! What is known to be wrong with the packages of an image or of an SBOM.

use crate::Observed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How bad a vulnerability is, by the score of the Common Vulnerability Scoring System or by the words of its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rating {
    /// Nobody rated it.
    #[default]
    Unknown,
    /// The distribution does not mean to mend it.
    Negligible,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9.
    Medium,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0.
    Critical,
}

impl Rating {
    /// Every rating, the worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Negligible, Self::Unknown];

    /// The word used in every renderer.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One ecosystem of an advisory database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcosystemFact {
    /// Packages with at least one advisory.
    pub packages: u64,
    /// Advisories.
    pub advisories: u64,
    /// When the newest of them was published or changed, RFC 3339; empty where none says.
    pub newest: String,
}

/// The database that a scan looked into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFact {
    /// Its file.
    pub path: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Advisories in it.
    pub advisories: u64,
    /// When the newest of them was published or changed, RFC 3339; empty where none says.
    pub newest: String,
    /// The ecosystems, such as `PyPI` or `Debian:12`.
    pub ecosystems: BTreeMap<String, EcosystemFact>,
}

/// Why a match does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "reason", rename_all = "kebab-case")]
pub enum Standing {
    /// It counts.
    Open,
    /// A VEX statement says that the product is not affected, or that it is fixed.
    Vex(String),
    /// The package belongs to a distribution's package, whose maintainers mend it in their own versions.
    Distribution(String),
}

/// Whose layer a package lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The base image's.
    Base,
    /// Added on top of it.
    Yours,
}

/// One package that one vulnerability affects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VulnerabilityFact {
    /// The name it is best known by: its CVE where it has exactly one, else the advisory's own.
    pub id: String,
    /// Every other name, advisories of other databases included, sorted.
    pub aliases: Vec<String>,
    /// The advisories of the database that say so, sorted.
    pub advisories: Vec<String>,
    /// Package URL.
    pub purl: String,
    /// The package's name.
    pub package: String,
    /// The installed version.
    pub version: String,
    /// The ecosystem whose advisory it is, such as `Debian:12`.
    pub ecosystem: String,
    /// The source package the advisory is about, as `name@version`, where that is another one.
    pub source: Option<String>,
    /// Other packages of the same source, or other places of the same package, sorted.
    pub also: Vec<String>,
    /// Versions that mend it, nearest first; empty where there is none yet.
    pub fixed: Vec<String>,
    /// How bad it is.
    pub rating: Rating,
    /// The score times ten, where there is one: 98 is 9.8.
    pub score: Option<u8>,
    /// The vector the score was computed from.
    pub vector: Option<String>,
    /// What it is, in one line.
    pub summary: String,
    /// `unmaintained`, `unsound` or `notice` where it is a warning about a package and no vulnerability.
    pub informational: Option<String>,
    /// The probability of exploitation within 30 days (EPSS), times 100,000.
    pub epss: Option<u32>,
    /// The day it entered the catalogue of known exploited vulnerabilities (KEV).
    pub exploited: Option<String>,
    /// The file that proves the package, or its place in the SBOM.
    pub evidence: String,
    /// Index of the layer that file lies in; nothing for an SBOM.
    pub layer: Option<usize>,
    /// Digest of that layer; empty for an SBOM.
    pub layer_digest: String,
    /// Whose layer that is, where the base is known.
    pub origin: Option<Origin>,
    /// Whether it counts.
    pub standing: Standing,
}

/// Packages that were not judged, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnjudgedFact {
    /// Why, such as `the database has nothing about pkg:nuget`.
    pub reason: String,
    /// Their package URLs or paths, sorted.
    pub packages: Vec<String>,
}

/// Numbers of vulnerabilities by rating.
pub type Tally = BTreeMap<Rating, u64>;

/// What is known of the base image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanBase {
    /// Its name, or what it was recognised by; empty where nothing says.
    pub name: String,
    /// How many of the image's layers are its.
    pub layers: usize,
    /// Whether that was guessed from the history rather than compared layer by layer.
    pub guessed: bool,
}

/// What another base image would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseChange {
    /// The other base.
    pub name: String,
    /// Vulnerabilities of the present base by rating.
    pub before: Tally,
    /// Vulnerabilities of the other base by rating.
    pub after: Tally,
    /// Names of those that would disappear, sorted.
    pub gone: Vec<String>,
    /// Names of those that would come, sorted.
    pub new: Vec<String>,
}

/// What a scan shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScanFacts {
    /// What was scanned.
    pub subject: String,
    /// The SBOM's file, where one was scanned instead of an image.
    pub sbom: Option<String>,
    /// The database; not run where there is none.
    pub database: Observed<DatabaseFact>,
    /// Whole days since the newest advisory of each ecosystem that was judged.
    pub ages: BTreeMap<String, u64>,
    /// Ecosystems that were judged, with the number of packages.
    pub judged: BTreeMap<String, u64>,
    /// What was not judged.
    pub unjudged: Vec<UnjudgedFact>,
    /// What affects the packages, the worst first.
    pub vulnerabilities: Vec<VulnerabilityFact>,
    /// Advisories that name other systems only, as `GO-2022-0001: windows`; they were left out.
    pub elsewhere: Vec<String>,
    /// The base image.
    pub base: Option<ScanBase>,
    /// What another base would change.
    pub compared: Option<BaseChange>,
    /// Oddities that did not stop the scan.
    pub problems: Vec<String>,
    /// Time of the look-ups in microseconds.
    pub micros: u64,
}

impl ScanFacts {
    /// The vulnerabilities that count.
    pub fn open(&self) -> impl Iterator<Item = &VulnerabilityFact> {
        self.vulnerabilities
            .iter()
            .filter(|one| one.standing == Standing::Open && one.informational.is_none())
    }

    /// Their number by rating; each pair of vulnerability and package counts once.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::new();
        for one in self.open() {
            *tally.entry(one.rating).or_default() += 1;
        }
        tally
    }

    /// Number of packages that were judged.
    pub fn judged_packages(&self) -> u64 {
        self.judged.values().sum()
    }

    /// Number of packages, or files, that were not.
    pub fn unjudged_packages(&self) -> usize {
        self.unjudged.iter().map(|one| one.packages.len()).sum()
    }
}
