//! The formats of `POST /v1/passwords`.

use crate::payload::Invalid;

/// What an output looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Characters drawn from an alphabet.
    Password,
    /// Random bytes in hexadecimal.
    Hex,
    /// Random bytes in Base64 with padding (RFC 4648, section 4).
    Base64,
    /// Random bytes in URL-safe Base64 without padding (RFC 4648, section 5).
    Base64Url,
    /// Random bytes as one number in Crockford's Base32.
    Crock32,
    /// The same with Crockford's check symbol (modulo 37).
    Crock32Check,
    /// Random bytes in Bitcoin's Base58.
    Base58,
    /// The same with four bytes of double SHA-256 appended.
    Base58Check,
    /// A random UUID (version 4, RFC 9562).
    Uuid,
    /// A mnemonic phrase with checksum (BIP 39).
    Bip39,
    /// SHA-256 of random bytes.
    Sha256,
    /// SHA-512 of random bytes.
    Sha512,
    /// SHA3-256 of random bytes.
    Sha3_256,
    /// SHA3-512 of random bytes.
    Sha3_512,
    /// BLAKE2b (512 bits) of random bytes.
    Blake2b,
    /// BLAKE2s (256 bits) of random bytes.
    Blake2s,
}

impl Format {
    /// All formats with the names used in requests.
    pub const ALL: [(&'static str, Self); 16] = [
        ("password", Self::Password),
        ("hex", Self::Hex),
        ("base64", Self::Base64),
        ("base64url", Self::Base64Url),
        ("crock32", Self::Crock32),
        ("crock32check", Self::Crock32Check),
        ("base58", Self::Base58),
        ("base58check", Self::Base58Check),
        ("uuid", Self::Uuid),
        ("bip39", Self::Bip39),
        ("sha256", Self::Sha256),
        ("sha512", Self::Sha512),
        ("sha3_256", Self::Sha3_256),
        ("sha3_512", Self::Sha3_512),
        ("blake2b", Self::Blake2b),
        ("blake2s", Self::Blake2s),
    ];

    /// Finds a format by its name.
    pub fn named(name: &str) -> Result<Self, Invalid> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, format)| format).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            Invalid(format!("format must be one of {}", names.join(", ")))
        })
    }

    /// The name used in requests.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }
}
