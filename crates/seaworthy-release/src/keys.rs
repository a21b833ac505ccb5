//! Signing keys: P-256 by default, P-384 and Ed25519 too. Signatures are ECDSA in ASN.1 DER over SHA-256 (P-256) or
//! SHA-384 (P-384), or plain Ed25519, as cosign makes and expects them.

use crate::Error;
use crate::keyfile;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use sha2::Digest as _;
use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A key file that is larger is none.
const KEY_LIMIT: u64 = 64 << 10;

/// A private key, in memory only.
pub struct PrivateKey(Secret);

enum Secret {
    P256(p256::ecdsa::SigningKey),
    P384(Box<p384::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    point: Point,
    der: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Point {
    P256(p256::ecdsa::VerifyingKey),
    P384(Box<p384::ecdsa::VerifyingKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

/// Where a new pair of keys was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// The encrypted private key, mode 0600.
    pub private: PathBuf,
    /// The public key.
    pub public: PathBuf,
    /// Fingerprint of the public key.
    pub fingerprint: String,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PrivateKey({})", self.public().fingerprint())
    }
}

impl PrivateKey {
    /// A new P-256 key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, Error> {
        loop {
            let mut bytes = [0; 32];
            keyfile::random(&mut bytes)?;
            // A number outside the group's order is possible, at odds of 2^-32.
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&bytes) {
                return Ok(Self(Secret::P256(key)));
            }
        }
    }

    /// Reads a private key as cosign writes it (`cosign.key`).
    ///
    /// # Errors
    /// When the text is no such key, its parameters are hostile, or the password is wrong.
    pub fn from_pem(pem: &str, password: &[u8]) -> Result<Self, Error> {
        Self::from_named_pem("the private key", pem, password)
    }

    /// Reads a private key's file.
    ///
    /// # Errors
    /// As [`PrivateKey::from_pem`]; also when the file cannot be read.
    pub fn load(path: &Path, password: &[u8]) -> Result<Self, Error> {
        let pem = read(path)?;
        Self::from_named_pem(&path.display().to_string(), &pem, password)
    }

    fn from_named_pem(what: &str, pem: &str, password: &[u8]) -> Result<Self, Error> {
        let der = keyfile::open(what, pem, password)?;
        if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_der(&der) {
            return Ok(Self(Secret::P256(key)));
        }
        if let Ok(key) = p384::ecdsa::SigningKey::from_pkcs8_der(&der) {
            return Ok(Self(Secret::P384(Box::new(key))));
        }
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_der(&der) {
            return Ok(Self(Secret::Ed25519(Box::new(key))));
        }
        let why = "it is neither P-256, P-384 nor Ed25519".to_owned();
        Err(Error::Key { what: what.to_owned(), why })
    }

    /// The key as cosign writes it, encrypted with a password.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn to_pem(&self, password: &[u8]) -> Result<String, Error> {
        let fail =
            |_| Error::Key { what: "the private key".to_owned(), why: "it cannot be encoded".to_owned() };
        let der = match &self.0 {
            Secret::P256(key) => key.to_pkcs8_der().map_err(fail)?,
            Secret::P384(key) => key.to_pkcs8_der().map_err(fail)?,
            Secret::Ed25519(key) => key.to_pkcs8_der().map_err(fail)?,
        };
        keyfile::seal(der.as_bytes(), password)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::of(match &self.0 {
            Secret::P256(key) => Point::P256(*key.verifying_key()),
            Secret::P384(key) => Point::P384(Box::new(*key.verifying_key())),
            Secret::Ed25519(key) => Point::Ed25519(Box::new(key.verifying_key())),
        })
    }

    /// Signs a message. ECDSA nonces are deterministic (RFC 6979): the same message gives the same signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Secret::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }
}

impl PublicKey {
    fn of(point: Point) -> Self {
        let encoded = match &point {
            Point::P256(key) => key.to_public_key_der(),
            Point::P384(key) => key.to_public_key_der(),
            Point::Ed25519(key) => key.to_public_key_der(),
        };
        let der = encoded.expect("internal error: a valid key has a DER form").into_vec();
        Self { point, der }
    }

    /// Reads a public key in PEM (`cosign.pub`).
    ///
    /// # Errors
    /// When it is no public key of a known kind.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        Self::from_named_pem("the public key", pem)
    }

    /// Reads a public key's file.
    ///
    /// # Errors
    /// As [`PublicKey::from_pem`]; also when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_named_pem(&path.display().to_string(), &read(path)?)
    }

    fn from_named_pem(what: &str, pem: &str) -> Result<Self, Error> {
        let fail = |why: &str| Error::Key { what: what.to_owned(), why: why.to_owned() };
        let (label, der) = keyfile::parse_pem(pem).ok_or_else(|| fail("it is not PEM"))?;
        if label != "PUBLIC KEY" {
            return Err(fail(&format!("it is a `{label}`, not a `PUBLIC KEY`")));
        }
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(&der) {
            return Ok(Self::of(Point::P256(key)));
        }
        if let Ok(key) = p384::ecdsa::VerifyingKey::from_public_key_der(&der) {
            return Ok(Self::of(Point::P384(Box::new(key))));
        }
        if let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_der(&der) {
            return Ok(Self::of(Point::Ed25519(Box::new(key))));
        }
        Err(fail("it is neither P-256, P-384 nor Ed25519"))
    }

    /// The key in PEM, as `cosign.pub`.
    pub fn to_pem(&self) -> String {
        keyfile::to_pem("PUBLIC KEY", &self.der)
    }

    /// SHA-256 of the DER form, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        seaworthy_oci::Digest::of(&self.der).hex().to_owned()
    }

    /// The hint a bundle names its key by: SHA-256 of the DER form, in base64.
    pub fn hint(&self) -> String {
        STANDARD.encode(sha2::Sha256::digest(&self.der))
    }

    /// Whether a signature of this key is on the message.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.point {
            Point::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Point::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Point::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }
}

/// Generates a pair and writes `PREFIX.key` and `PREFIX.pub`. Neither file is ever overwritten.
///
/// # Errors
/// When a file is there already or cannot be written; then neither is left behind.
pub fn write_pair(prefix: &Path, password: &[u8]) -> Result<KeyPair, Error> {
    let with = |extension: &str| {
        let mut name = prefix.as_os_str().to_owned();
        name.push(extension);
        PathBuf::from(name)
    };
    let (private, public) = (with(".key"), with(".pub"));
    let key = PrivateKey::generate()?;
    let half = key.public();
    write_new(&private, key.to_pem(password)?.as_bytes(), 0o600)?;
    if let Err(error) = write_new(&public, half.to_pem().as_bytes(), 0o644) {
        // Half a pair would stand in the way of the next try. What fails here is reported by the first error.
        let _ = std::fs::remove_file(&private);
        return Err(error);
    }
    Ok(KeyPair { private, public, fingerprint: half.fingerprint() })
}

/// Writes a file that is not there yet: whole or not at all.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let fail = |source| Error::Io { action: "writing", path: path.to_owned(), source };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".seaworthy-key-").tempfile_in(directory).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist_noclobber(path).map_err(|error| fail(error.error))?;
    Ok(())
}

fn read(path: &Path) -> Result<String, Error> {
    use std::io::Read as _;
    let fail = |source| Error::Io { action: "reading", path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(fail)?;
    let mut text = String::new();
    file.take(KEY_LIMIT).read_to_string(&mut text).map_err(fail)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_pair_reads_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let pair = write_pair(&dir.path().join("ship"), b"pw").unwrap();
        let mode = std::fs::metadata(&pair.private).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let key = PrivateKey::load(&pair.private, b"pw").unwrap();
        let public = PublicKey::load(&pair.public).unwrap();
        assert_eq!(key.public(), public);
        assert_eq!(public.fingerprint(), pair.fingerprint);
        let signature = key.sign(b"message");
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"other", &signature));
        assert!(matches!(PrivateKey::load(&pair.private, b"no"), Err(Error::Password { .. })));
        let before = std::fs::read(&pair.private).unwrap();
        assert!(write_pair(&dir.path().join("ship"), b"pw").is_err());
        assert_eq!(std::fs::read(&pair.private).unwrap(), before);
        std::fs::remove_file(&pair.private).unwrap();
        assert!(write_pair(&dir.path().join("ship"), b"pw").is_err());
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["ship.pub"]);
    }

    #[test]
    fn other_curves_sign_and_verify() {
        let p384 = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
        let ed = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        for secret in [Secret::P384(Box::new(p384)), Secret::Ed25519(Box::new(ed))] {
            let key = PrivateKey(secret);
            let pem = key.to_pem(b"").unwrap();
            let key = PrivateKey::from_pem(&pem, b"").unwrap();
            let public = PublicKey::from_pem(&key.public().to_pem()).unwrap();
            assert!(public.verifies(b"m", &key.sign(b"m")));
            assert!(!public.verifies(b"n", &key.sign(b"m")));
            assert!(!public.verifies(b"m", b"nonsense"));
        }
    }

    #[test]
    fn broken_public_keys_are_refused() {
        for text in [
            "",
            "x",
            "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(PublicKey::from_pem(text).is_err(), "{text}");
        }
    }
}
