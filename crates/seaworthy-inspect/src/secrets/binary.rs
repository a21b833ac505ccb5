//! Files that are keys or hold them and are no text: keystores, bare keys, sealed password stores.

use super::found::{Match, Rank};

/// The object identifiers of key algorithms, with their tag and length: RSA, elliptic curves, Ed25519, X25519, Ed448.
const ALGORITHMS: [&[u8]; 5] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x06\x03\x2b\x65\x70",
    b"\x06\x03\x2b\x65\x6e",
    b"\x06\x03\x2b\x65\x71",
];
/// PKCS#12: a bag with a key, sealed or not. In clear even where the certificates are not.
const KEY_BAGS: [&[u8]; 2] =
    [b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"];

/// Beginnings of password stores.
const STORES: [(&[u8], &str, &str); 5] = [
    (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", "KeePass database", "keepass"),
    (b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5", "KeePass database", "keepass"),
    (b"GnomeKeyring\n\r\0\n", "GNOME keyring", "gnome-keyring"),
    (b"KWALLET\n\r\0\r\n", "KDE wallet", "kde-wallet"),
    (b"kych\0\x01\0\0", "macOS keychain", "keychain"),
];

/// The key or the store that a file is.
pub(super) fn read(bytes: &[u8]) -> Option<Match> {
    let make = |what: &str, detector: &'static str, note: Option<&str>| {
        let found = Match::new((what, detector), Rank::Proven, bytes, 0, 0);
        Some(match note {
            Some(note) => found.note(note),
            None => found,
        })
    };
    if let Some((_, what, detector)) = STORES.iter().find(|(start, _, _)| bytes.starts_with(start)) {
        return make(what, detector, Some("sealed by a password"));
    }
    match bytes.get(..4)? {
        b"\xfe\xed\xfe\xed" | b"\xce\xce\xce\xce" if java_keys(bytes) => {
            make("Java keystore with a private key", "java-keystore", Some("sealed by a password"))
        }
        [0x30, first, ..] if bytes.len() <= 64 << 10 => {
            let (length, rest) = der_length(&bytes[1..])?;
            let head = usize::from(*first & 0x7f) * usize::from(*first > 0x7f) + 2;
            // Nothing but the key follows.
            if bytes.len().checked_sub(head)? != length {
                return None;
            }
            let early = &bytes[..bytes.len().min(64)];
            let has = |all: &[u8], part: &[u8]| memchr::memmem::find(all, part).is_some();
            match rest.get(..3)? {
                b"\x02\x01\x03" if KEY_BAGS.iter().any(|bag| has(bytes, bag)) => {
                    make("PKCS#12 store with a private key", "pkcs12", None)
                }
                b"\x02\x01\x00" if ALGORITHMS.iter().any(|known| has(early, known)) => {
                    make("private key", "private-key-der", None)
                }
                // PKCS#1: the modulus follows, then the public exponent 65537.
                b"\x02\x01\x00" if rest.get(3) == Some(&2) && has(bytes, b"\x02\x03\x01\x00\x01\x02") => {
                    make("RSA private key", "private-key-der", None)
                }
                b"\x02\x01\x01" if rest.get(3) == Some(&4) && length < 256 => {
                    make("EC private key", "private-key-der", None)
                }
                _ => None,
            }
        }
        b"(21:" | b"(11:" => {
            let private =
                bytes.starts_with(b"(21:protected-private-key") || bytes.starts_with(b"(11:private-key");
            private.then(|| make("GnuPG private key", "gnupg-key", None))?
        }
        _ => None,
    }
}

/// Whether a Java keystore holds a key: entries of kind 1 do, those of kind 2 are certificates.
fn java_keys(bytes: &[u8]) -> bool {
    let word =
        |at: usize| bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes);
    let (Some(1 | 2), Some(count)) = (word(4), word(8)) else { return false };
    let mut at = 12;
    for _ in 0..count.min(10_000) {
        match word(at) {
            Some(1 | 3) => return true,
            Some(2) => {}
            _ => return false,
        }
        // Alias, date, kind of certificate, certificate.
        let short =
            |at: usize| bytes.get(at..at + 2).map(|two| usize::from(two[0]) << 8 | usize::from(two[1]));
        let Some(alias) = short(at + 4) else { return false };
        let Some(kind) = short(at + 6 + alias + 8) else { return false };
        let place = at + 6 + alias + 8 + 2 + kind;
        let Some(length) = word(place).and_then(|length| usize::try_from(length).ok()) else { return false };
        at = place.saturating_add(4).saturating_add(length);
    }
    false
}

/// A length of DER, and what follows it.
fn der_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match *bytes.first()? {
        short @ 0..=0x7f => Some((usize::from(short), &bytes[1..])),
        long @ 0x81..=0x83 => {
            let count = usize::from(long & 0x7f);
            let digits = bytes.get(1..=count)?;
            let length = digits.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
            Some((length, &bytes[count + 1..]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_certificates_holds_no_key() {
        let store = |kind: u32| {
            let mut bytes = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1];
            bytes.extend(kind.to_be_bytes());
            bytes.extend(b"\0\x05alias\0\0\0\0\0\0\0\0\0\x05X.509\0\0\0\x02ab");
            bytes
        };
        assert!(read(&store(2)).is_none());
        assert_eq!(read(&store(1)).unwrap().detector, "java-keystore");
    }

    #[test]
    fn bare_keys_are_told_from_certificates() {
        let mut key = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
        key.extend([7; 32]);
        assert_eq!(read(&key).unwrap().detector, "private-key-der");
        key.push(0);
        assert!(read(&key).is_none(), "something follows");
        let mut public = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
        public.extend([7; 32]);
        assert!(read(&public).is_none());
    }
}
