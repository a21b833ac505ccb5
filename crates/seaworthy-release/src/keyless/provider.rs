//! The arithmetic behind keyless verification: the curves that are in this program anyway, instead of a second library
//! of C code. It only verifies.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use sigstore_verify::crypto::{CryptoProvider, Error, HashContext, SigningScheme, install_default_provider};
use sigstore_verify::types::HashAlgorithm;
use std::sync::Once;

type Result<T> = std::result::Result<T, Error>;

/// Makes the provider that of this process; sigstore's crates ask for one by a global.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Somebody else's provider would do as well.
        let _ = install_default_provider(&RustCrypto);
    });
}

#[derive(Debug)]
struct RustCrypto;

struct Context<D>(D);

impl<D: sha2::Digest + Send> HashContext for Context<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl CryptoProvider for RustCrypto {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        Ok(match algorithm {
            HashAlgorithm::Sha2256 => Box::new(Context(Sha256::new())),
            HashAlgorithm::Sha2384 => Box::new(Context(Sha384::new())),
            HashAlgorithm::Sha2512 => Box::new(Context(Sha512::new())),
            other => return Err(Error::UnsupportedAlgorithm(other.to_string())),
        })
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<()> {
        match scheme {
            SigningScheme::Ed25519 => {
                let key: &[u8; 32] = key.try_into().map_err(|_| bad_key(scheme))?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| bad_key(scheme))?;
                let signature =
                    ed25519_dalek::Signature::from_slice(signature).map_err(|_| refused(scheme))?;
                key.verify_strict(data, &signature).map_err(|_| refused(scheme))
            }
            SigningScheme::EcdsaP256Sha256
            | SigningScheme::EcdsaP384Sha256
            | SigningScheme::RsaPssSha256
            | SigningScheme::RsaPkcs1Sha256 => {
                self.verify_prehashed(scheme, key, &Sha256::digest(data), signature)
            }
            SigningScheme::EcdsaP256Sha384
            | SigningScheme::EcdsaP384Sha384
            | SigningScheme::RsaPssSha384
            | SigningScheme::RsaPkcs1Sha384 => {
                self.verify_prehashed(scheme, key, &Sha384::digest(data), signature)
            }
            SigningScheme::RsaPssSha512 | SigningScheme::RsaPkcs1Sha512 => {
                self.verify_prehashed(scheme, key, &Sha512::digest(data), signature)
            }
            other => Err(unknown(other)),
        }
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        match scheme {
            SigningScheme::EcdsaP256Sha256 | SigningScheme::EcdsaP256Sha384 => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| bad_key(scheme))?;
                let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_| refused(scheme))?;
                key.verify_prehash(digest, &signature).map_err(|_| refused(scheme))
            }
            SigningScheme::EcdsaP384Sha256 | SigningScheme::EcdsaP384Sha384 => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| bad_key(scheme))?;
                let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_| refused(scheme))?;
                key.verify_prehash(digest, &signature).map_err(|_| refused(scheme))
            }
            SigningScheme::RsaPkcs1Sha256 => {
                rsa(scheme, key, Pkcs1v15Sign::new::<Sha256>(), digest, signature)
            }
            SigningScheme::RsaPkcs1Sha384 => {
                rsa(scheme, key, Pkcs1v15Sign::new::<Sha384>(), digest, signature)
            }
            SigningScheme::RsaPkcs1Sha512 => {
                rsa(scheme, key, Pkcs1v15Sign::new::<Sha512>(), digest, signature)
            }
            SigningScheme::RsaPssSha256 => rsa(scheme, key, Pss::new::<Sha256>(), digest, signature),
            SigningScheme::RsaPssSha384 => rsa(scheme, key, Pss::new::<Sha384>(), digest, signature),
            SigningScheme::RsaPssSha512 => rsa(scheme, key, Pss::new::<Sha512>(), digest, signature),
            other => Err(unknown(other)),
        }
    }
}

fn rsa(
    scheme: SigningScheme,
    key: &[u8],
    padding: impl rsa::traits::SignatureScheme,
    digest: &[u8],
    signature: &[u8],
) -> Result<()> {
    let key = RsaPublicKey::from_pkcs1_der(key).map_err(|_| bad_key(scheme))?;
    key.verify(padding, digest, signature).map_err(|_| refused(scheme))
}

fn bad_key(scheme: SigningScheme) -> Error {
    Error::InvalidKey(format!("it is no key for {}", scheme.name()))
}

fn refused(scheme: SigningScheme) -> Error {
    Error::Verification(format!("the {} signature does not verify", scheme.name()))
}

fn unknown(scheme: SigningScheme) -> Error {
    Error::UnsupportedAlgorithm(scheme.name().to_owned())
}
