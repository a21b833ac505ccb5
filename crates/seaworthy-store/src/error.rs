//! What can go wrong between a name and an image's bytes.

use seaworthy_oci::{Digest, Source};
use std::io;
use std::path::{Path, PathBuf};

/// An image or layout that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system said no.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The path is no OCI layout.
    #[error("`{}` is no OCI layout: {why}", .path.display())]
    NotALayout {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong, with the file's name.
        why: String,
    },
    /// The path is no image of any kind.
    #[error(
        "`{}` is neither an OCI layout (no oci-layout file) nor a docker-archive (no manifest.json): {why}",
        .path.display()
    )]
    NotAnImage {
        /// The path.
        path: PathBuf,
        /// What it looks like.
        why: String,
    },
    /// Nothing has the name that was asked for.
    #[error("`{}` has no image `{reference}`; it has {known}", .path.display())]
    NoSuchReference {
        /// The layout or archive.
        path: PathBuf,
        /// The name or digest.
        reference: String,
        /// The names it does have, for people.
        known: String,
    },
    /// More than one image, and no name says which.
    #[error("{} has several images: {known}; name one, as in {}:NAME", .path.display(), .path.display())]
    Ambiguous {
        /// The layout or archive.
        path: PathBuf,
        /// The names it has, for people.
        known: String,
    },
    /// No image in it.
    #[error("{} has no image: its index.json names no manifest", .path.display())]
    Empty {
        /// The layout or archive.
        path: PathBuf,
    },
    /// No manifest of an index serves the platform.
    #[error("{place} has no image for {wanted}; it has {known}")]
    NoPlatform {
        /// The index, by path and digest.
        place: String,
        /// The platform asked for.
        wanted: String,
        /// The platforms it has.
        known: String,
    },
    /// A blob is missing.
    #[error("missing blob {digest} in `{place}`")]
    MissingBlob {
        /// Its digest.
        digest: Digest,
        /// Where it was looked for.
        place: String,
    },
    /// The manifest of the platform is missing, and those of other platforms are there.
    #[error(
        "missing blob {digest} in `{place}`, the manifest for {wanted}; of the platforms of its index it has {present}"
    )]
    MissingPlatform {
        /// Digest of the manifest.
        digest: Digest,
        /// Where it was looked for.
        place: String,
        /// Its platform.
        wanted: String,
        /// The platforms that are there.
        present: String,
    },
    /// A blob is longer or shorter than its descriptor says.
    #[error("size of {what} {digest}: the descriptor says {expected} bytes, there are {got}{}", if *.more { " or more" } else { "" })]
    Size {
        /// What the blob is, such as `layer 2`.
        what: String,
        /// Its digest.
        digest: Digest,
        /// The descriptor's size.
        expected: u64,
        /// The bytes read.
        got: u64,
        /// Whether reading stopped before the end.
        more: bool,
    },
    /// A blob's bytes do not have its digest.
    #[error("digest of {what} does not match its content: expected {expected}, got {got}")]
    Mismatch {
        /// What the blob is, such as `layer 2`.
        what: String,
        /// The descriptor's digest.
        expected: Digest,
        /// The digest of the bytes.
        got: String,
    },
    /// A document is larger than any honest one.
    #[error("{what} is {size} bytes; the limit for such a document is {limit}")]
    TooLarge {
        /// What it is, with its digest or path.
        what: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A document is no JSON, or not of its schema.
    #[error("{what} does not follow its schema")]
    Json {
        /// What it is, with its digest or path.
        what: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A document is JSON of its schema, but says what it must not.
    #[error("{what}: {why}")]
    Invalid {
        /// What it is, with its digest or path.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// An archive's or layer's tar stream is broken.
    #[error("{what}: {why}")]
    Tar {
        /// The archive's path or the layer.
        what: String,
        /// What is wrong, with the entry's name where one is known.
        why: String,
    },
    /// A bound was reached.
    #[error("{what} is over the limit of {limit}")]
    Limit {
        /// What was counted, with the layer.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// The process was told to stop.
    #[error("stopped before the end")]
    Stopped,
    /// The source is an engine's or a registry's, which other crates read.
    #[error("{0} is not read from the file system")]
    Elsewhere(Source),
}

impl StoreError {
    /// An input or output error with its path.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        // A verifying reader hands its finding through `io::Error`; it is taken out again here.
        match source.downcast::<Self>() {
            Ok(inner) => inner,
            Err(source) => Self::Io { action, path: path.to_owned(), source },
        }
    }

    /// What to do next, where the message does not say it already.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Size { .. } | Self::Mismatch { .. } => {
                Some("the copy is damaged: fetch or build the image again".to_owned())
            }
            Self::MissingBlob { .. } => {
                Some("the copy is not whole: fetch or build the image again".to_owned())
            }
            Self::MissingPlatform { .. } => {
                Some("the copy is of some platforms only: name one of them with `--platform`".to_owned())
            }
            Self::NotAnImage { .. } => {
                Some("name an image: `oci:DIR`, `oci-archive:TAR` or `docker-archive:TAR`".to_owned())
            }
            Self::NoSuchReference { .. } => {
                Some("name one of those, or none where there is only one".to_owned())
            }
            Self::Json { .. } | Self::Invalid { .. } | Self::Tar { .. } => {
                Some("the image is damaged or was written wrongly: fetch or build it again".to_owned())
            }
            Self::NoPlatform { .. } => Some("choose one with --platform".to_owned()),
            Self::Limit { .. } => Some("raise the limit only for an image you trust".to_owned()),
            Self::NotALayout { path, .. } => Some(format!(
                "an OCI layout has {}, index.json and blobs/",
                path.join("oci-layout").display()
            )),
            _ => None,
        }
    }
}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
