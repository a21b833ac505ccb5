//! Errors of publishing, signing and verifying.

use seaworthy_registry as registry;
use seaworthy_store::StoreError;
use std::io;
use std::path::PathBuf;

/// Why publishing, signing or verifying failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A registry failed; the error names side, URL and hint.
    #[error("{place} cannot be used")]
    Registry {
        /// The repository.
        place: String,
        /// What failed.
        #[source]
        source: Box<registry::Error>,
    },
    /// A layout failed.
    #[error("the layout `{place}` cannot be used")]
    Layout {
        /// The layout's directory.
        place: String,
        /// What failed.
        #[source]
        source: Box<StoreError>,
    },
    /// Tags that no registry accepts; nothing was sent.
    #[error("{}", tags(.0))]
    InvalidTags(Vec<InvalidTag>),
    /// The image named by the destination is not the one to publish.
    #[error("the destination names {wanted}, but the image is {got}")]
    OtherDigest {
        /// The digest in the destination.
        wanted: String,
        /// The image's digest.
        got: String,
    },
    /// What was read back is not what was written.
    #[error("{place}: {what} reads back as {got} instead of {expected}")]
    ReadBack {
        /// The destination.
        place: String,
        /// A tag, a digest, or a part of the release.
        what: String,
        /// The digest written.
        expected: String,
        /// What was found.
        got: String,
    },
    /// A tag or digest to verify does not exist.
    #[error("{place} has no manifest `{target}`")]
    NoSuchManifest {
        /// Where it was looked for.
        place: String,
        /// The tag or digest.
        target: String,
    },
    /// Nothing is signed: no signature at all, with any key.
    #[error("{digest} has no signature{}", attested(*.attestations))]
    NoSignature {
        /// The image's digest.
        digest: String,
        /// Attestations that were found; they are no signatures.
        attestations: usize,
    },
    /// There are signatures, and none was made by this key or signer.
    #[error("{digest} is not signed by {key}: {detail}")]
    WrongKey {
        /// The image's digest.
        digest: String,
        /// Whose signature was wanted.
        key: String,
        /// What was found instead.
        detail: String,
    },
    /// A signature of this key is attached, and it signs something else.
    #[error("a signature of another digest is attached to {digest}: {detail}")]
    BadDigest {
        /// The image's digest.
        digest: String,
        /// What is signed instead.
        detail: String,
    },
    /// A document is not what it should be.
    #[error("{what} is unusable: {why}")]
    Invalid {
        /// The document.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A key cannot be used.
    #[error("`{what}` cannot be used as a key: {why}")]
    Key {
        /// The key's file or origin.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The password does not open the private key.
    #[error("the password does not open {what}")]
    Password {
        /// The key's file or origin.
        what: String,
    },
    /// A file cannot be read or written.
    #[error("{action} `{}` failed", .path.display())]
    Io {
        /// `reading` or `writing`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A tag no registry accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTag {
    /// The tag as written.
    pub tag: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Error {
    /// What to do next, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Registry { source, .. } => source.hint(),
            Self::NoSignature { attestations: 0, .. } => {
                Some("sign the image, or copy its signature along with it".to_owned())
            }
            Self::NoSignature { .. } => {
                Some("an attestation proves its document, not the image; sign the image".to_owned())
            }
            Self::WrongKey { .. } => Some("check that the public key, or the identity and its issuer, are the signer's".to_owned()),
            Self::BadDigest { .. } => {
                Some("somebody moved a signature to another image; do not use this image".to_owned())
            }
            Self::Key { .. } => {
                Some("name a key in cosign's format; `seaworthy keygen` makes a pair, `.key` signs and `.pub` verifies".to_owned())
            }
            Self::Layout { source, .. } => source.hint(),
            Self::NoSuchManifest { .. } => Some("check the tag or the digest".to_owned()),
            Self::InvalidTags(_) => Some("a tag has up to 128 letters, digits, `_`, `.` and `-`, such as `1.2.3`".to_owned()),
            Self::Password { .. } => Some("set the password in `COSIGN_PASSWORD`".to_owned()),
            _ => None,
        }
    }
}

fn tags(invalid: &[InvalidTag]) -> String {
    let all: Vec<String> =
        invalid.iter().map(|tag| format!("`{}` is no tag: {}", tag.tag, tag.reason)).collect();
    all.join("; ")
}

fn attested(attestations: usize) -> String {
    match attestations {
        0 => String::new(),
        1 => ", only 1 attestation".to_owned(),
        count => format!(", only {count} attestations"),
    }
}
