//! Bytes as text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::payload::Invalid;

/// Crockford's Base32 digits, then the five extra check symbols.
const CROCKFORD: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/// A way to write bytes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Hex,
    Base64,
    Base64Url,
    Crock32,
    Crock32Check,
    Base58,
    Base58Check,
}

impl Encoding {
    /// Finds the encoding named by `out_enc`.
    pub(super) fn named(name: &str) -> Result<Self, Invalid> {
        match name {
            "hex" => Ok(Self::Hex),
            "base64" => Ok(Self::Base64),
            "base64url" => Ok(Self::Base64Url),
            "crock32" => Ok(Self::Crock32),
            "crock32check" => Ok(Self::Crock32Check),
            "base58" => Ok(Self::Base58),
            "base58check" => Ok(Self::Base58Check),
            _ => Err(Invalid::new(
                "out_enc must be one of hex, base64, base64url, crock32, crock32check, base58, base58check",
            )),
        }
    }

    /// The most characters that `bytes` bytes can take.
    pub(super) fn max_chars(self, bytes: usize) -> usize {
        match self {
            Self::Hex => bytes * 2,
            Self::Base64 => bytes.div_ceil(3) * 4,
            Self::Base64Url => (bytes * 4).div_ceil(3),
            Self::Crock32 => (bytes * 8).div_ceil(5),
            Self::Crock32Check => (bytes * 8).div_ceil(5) + 1,
            // log(256) / log(58) is below 1.366.
            Self::Base58 => (bytes * 1366).div_ceil(1000) + 1,
            Self::Base58Check => ((bytes + 4) * 1366).div_ceil(1000) + 1,
        }
    }

    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
            Self::Crock32 => crockford(bytes),
            Self::Crock32Check => {
                let mut text = crockford(bytes);
                text.push(char::from(CROCKFORD[remainder(bytes, 37)]));
                text
            }
            Self::Base58 => bs58::encode(bytes).into_string(),
            Self::Base58Check => bs58::encode(bytes).with_check().into_string(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Writes the bytes as one big-endian number with all its leading zeros.
///
/// The bits are aligned at the end, as in a number, so that the check symbol is the one Crockford defines.
fn crockford(bytes: &[u8]) -> String {
    let digits = (bytes.len() * 8).div_ceil(5);
    let mut text = String::with_capacity(digits + 1);
    let (mut held, mut bits) = (0_u32, digits * 5 - bytes.len() * 8);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(CROCKFORD[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
    }
    text
}

/// The remainder of a big-endian number.
fn remainder(bytes: &[u8], divisor: usize) -> usize {
    bytes.iter().fold(0, |rest, byte| (rest * 256 + usize::from(*byte)) % divisor)
}

#[cfg(test)]
mod tests {
    use super::{CROCKFORD, Encoding, remainder};

    #[test]
    fn known_encodings() {
        assert_eq!(Encoding::Hex.encode(&[0, 0xab, 0xff]), "00abff");
        assert_eq!(Encoding::Base64.encode(b"\xfb\xff\xfe\x00"), "+//+AA==");
        assert_eq!(Encoding::Base64Url.encode(b"\xfb\xff\xfe\x00"), "-__-AA");
        // The example of the Base58 Internet draft.
        assert_eq!(Encoding::Base58.encode(b"Hello World!"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(Encoding::Base58.encode(&[0, 0, 1]), "112");
        let checked = Encoding::Base58Check.encode(b"key material");
        assert_eq!(bs58::decode(&checked).with_check(None).into_vec().unwrap(), b"key material");
    }

    #[test]
    fn crockford_writes_the_number() {
        // 1234 = 1*1024 + 6*32 + 18; two bytes take four digits.
        assert_eq!(Encoding::Crock32.encode(&1234_u16.to_be_bytes()), "016J");
        // 1234 mod 37 = 13.
        assert_eq!(Encoding::Crock32Check.encode(&1234_u16.to_be_bytes()), "016JD");
        assert_eq!(Encoding::Crock32.encode(&[0xff; 5]), "ZZZZZZZZ");
        assert_eq!(Encoding::Crock32Check.encode(&[36]), "14U");
    }

    #[test]
    fn the_check_symbol_finds_every_changed_digit() {
        let text = Encoding::Crock32Check.encode(b"16 random bytes!");
        let digits: Vec<usize> =
            text.bytes().map(|c| CROCKFORD.iter().position(|&known| known == c).unwrap()).collect();
        let (check, number) = digits.split_last().unwrap();
        let value = |digits: &[usize]| digits.iter().fold(0, |rest, digit| (rest * 32 + digit) % 37);
        assert_eq!(value(number), *check);
        assert_eq!(value(number), remainder(b"16 random bytes!", 37));
        for place in 0..number.len() {
            let mut changed = number.to_vec();
            changed[place] = (changed[place] + 1) % 32;
            assert_ne!(value(&changed), *check);
        }
    }

    #[test]
    fn the_most_characters_are_enough() {
        for encoding in ["hex", "base64", "base64url", "crock32", "crock32check", "base58", "base58check"] {
            let encoding = Encoding::named(encoding).unwrap();
            for len in 1..100 {
                assert!(
                    encoding.encode(&vec![0xff; len]).len() <= encoding.max_chars(len),
                    "{encoding:?} {len}"
                );
            }
        }
    }
}
