//! Digests of random bytes.

use sha2::Digest as _;

use super::format::Format;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Sha512,
    Sha3_256,
    Sha3_512,
    Blake2b,
    Blake2s,
}

impl Algorithm {
    /// The algorithm of a digest format.
    pub(super) fn of(format: Format) -> Option<Self> {
        match format {
            Format::Sha256 => Some(Self::Sha256),
            Format::Sha512 => Some(Self::Sha512),
            Format::Sha3_256 => Some(Self::Sha3_256),
            Format::Sha3_512 => Some(Self::Sha3_512),
            Format::Blake2b => Some(Self::Blake2b),
            Format::Blake2s => Some(Self::Blake2s),
            _ => None,
        }
    }

    /// The size of the digest, in bytes.
    pub(super) fn output_bytes(self) -> usize {
        match self {
            Self::Sha256 | Self::Sha3_256 | Self::Blake2s => 32,
            Self::Sha512 | Self::Sha3_512 | Self::Blake2b => 64,
        }
    }

    pub(super) fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(bytes).to_vec(),
            Self::Sha3_256 => sha3::Sha3_256::digest(bytes).to_vec(),
            Self::Sha3_512 => sha3::Sha3_512::digest(bytes).to_vec(),
            Self::Blake2b => blake2::Blake2b512::digest(bytes).to_vec(),
            Self::Blake2s => blake2::Blake2s256::digest(bytes).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;
    use crate::passwords::encoding::Encoding;

    #[test]
    fn algorithms_give_their_published_digests() {
        // The published digests of "abc", by their first eight bytes.
        for (algorithm, start) in [
            (Algorithm::Sha256, "ba7816bf8f01cfea"),
            (Algorithm::Sha512, "ddaf35a193617aba"),
            (Algorithm::Sha3_256, "3a985da74fe225b2"),
            (Algorithm::Sha3_512, "b751850b1a57168a"),
            (Algorithm::Blake2b, "ba80a53f981c4d0d"),
            (Algorithm::Blake2s, "508c5e8c327c14e2"),
        ] {
            let digest = algorithm.hash(b"abc");
            assert_eq!(digest.len(), algorithm.output_bytes());
            assert!(Encoding::Hex.encode(&digest).starts_with(start), "{algorithm:?}");
        }
    }
}
