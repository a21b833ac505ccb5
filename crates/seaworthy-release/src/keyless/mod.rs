//! Keyless signatures: a short-lived certificate names who signed, a log and timestamps prove when
//! (sigstore's bundle, `sigstore-conformance`). Everything is verified from the bundle, without a network.

mod provider;

use regex::Regex;
use seaworthy_oci::Digest;
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::{ArtifactDigest, Bundle, DerPublicKey, Sha256Hash};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier};
use std::fmt;

/// How a name of a certificate is compared.
#[derive(Clone, Debug)]
pub enum Match {
    /// It is this text.
    Exact(String),
    /// The expression is found in it, anywhere, as cosign does.
    Pattern(Regex),
}

impl Match {
    fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => wanted == text,
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

impl fmt::Display for Match {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => write!(out, "`{text}`"),
            Self::Pattern(pattern) => write!(out, "`{pattern}` (an expression)"),
        }
    }
}

/// Who must have signed.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate's subject: a mail address, or the address of a workflow.
    pub subject: Match,
    /// Who vouched for the subject, such as `https://token.actions.githubusercontent.com`.
    pub issuer: Match,
}

/// What a keyless signature proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The certificate's subject.
    pub subject: String,
    /// Who vouched for it.
    pub issuer: String,
    /// When it was signed, by the earliest trusted time (RFC 3339); nothing where the bundle has none.
    pub signed_at: Option<String>,
}

/// Why a bundle proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeylessError {
    /// The trusted root does not read.
    #[error("the trusted root does not read: {0}")]
    Root(String),
    /// The bundle does not read.
    #[error("the bundle does not read: {0}")]
    Bundle(String),
    /// Somebody else signed.
    #[error("signed by `{subject}`, vouched for by `{issuer}`")]
    Other {
        /// The certificate's subject.
        subject: String,
        /// Who vouched for it.
        issuer: String,
    },
    /// A signature, a certificate, the log or a time does not hold.
    #[error("{0}")]
    Refused(String),
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub enum Artifact<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// What has this digest, which must be SHA-256.
    Digest(&'a Digest),
}

/// Verifies bundles against one root of trust.
pub struct Keyless {
    verifier: Verifier,
}

impl fmt::Debug for Keyless {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Keyless").finish_non_exhaustive()
    }
}

impl Keyless {
    /// Trusts what a `trusted_root.json` names; by default sigstore's public instance, as it was when this program was
    /// made.
    ///
    /// # Errors
    /// [`KeylessError::Root`].
    pub fn new(trusted_root: Option<&str>) -> Result<Self, KeylessError> {
        provider::install();
        let failed = |error: &dyn fmt::Display| KeylessError::Root(error.to_string());
        let root = TrustedRoot::from_json(trusted_root.unwrap_or(SIGSTORE_PRODUCTION_TRUSTED_ROOT))
            .map_err(|error| failed(&error))?;
        Ok(Self { verifier: Verifier::new(&root).map_err(|error| failed(&error))? })
    }

    /// Proves that somebody signed something.
    ///
    /// # Errors
    /// [`KeylessError`], all but [`KeylessError::Root`].
    pub fn verify(
        &self,
        bundle: &str,
        artifact: Artifact<'_>,
        identity: &Identity,
    ) -> Result<Signer, KeylessError> {
        let mut policy = VerificationPolicy::any_identity();
        // What is compared exactly is compared where the certificate is verified.
        if let Match::Exact(subject) = &identity.subject {
            policy = policy.require_identity(subject);
        }
        if let Match::Exact(issuer) = &identity.issuer {
            policy = policy.require_issuer(issuer);
        }
        let result = self.prove(bundle, artifact, &policy)?;
        let subject = result.identity().map(ToString::to_string).unwrap_or_default();
        let issuer = result.issuer().unwrap_or_default().to_owned();
        if !identity.subject.accepts(&subject) || !identity.issuer.accepts(&issuer) {
            return Err(KeylessError::Other { subject, issuer });
        }
        let signed_at = result.verified_timestamps().iter().min().map(ToString::to_string);
        Ok(Signer { subject, issuer, signed_at })
    }

    /// Proves that a key, in PEM, signed something and that the log holds the signature.
    ///
    /// # Errors
    /// [`KeylessError::Bundle`], [`KeylessError::Refused`].
    pub fn verify_with_key(
        &self,
        bundle: &str,
        artifact: Artifact<'_>,
        key: &str,
    ) -> Result<(), KeylessError> {
        let key = DerPublicKey::from_pem(key).map_err(|error| KeylessError::Refused(error.to_string()))?;
        self.prove(bundle, artifact, &PublicKeyVerificationPolicy::new(key)).map(|_| ())
    }

    fn prove(
        &self,
        bundle: &str,
        artifact: Artifact<'_>,
        policy: &impl sigstore_verify::Policy,
    ) -> Result<VerificationResult, KeylessError> {
        use sigstore_verify::Error;
        let bundle = Bundle::from_json(bundle).map_err(|error| KeylessError::Bundle(error.to_string()))?;
        let result = match artifact {
            Artifact::Bytes(bytes) => self.verifier.verify(bytes, &bundle, policy),
            Artifact::Digest(digest) => {
                let hash = Sha256Hash::from_hex(digest.hex())
                    .map_err(|error| KeylessError::Refused(format!("{digest}: {error}")))?;
                self.verifier.verify(ArtifactDigest::sha256(hash), &bundle, policy)
            }
        };
        result.map_err(|error| match error {
            Error::IdentityMismatch { actual, .. } => KeylessError::Other {
                subject: actual.map(|name| name.to_string()).unwrap_or_default(),
                issuer: "whoever its certificate names".to_owned(),
            },
            Error::IssuerMismatch { actual, .. } => KeylessError::Other {
                subject: "whoever its certificate names".to_owned(),
                issuer: actual.unwrap_or_default(),
            },
            other => KeylessError::Refused(other.to_string()),
        })
    }
}
