//! What was published, as read back.

use serde::{Deserialize, Serialize};

/// A tag as read back from the destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFact {
    /// The tag.
    pub tag: String,
    /// The digest it resolves to, where it resolves.
    pub digest: Option<String>,
}

/// A manifest attached to the image, as read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferrerFact {
    /// Digest of the attached manifest.
    pub digest: String,
    /// Artifact type.
    pub artifact_type: String,
    /// Predicate type, for attestations.
    pub predicate_type: Option<String>,
    /// What it is attached to.
    pub subject: String,
}

/// A signature, as verified after reading back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureFact {
    /// Digest that is signed.
    pub subject: String,
    /// Fingerprint of the public key: SHA-256 of its DER form.
    pub key: String,
    /// Whether it verifies.
    pub verified: bool,
    /// Why it does not.
    pub error: Option<String>,
}

/// What was published and read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseFacts {
    /// Where to: a layout or a repository.
    pub destination: String,
    /// Digest of the image that was tested.
    pub tested: String,
    /// Digest read back from the destination.
    pub read_back: Option<String>,
    /// Tags.
    pub tags: Vec<TagFact>,
    /// Tags that were refused because no registry accepts them.
    pub invalid_tags: Vec<String>,
    /// Attached manifests.
    pub referrers: Vec<ReferrerFact>,
    /// Signatures.
    pub signatures: Vec<SignatureFact>,
    /// Whether the policy asked for a signature.
    pub sign_wanted: bool,
    /// Whether the policy asked for an SBOM.
    pub sbom_wanted: bool,
    /// Whether the SBOM read back equals the one made from the image's bytes.
    pub sbom_matches: Option<bool>,
    /// Blobs and bytes sent.
    pub blobs_sent: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Wall time in milliseconds.
    pub ms: u64,
}
