//! One immutable file that answers what affects a version of a package.
//!
//! The layout is a head, a table of meta data as JSON, a table of keys sorted by the hash of ecosystem and name, what
//! each package is affected by, the advisories in compressed blocks, and a table of what is known of each CVE. The whole
//! file is read at once and its checksum compared, so that a damaged one never gives an answer; readers need no lock,
//! because a new one takes its place by one rename.

mod bytes;
mod reader;
mod writer;

pub use reader::{Hit, Index, Known};
pub use writer::{seal, write};

use seaworthy_facts::EcosystemFact;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The first bytes of an index.
pub(crate) const MAGIC: &[u8; 8] = b"SEAWADV\x01";
/// Bytes before the first section: magic, checksum, and where six sections begin and end.
pub(crate) const HEAD: usize = 8 + 8 + 6 * 16;
/// Advisories in one compressed block.
pub(crate) const BLOCK: usize = 64;
/// The most bytes the meta data of an index may have.
pub const META_LIMIT: usize = 16 << 20;

/// What an index says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// When it was made, RFC 3339.
    pub created: String,
    /// The version of the program that made it.
    pub version: String,
    /// Advisories in it.
    pub advisories: u64,
    /// Pairs of advisory and package.
    pub affected: u64,
    /// When the newest advisory was changed or published, RFC 3339.
    pub newest: String,
    /// The ecosystems.
    pub ecosystems: BTreeMap<String, EcosystemFact>,
    /// What it was made from.
    pub sources: Vec<SourceMeta>,
    /// Records that were left out because their authors took them back.
    pub withdrawn: u64,
    /// Records that were left out because they are about git commits only.
    pub git_only: u64,
    /// Records that were left out because another one had the same name and was newer.
    pub repeated: u64,
    /// Records that could not be read.
    pub unreadable: u64,
    /// CVEs with a probability of exploitation (EPSS).
    pub epss: u64,
    /// CVEs in the catalogue of known exploited vulnerabilities (KEV).
    pub kev: u64,
}

/// A source of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMeta {
    /// The path or the URL.
    pub name: String,
    /// Records read from it.
    pub records: u64,
    /// Bytes of it, as they lie there.
    pub bytes: u64,
}

/// The hash of a key.
pub(crate) fn hash(ecosystem: &str, name: &str) -> u64 {
    let mut key = Vec::with_capacity(ecosystem.len() + name.len() + 1);
    key.extend_from_slice(ecosystem.as_bytes());
    key.push(0);
    key.extend_from_slice(name.as_bytes());
    twox_hash::XxHash3_64::oneshot(&key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Affected, Event, Range, Rated};
    use crate::{Enrichment, IndexError, advisory::Advisory};
    use std::path::Path;

    pub(crate) fn sample() -> Vec<Advisory> {
        let range = |from: &str, to: &str| Range {
            semver: false,
            events: vec![Event::Introduced(from.to_owned()), Event::Fixed(to.to_owned())],
        };
        (0..200)
            .map(|at| Advisory {
                id: format!("X-{at}"),
                aliases: vec![format!("CVE-2024-{at}")],
                summary: format!("number {at}"),
                rated: Rated { score: Some(75), rating: seaworthy_facts::Rating::High, vector: None },
                affected: vec![Affected {
                    ecosystem: "PyPI".to_owned(),
                    name: format!("p{}", at % 7),
                    ranges: vec![range("0", &format!("{at}.0"))],
                    versions: vec!["0.1".to_owned(), "999.0".to_owned()],
                    ..Affected::default()
                }],
                ..Advisory::default()
            })
            .collect()
    }

    #[test]
    fn what_is_written_is_found() {
        let bytes = write(sample(), Meta::default(), &Enrichment::default()).unwrap();
        let index = Index::from_bytes(bytes, Path::new("x")).unwrap();
        assert_eq!(index.meta().advisories, 200);
        assert_eq!(index.meta().ecosystems["PyPI"].packages, 7);
        let hits = index.lookup("PyPI", "p3", "10.0").unwrap();
        let ids: Vec<String> = hits.iter().map(|hit| index.advisory(hit.advisory).unwrap().id).collect();
        assert!(
            ids.contains(&"X-17".to_owned())
                && !ids.contains(&"X-10".to_owned())
                && !ids.contains(&"X-3".to_owned())
        );
        assert_eq!(hits[0].fixed.len(), 1);
        // Only what no range covers is kept of the listed versions.
        assert_eq!(index.lookup("PyPI", "p3", "999.0").unwrap().len(), 29);
        assert!(index.lookup("PyPI", "p9", "1").unwrap().is_empty());
        assert!(index.lookup("npm", "p3", "1").unwrap().is_empty());
    }

    #[test]
    fn any_damage_is_told_and_nothing_panics() {
        let bytes = write(sample(), Meta::default(), &Enrichment::default()).unwrap();
        for at in (0..bytes.len()).step_by(7) {
            let mut copy = bytes.clone();
            copy[at] ^= 0x55;
            let error = Index::from_bytes(copy, Path::new("x")).unwrap_err();
            assert!(matches!(error, IndexError::Damaged { .. } | IndexError::Foreign { .. }), "{at}");
        }
        for length in [0, 1, 7, 8, 50, HEAD, bytes.len() - 1] {
            assert!(Index::from_bytes(bytes[..length].to_vec(), Path::new("x")).is_err());
        }
    }
}
