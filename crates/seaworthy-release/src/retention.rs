//! What may leave a repository, decided on its whole graph before anything is deleted.
//!
//! A registry holds manifests; tags name some of them, indexes reach others, and signatures, SBOMs and attestations hang
//! on a subject. Tools that look at tags and ages alone delete the platforms of a multi-platform image, or its
//! signature. So reachability comes first: whatever is kept keeps all it reaches and all that is attached to it, and
//! whatever goes takes only what nothing else needs.
//!
//! [`survey`] reads the graph from a registry, [`plan`] decides, [`apply`] deletes and looks again.

mod apply;
mod glob;
mod graph;
mod plan;
mod survey;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use apply::{Applied, apply};
pub use plan::plan;
pub use survey::{Survey, survey};

/// What a manifest of the repository is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An image manifest.
    Image,
    /// An index (a manifest list).
    Index,
    /// A manifest with a `subject`.
    Referrer,
    /// The index behind the referrers tag schema (distribution specification, section "Referrers Tag Schema").
    FallbackIndex,
    /// It exists, but its manifest could not be read: nobody knows what it reaches.
    Unreadable,
}

/// One manifest the registry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its digest, `sha256:…`.
    pub digest: String,
    /// What it is.
    pub kind: Kind,
    /// Every tag that points to it.
    pub tags: Vec<String>,
    /// How long ago it was pushed.
    pub age: Duration,
    /// Digests of the manifests an index names.
    pub children: Vec<String>,
    /// What it is attached to, by its `subject`.
    pub subject: Option<String>,
    /// The registry is known to refuse its deletion.
    pub undeletable: bool,
}

/// What shall go, and what stays whatever else is said. The default deletes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// Globs (`*`, `?`, `[…]`). An image with a matching tag is a candidate; its other tags stay, and so does it.
    pub delete_tags: Vec<String>,
    /// Globs. An image with such a tag stays whole.
    pub keep_tags: Vec<String>,
    /// The newest images by this number stay whole. An index counts once with all it reaches; what has no tag is not counted.
    pub keep_newest: usize,
    /// Only images older than this are candidates.
    #[serde(with = "seconds")]
    pub older_than: Option<Duration>,
    /// Untagged manifests younger than this stay: a push may be in progress, and children come before their index.
    #[serde(with = "seconds")]
    pub grace: Option<Duration>,
    /// Images without a tag are candidates.
    pub delete_untagged: bool,
    /// Attachments whose subject is gone go; otherwise they are reported.
    pub delete_orphans: bool,
    /// An image tagged `latest`, a major or a major and minor version stays whole.
    pub protect_moving: bool,
    /// These digests stay, with all they reach.
    pub protect_digests: BTreeSet<String>,
}

/// Why something is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Every tag of it is to go.
    Tags,
    /// It has no tag, and nothing reaches it.
    Untagged,
    /// An index that goes reaches it, and nothing else does.
    ChildOf(String),
    /// It is attached to something that goes.
    AttachedTo(String),
    /// It is attached to something that is gone.
    Orphan(String),
}

/// One deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// The manifest.
    pub digest: String,
    /// Tags that go with it.
    pub tags: Vec<String>,
    /// Why.
    pub cause: Cause,
}

/// A tag that goes while its manifest stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Untag {
    /// The tag.
    pub tag: String,
    /// The manifest, which stays.
    pub digest: String,
}

/// Something the plan does not mend, but a person should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// Its manifest cannot be read; nothing is deleted, because anything could be a part of it.
    Unreadable(String),
    /// An attachment whose subject is gone, which stays.
    Orphan {
        /// The attachment.
        digest: String,
        /// What it was attached to.
        subject: String,
    },
    /// An index none of whose manifests exists.
    Ghost(String),
    /// An index that names manifests which do not exist.
    Partial {
        /// The index.
        digest: String,
        /// What is not there.
        missing: Vec<String>,
    },
    /// It was to go, but the registry refuses.
    Undeletable(String),
}

/// What to do. Every manifest stands in `keep` or in `delete`, exactly once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What stays, in the order it was given.
    pub keep: Vec<String>,
    /// What goes, in the order to delete it: an image before what it reaches, and that before what is attached, so that
    /// a run that ends early never leaves a tag on something incomplete.
    pub delete: Vec<Deletion>,
    /// Tags that go while their manifest stays.
    pub untag: Vec<Untag>,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

impl Plan {
    /// What of this plan still holds by a newer one: the same deletions with the same tags. The rest is what changed.
    #[must_use]
    pub fn still(&self, newer: &Self) -> (Self, Vec<String>) {
        let same =
            |one: &&Deletion| newer.delete.iter().any(|new| new.digest == one.digest && new.tags == one.tags);
        let (delete, changed): (Vec<&Deletion>, Vec<&Deletion>) = self.delete.iter().partition(same);
        let (untag, moved): (Vec<&Untag>, Vec<&Untag>) =
            self.untag.iter().partition(|one| newer.untag.contains(one));
        let mut left: Vec<String> = changed.into_iter().map(|one| one.digest.clone()).collect();
        left.extend(moved.into_iter().map(|one| one.tag.clone()));
        let plan = Self {
            delete: delete.into_iter().cloned().collect(),
            untag: untag.into_iter().cloned().collect(),
            ..newer.clone()
        };
        (plan, left)
    }

    /// Whether something kept the plan from doing what was asked.
    #[must_use]
    pub fn blocked(&self) -> bool {
        self.notices.iter().any(|notice| matches!(notice, Notice::Unreadable(_) | Notice::Undeletable(_)))
    }
}

/// Versions by digest. A digest given twice counts once, with the tags of both.
fn by_digest(versions: &[Version]) -> BTreeMap<&str, usize> {
    versions.iter().enumerate().rev().map(|(at, version)| (version.digest.as_str(), at)).collect()
}

/// Durations as whole seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, out: S) -> Result<S::Ok, S::Error> {
        value.map(|duration| duration.as_secs()).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(input)?.map(Duration::from_secs))
    }
}
