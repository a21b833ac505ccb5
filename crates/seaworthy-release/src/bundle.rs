//! Sigstore bundles of version 0.3 around DSSE envelopes around in-toto statements, and the manifest that attaches one
//! to an image, as cosign 3 writes them.

use crate::keyless::{Artifact, Identity, Keyless, KeylessError, Signer};
use crate::{Error, PrivateKey, PublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seaworthy_oci::{Descriptor, Digest, Manifest, media_type};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The predicate type of a signature on an image.
pub const PREDICATE_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
/// The predicate type of an attested SPDX document.
pub const PREDICATE_SPDX: &str = "https://spdx.dev/Document";
/// The payload type of in-toto statements.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";
const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";

/// A sigstore bundle, as far as it is read and written here.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bundle {
    media_type: String,
    #[serde(default)]
    verification_material: VerificationMaterial,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dsse_envelope: Option<Envelope>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerificationMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<KeyHint>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeyHint {
    #[serde(default)]
    hint: String,
}

/// A DSSE envelope.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EnvelopeSignature {
    sig: String,
}

/// An in-toto statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The statement's own type.
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it speaks of.
    pub subject: Vec<Subject>,
    /// What kind of claim it is.
    pub predicate_type: String,
    /// The claim.
    #[serde(default)]
    pub predicate: serde_json::Value,
}

/// One thing a statement speaks of; only the digest identifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// A name, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Digests by algorithm.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
    /// Annotations of the signer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, serde_json::Value>,
}

/// What an envelope proves about a key.
pub(crate) enum Opened {
    /// The key signed this statement.
    Signed(Statement),
    /// The envelope is sound, and the key did not sign it. The type is unproven.
    OtherKey { predicate_type: String },
}

impl Statement {
    /// The statement of a signature on an image.
    pub fn sign(image: &Digest) -> Self {
        Self {
            kind: STATEMENT_V1.to_owned(),
            subject: vec![subject(image, "")],
            predicate_type: PREDICATE_SIGN.to_owned(),
            predicate: serde_json::json!({}),
        }
    }

    /// A claim about an image.
    pub fn attest(image: &Digest, name: &str, predicate_type: &str, predicate: serde_json::Value) -> Self {
        Self {
            kind: STATEMENT_V1.to_owned(),
            subject: vec![subject(image, name)],
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    /// Whether it speaks of the digest.
    pub fn is_about(&self, image: &Digest) -> bool {
        self.subject
            .iter()
            .any(|subject| subject.digest.get(image.algorithm()).is_some_and(|hex| hex == image.hex()))
    }

    /// The digests it speaks of.
    pub(crate) fn about(&self) -> String {
        let all = self.subject.iter().flat_map(|subject| &subject.digest);
        all.map(|(algorithm, hex)| format!("{algorithm}:{hex}")).collect::<Vec<_>>().join(", ")
    }
}

fn subject(image: &Digest, name: &str) -> Subject {
    let digest = BTreeMap::from([(image.algorithm().to_owned(), image.hex().to_owned())]);
    Subject { name: name.to_owned(), digest, annotations: BTreeMap::new() }
}

/// DSSE's pre-authentication encoding: what is really signed.
pub(crate) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// Signs a statement; the bundle's bytes.
pub(crate) fn make(statement: &Statement, key: &PrivateKey) -> Result<Vec<u8>, Error> {
    let invalid = |error: serde_json::Error| Error::Invalid {
        what: "the statement to sign".to_owned(),
        why: error.to_string(),
    };
    let payload = serde_json::to_vec(statement).map_err(invalid)?;
    let signature = key.sign(&pae(IN_TOTO, &payload));
    let bundle = Bundle {
        media_type: media_type::SIGSTORE_BUNDLE.to_owned(),
        verification_material: VerificationMaterial {
            public_key: Some(KeyHint { hint: key.public().hint() }),
        },
        dsse_envelope: Some(Envelope {
            payload: STANDARD.encode(payload),
            payload_type: IN_TOTO.to_owned(),
            signatures: vec![EnvelopeSignature { sig: STANDARD.encode(signature) }],
        }),
    };
    serde_json::to_vec(&bundle).map_err(invalid)
}

/// The envelope of a bundle with its payload and statement. The error says why it is no bundle of an in-toto statement.
fn read(bytes: &[u8]) -> Result<(Envelope, Vec<u8>, Statement), String> {
    let bundle: Bundle = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let known = bundle.media_type.starts_with("application/vnd.dev.sigstore.bundle");
    if !known {
        return Err(format!("`{}` is no bundle", bundle.media_type.chars().take(100).collect::<String>()));
    }
    let envelope = bundle.dsse_envelope.ok_or("it holds no DSSE envelope")?;
    if envelope.payload_type != IN_TOTO {
        return Err("its payload is no in-toto statement".to_owned());
    }
    let payload = STANDARD.decode(&envelope.payload).map_err(|_| "its payload is not base64")?;
    let statement: Statement = serde_json::from_slice(&payload).map_err(|error| error.to_string())?;
    if statement.kind != STATEMENT_V1 && statement.kind != STATEMENT_V01 {
        return Err("its payload is no in-toto statement of a known version".to_owned());
    }
    Ok((envelope, payload, statement))
}

/// Opens a bundle with a key. The error says why it is no bundle of an in-toto statement.
pub(crate) fn open(bytes: &[u8], key: &PublicKey) -> Result<Opened, String> {
    let (envelope, payload, statement) = read(bytes)?;
    let message = pae(&envelope.payload_type, &payload);
    let signed = envelope.signatures.iter().any(|signature| {
        STANDARD.decode(&signature.sig).is_ok_and(|signature| key.verifies(&message, &signature))
    });
    Ok(if signed {
        Opened::Signed(statement)
    } else {
        Opened::OtherKey { predicate_type: statement.predicate_type }
    })
}

/// What a bundle holds, whoever signed it; nothing where the bytes are no bundle.
pub(crate) fn unproven(bytes: &[u8]) -> Option<Vec<u8>> {
    let bundle: Bundle = serde_json::from_slice(bytes).ok()?;
    STANDARD.decode(&bundle.dsse_envelope?.payload).ok()
}

/// Opens a bundle whose certificate must name somebody. What is proved is what the statement says of its own subject;
/// whether that is the image in question is for the caller.
pub(crate) fn open_keyless(
    bytes: &[u8],
    keyless: &Keyless,
    identity: &Identity,
) -> Result<(Opened, Option<Signer>), String> {
    let (_, _, statement) = read(bytes)?;
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let about = statement.subject.iter().find_map(|subject| subject.digest.get("sha256"));
    let about: Digest = about
        .and_then(|hex| format!("sha256:{hex}").parse().ok())
        .ok_or("its statement names no SHA-256 digest")?;
    match keyless.verify(text, Artifact::Digest(&about), identity) {
        Ok(signer) => Ok((Opened::Signed(statement), Some(signer))),
        Err(KeylessError::Other { .. }) => {
            Ok((Opened::OtherKey { predicate_type: statement.predicate_type }, None))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// A manifest that attaches one blob to an image.
pub(crate) struct Referrer {
    /// Descriptor with artifact type and annotations, as listed.
    pub(crate) descriptor: Descriptor,
    /// The manifest's bytes.
    pub(crate) bytes: Vec<u8>,
    /// The blob.
    pub(crate) blob: Descriptor,
    /// The blob's bytes.
    pub(crate) content: Vec<u8>,
}

/// Builds the manifest that attaches a blob.
pub(crate) fn referrer(
    subject: &Descriptor,
    artifact_type: &str,
    content: Vec<u8>,
    annotations: BTreeMap<String, String>,
) -> Result<Referrer, Error> {
    let blob = Descriptor::of(artifact_type, &content);
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: Some(artifact_type.to_owned()),
        config: Descriptor::of(media_type::EMPTY, b"{}"),
        layers: vec![blob.clone()],
        subject: Some(Descriptor::new(&subject.media_type, subject.digest.clone(), subject.size)),
        annotations: annotations.clone(),
    };
    let bytes = serde_json::to_vec(&manifest).map_err(|error| Error::Invalid {
        what: "the manifest to attach".to_owned(),
        why: error.to_string(),
    })?;
    let mut descriptor = Descriptor::of(media_type::MANIFEST, &bytes);
    descriptor.artifact_type = Some(artifact_type.to_owned());
    descriptor.annotations = annotations;
    Ok(Referrer { descriptor, bytes, blob, content })
}

/// The annotations cosign puts on the manifest of a bundle.
pub(crate) fn bundle_annotations(predicate_type: &str, created: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("dev.sigstore.bundle.content".to_owned(), "dsse-envelope".to_owned()),
        ("dev.sigstore.bundle.predicateType".to_owned(), predicate_type.to_owned()),
        ("org.opencontainers.image.created".to_owned(), created.to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_the_published_one() {
        // The example of the DSSE specification (protocol.md).
        let bytes = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_bundle_opens_with_its_key_only() {
        let (key, other) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
        let image = Digest::of(b"image");
        let bytes = make(&Statement::sign(&image), &key).unwrap();
        let Ok(Opened::Signed(statement)) = open(&bytes, &key.public()) else { panic!("not signed") };
        assert!(statement.is_about(&image));
        assert!(!statement.is_about(&Digest::of(b"other")));
        assert!(matches!(open(&bytes, &other.public()), Ok(Opened::OtherKey { .. })));
        let changed = String::from_utf8(bytes).unwrap().replacen("\"sig\":\"", "\"sig\":\"AAAA", 1);
        assert!(matches!(open(changed.as_bytes(), &key.public()), Ok(Opened::OtherKey { .. })));
    }

    #[test]
    fn no_changed_byte_changes_what_is_proved() {
        let key = PrivateKey::generate().unwrap();
        let statement = Statement::sign(&Digest::of(b"image"));
        let sound = make(&statement, &key).unwrap();
        for at in (0..sound.len()).step_by(3) {
            for bit in [1, 32] {
                let mut bytes = sound.clone();
                bytes[at] ^= bit;
                if let Ok(Opened::Signed(read)) = open(&bytes, &key.public()) {
                    assert_eq!(read, statement, "byte {at}");
                }
            }
            assert!(open(&sound[..at], &key.public()).is_err(), "the first {at} bytes");
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail() {
        let key = PrivateKey::generate().unwrap().public();
        for text in [
            "",
            "{}",
            "[]",
            r#"{"mediaType":"x"}"#,
            r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}"#,
        ] {
            assert!(open(text.as_bytes(), &key).is_err(), "{text}");
        }
    }
}
