//! Verifying: which signatures and attestations of an image a key has made.
//!
//! A signature is a statement of predicate type `https://sigstore.dev/cosign/sign/v1` about the image's digest, or a
//! legacy simple-signing payload. An attested document is no signature: who signs an SBOM does not vouch for the image.

use crate::bundle::{self, Opened, PREDICATE_SIGN};
use crate::keyless::{Identity, Keyless, Signer};
use crate::place::{Destination, Place};
use crate::{Error, PublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seaworthy_oci::{Descriptor, Digest, Manifest, media_type};
use seaworthy_registry::{self as registry, Client};
use std::collections::BTreeMap;

/// Attached manifests that are looked at; more would be an attack on our time.
const REFERRERS: usize = 256;
/// The layer type of legacy signatures.
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation that holds a legacy signature.
const LEGACY_SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// Whose signatures count.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// Those of a key.
    Key(&'a PublicKey),
    /// Those of somebody whom a certificate names.
    Identity(&'a Keyless, &'a Identity),
}

impl<'a> From<&'a PublicKey> for Trust<'a> {
    fn from(key: &'a PublicKey) -> Self {
        Self::Key(key)
    }
}

impl Trust<'_> {
    /// Whose, for people.
    fn name(&self) -> String {
        match self {
            Self::Key(key) => format!("the key with fingerprint {}", key.fingerprint()),
            Self::Identity(_, identity) => format!("{} of {}", identity.subject, identity.issuer),
        }
    }
}

/// What is proved about an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The image's digest: what all of this speaks of.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Fingerprint of the key that proves it; nothing where a certificate does.
    pub key: Option<String>,
    /// Whom the certificate names; nothing where a key proves it.
    pub signer: Option<Signer>,
    /// Signatures of the key on this digest; never empty.
    pub signatures: Vec<Signed>,
    /// Attestations of the key about this digest.
    pub attestations: Vec<Attested>,
    /// What else is attached and proves nothing.
    pub rejected: Vec<Rejected>,
}

/// A signature that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Digest of the manifest it was found in.
    pub manifest: Digest,
    /// How it is stored.
    pub storage: Storage,
    /// Annotations the signer signed along.
    pub annotations: BTreeMap<String, serde_json::Value>,
}

/// How a signature is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As a bundle among the referrers.
    Bundle,
    /// As a simple-signing payload under a `.sig` tag, cosign's old way.
    Tag,
}

/// An attestation that verifies.
#[derive(Clone, Debug, PartialEq)]
pub struct Attested {
    /// Digest of the manifest it was found in.
    pub manifest: Digest,
    /// What kind of claim it is.
    pub predicate_type: String,
    /// The claim.
    pub predicate: serde_json::Value,
}

/// An attached manifest that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Digest of the manifest.
    pub manifest: Digest,
    /// Why it proves nothing.
    pub reason: Reason,
}

/// Why something attached proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Another key made it.
    OtherKey {
        /// What kind of claim it says to be; unproven.
        predicate_type: String,
    },
    /// This key made it, about something else.
    OtherDigest {
        /// What it speaks of.
        about: String,
        /// What kind of claim it is.
        predicate_type: String,
    },
    /// It cannot be read.
    Unusable(String),
}

/// Everything a key has made for an image, signatures or not.
pub(crate) struct Evidence {
    /// Whom the certificate of a signature names.
    signer: Option<Signer>,
    pub(crate) signatures: Vec<Signed>,
    pub(crate) attestations: Vec<Attested>,
    pub(crate) rejected: Vec<Rejected>,
}

/// Verifies an image by tag or digest.
///
/// # Errors
/// [`Error::NoSignature`], [`Error::WrongKey`] and [`Error::BadDigest`] where no signature proves the image;
/// [`Error::NoSuchManifest`] where there is no such image; others where the place cannot be read.
pub fn verify<'t>(
    source: &Destination,
    target: &str,
    trust: impl Into<Trust<'t>>,
    options: &registry::Options,
) -> Result<Verified, Error> {
    let trust = trust.into();
    let client = Client::new(options.clone());
    let place = Place::open(source, &client)?;
    let found = place
        .manifest(target)?
        .ok_or_else(|| Error::NoSuchManifest { place: place.name(), target: target.to_owned() })?;
    let digest = found.descriptor.digest;
    let evidence = gather(&place, &digest, trust)?;
    if evidence.signatures.is_empty() {
        return Err(refusal(&digest, trust, &evidence));
    }
    Ok(Verified {
        digest,
        media_type: found.descriptor.media_type,
        key: match trust {
            Trust::Key(key) => Some(key.fingerprint()),
            Trust::Identity(..) => None,
        },
        signer: evidence.signer,
        signatures: evidence.signatures,
        attestations: evidence.attestations,
        rejected: evidence.rejected,
    })
}

/// What a key attests of an image, signed or not: an attestation proves itself.
///
/// # Errors
/// [`Error::NoSuchManifest`] where there is no such image; others where the place cannot be read.
pub fn attestations(
    source: &Destination,
    target: &str,
    key: &PublicKey,
    options: &registry::Options,
) -> Result<Vec<Attested>, Error> {
    let client = Client::new(options.clone());
    let place = Place::open(source, &client)?;
    let found = place
        .manifest(target)?
        .ok_or_else(|| Error::NoSuchManifest { place: place.name(), target: target.to_owned() })?;
    Ok(gather(&place, &found.descriptor.digest, Trust::Key(key))?.attestations)
}

/// Why there is no signature, the gravest reason first.
fn refusal(digest: &Digest, trust: Trust<'_>, evidence: &Evidence) -> Error {
    let is_sign = |kind: &str| kind == PREDICATE_SIGN || kind == SIMPLE_SIGNING;
    let moved = evidence.rejected.iter().find_map(|rejected| match &rejected.reason {
        Reason::OtherDigest { about, predicate_type } if is_sign(predicate_type) => Some(about.clone()),
        _ => None,
    });
    if let Some(about) = moved {
        return Error::BadDigest { digest: digest.to_string(), detail: format!("it signs {about}") };
    }
    let others = evidence
        .rejected
        .iter()
        .filter(|rejected| matches!(&rejected.reason, Reason::OtherKey { predicate_type } if is_sign(predicate_type)))
        .count();
    if others > 0 {
        let detail = match others {
            1 => "1 signature of somebody else is attached".to_owned(),
            count => format!("{count} signatures of others are attached"),
        };
        return Error::WrongKey { digest: digest.to_string(), key: trust.name(), detail };
    }
    Error::NoSignature { digest: digest.to_string(), attestations: evidence.attestations.len() }
}

/// Looks at everything attached to a digest.
pub(crate) fn gather(place: &Place<'_>, digest: &Digest, trust: Trust<'_>) -> Result<Evidence, Error> {
    let mut evidence =
        Evidence { signer: None, signatures: Vec::new(), attestations: Vec::new(), rejected: Vec::new() };
    for entry in place.referrers(digest)?.into_iter().take(REFERRERS) {
        // The list's artifact type is often wrong, so only types that no bundle has are passed over unread.
        if !media_type::is_manifest(&entry.media_type) {
            continue;
        }
        let Some((manifest, artifact_type)) = open_manifest(place, &entry.digest)? else { continue };
        if !artifact_type.starts_with("application/vnd.dev.sigstore.bundle") {
            continue;
        }
        let result = match manifest.layers.as_slice() {
            [blob] => read_bundle(place, blob, digest, trust)?,
            _ => Err(Reason::Unusable("it has not exactly one layer".to_owned())),
        };
        match result {
            Ok((statement, signer)) if statement.predicate_type == PREDICATE_SIGN => {
                evidence.signer = evidence.signer.or(signer);
                let about = |subject: &&bundle::Subject| {
                    subject.digest.get(digest.algorithm()).is_some_and(|hex| hex == digest.hex())
                };
                let annotations =
                    statement.subject.iter().find(about).map(|subject| subject.annotations.clone());
                evidence.signatures.push(Signed {
                    manifest: entry.digest,
                    storage: Storage::Bundle,
                    annotations: annotations.unwrap_or_default(),
                });
            }
            Ok((statement, _)) => evidence.attestations.push(Attested {
                manifest: entry.digest,
                predicate_type: statement.predicate_type,
                predicate: statement.predicate,
            }),
            Err(reason) => evidence.rejected.push(Rejected { manifest: entry.digest, reason }),
        }
    }
    gather_legacy(place, digest, trust, &mut evidence)?;
    Ok(evidence)
}

/// A manifest and its artifact type; `None` where it is gone or no manifest.
pub(crate) fn open_manifest(place: &Place<'_>, digest: &Digest) -> Result<Option<(Manifest, String)>, Error> {
    let Some(found) = place.manifest(digest.as_str())? else { return Ok(None) };
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&found.bytes) else { return Ok(None) };
    let kind = manifest.artifact_type.clone().unwrap_or_else(|| manifest.config.media_type.clone());
    Ok(Some((manifest, kind)))
}

fn read_bundle(
    place: &Place<'_>,
    blob: &Descriptor,
    digest: &Digest,
    trust: Trust<'_>,
) -> Result<Result<(bundle::Statement, Option<Signer>), Reason>, Error> {
    if blob.size > crate::place::BLOB_LIMIT {
        return Ok(Err(Reason::Unusable(format!("its bundle has {} bytes", blob.size))));
    }
    let bytes = place.blob(blob)?;
    let opened = match trust {
        Trust::Key(key) => bundle::open(&bytes, key).map(|opened| (opened, None)),
        Trust::Identity(keyless, identity) => bundle::open_keyless(&bytes, keyless, identity),
    };
    Ok(match opened {
        Ok((Opened::Signed(statement), signer)) if statement.is_about(digest) => Ok((statement, signer)),
        Ok((Opened::Signed(statement), _)) => {
            Err(Reason::OtherDigest { about: statement.about(), predicate_type: statement.predicate_type })
        }
        Ok((Opened::OtherKey { predicate_type }, _)) => Err(Reason::OtherKey { predicate_type }),
        Err(why) => Err(Reason::Unusable(why)),
    })
}

/// Reads the signatures under the tag `sha256-<hex>.sig`.
fn gather_legacy(
    place: &Place<'_>,
    digest: &Digest,
    trust: Trust<'_>,
    evidence: &mut Evidence,
) -> Result<(), Error> {
    let tag = format!("{}.sig", registry::fallback_tag(digest));
    let Some(found) = place.manifest(&tag)? else { return Ok(()) };
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&found.bytes) else { return Ok(()) };
    let layers = manifest.layers.iter().filter(|layer| layer.media_type == SIMPLE_SIGNING);
    for layer in layers.take(REFERRERS) {
        let place_of = found.descriptor.digest.clone();
        let result = read_simple(place, layer, digest, trust)?;
        match result {
            Ok(annotations) => {
                evidence.signatures.push(Signed { manifest: place_of, storage: Storage::Tag, annotations });
            }
            Err(reason) => evidence.rejected.push(Rejected { manifest: place_of, reason }),
        }
    }
    Ok(())
}

type Annotations = BTreeMap<String, serde_json::Value>;

fn read_simple(
    place: &Place<'_>,
    layer: &Descriptor,
    digest: &Digest,
    trust: Trust<'_>,
) -> Result<Result<Annotations, Reason>, Error> {
    let unusable = |why: &str| Ok(Err(Reason::Unusable(why.to_owned())));
    let Trust::Key(key) = trust else {
        return unusable(
            "it lies under a tag, where no keyless signature is looked for: sign it as a bundle",
        );
    };
    if layer.size > crate::place::BLOB_LIMIT {
        return unusable("its payload is too large");
    }
    let payload = place.blob(layer)?;
    let signature = layer.annotations.get(LEGACY_SIGNATURE).and_then(|text| STANDARD.decode(text).ok());
    let Some(signature) = signature else { return unusable("its signature is missing or not base64") };
    let predicate_type = SIMPLE_SIGNING.to_owned();
    if !key.verifies(&payload, &signature) {
        return Ok(Err(Reason::OtherKey { predicate_type }));
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&payload) else {
        return unusable("its payload is not JSON");
    };
    let about = value.pointer("/critical/image/docker-manifest-digest").and_then(serde_json::Value::as_str);
    let kind = value.pointer("/critical/type").and_then(serde_json::Value::as_str);
    if kind != Some("cosign container image signature") {
        return unusable("its payload is no image signature");
    }
    if about != Some(digest.as_str()) {
        let about = about.unwrap_or("nothing").to_owned();
        return Ok(Err(Reason::OtherDigest { about, predicate_type }));
    }
    let optional = value.get("optional").and_then(serde_json::Value::as_object);
    Ok(Ok(optional.map(|map| map.clone().into_iter().collect()).unwrap_or_default()))
}
