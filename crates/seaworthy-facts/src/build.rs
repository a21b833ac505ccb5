//! How an image was built.

use serde::{Deserialize, Serialize};

/// One step of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildStep {
    /// What it did.
    pub name: String,
    /// Whether it came from a cache.
    pub cached: bool,
    /// Wall time in milliseconds.
    pub ms: u64,
}

/// A build and its result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildFacts {
    /// `cargo` for a Rust crate without a Dockerfile, `buildkit` for a Dockerfile.
    pub builder: String,
    /// Where the image is, as a source such as `oci:PATH:TAG`.
    pub image: String,
    /// Digest of the manifest.
    pub digest: String,
    /// The steps.
    pub steps: Vec<BuildStep>,
    /// `SOURCE_DATE_EPOCH` and where it came from.
    pub source_date_epoch: Option<i64>,
    /// Why that epoch: `environment`, `git commit`, `fixed`.
    pub epoch_source: String,
    /// The packaged or built binary, relative to the project.
    pub binary: Option<String>,
    /// Size of that binary in bytes.
    pub binary_bytes: Option<u64>,
    /// Things the reader should know, such as a dirty work tree.
    pub notes: Vec<String>,
    /// Wall time in milliseconds.
    pub ms: u64,
}
