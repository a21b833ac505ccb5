//! What makes a text look like a secret: entropy, checksums, encodings, and what rules it out.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shannon's entropy in bits a byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / total;
    counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

/// Base64 of either alphabet, padded or not.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text))
        .or_else(|_| URL_SAFE_NO_PAD.decode(text))
        .ok()
}

/// CRC-32 as GitHub and npm put it at the end of their tokens: six characters of base 62.
pub(super) fn crc_base62(body: &[u8]) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = flate2::Crc::new();
    crc.update(body);
    let mut left = crc.sum();
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(left % 62) as usize];
        left /= 62;
    }
    text
}

/// Text in UTF-16 as bytes, when it is that and mostly ASCII.
pub(super) fn from_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let head = &bytes[..bytes.len().min(256) & !1];
    if head.len() < 16 || memchr::memchr(0, head).is_none() {
        return None;
    }
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let most = head.len() / 2 * 3 / 4;
    let ascii = if zeros(1) >= most && zeros(0) == 0 {
        0
    } else if zeros(0) >= most && zeros(1) == 0 {
        1
    } else {
        return None;
    };
    // A character beyond ASCII becomes one that is in no secret.
    let narrow = |pair: &[u8]| if pair[1 - ascii] == 0 { pair[ascii] } else { b'?' };
    Some(bytes.chunks_exact(2).map(narrow).collect())
}

/// Whether a value stands for a secret rather than being one: a word of documentation, a reference, a path.
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 34] = [
        "example",
        "changeme",
        "change_me",
        "change-me",
        "placeholder",
        "dummy",
        "your",
        "insert",
        "replace",
        "redacted",
        "xxxx",
        "****",
        "....",
        "todo",
        "fixme",
        "none",
        "null",
        "undefined",
        "true",
        "false",
        "password",
        "passwd",
        "secret",
        "token",
        "sample",
        "default",
        "localhost",
        "foobar",
        "lorem",
        "12345678",
        "abcdef",
        "test",
        "fake",
        "hunter2",
    ];
    const STARTS: [&str; 16] = [
        "$", "{", "<", "%", "/", "./", "~/", "@", "file:", "http:", "https:", "sha256:", "sha512:", "arn:",
        "ssh-", "!",
    ];
    let lower = value.to_ascii_lowercase();
    STARTS.iter().any(|start| lower.starts_with(start))
        || WORDS.iter().any(|word| lower.contains(word))
        || value.contains("${")
        || value.contains("$(")
        || value.contains("{{")
        || value.contains("()")
        || is_uuid(value)
}

fn is_uuid(value: &str) -> bool {
    let lengths: Vec<usize> = value.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Whether a text has the looks of a random secret: long, mixed, and hard to guess.
pub(super) fn is_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let has = |test: fn(&u8) -> bool| bytes.iter().any(test);
    let letters = has(u8::is_ascii_alphabetic);
    let digits = has(u8::is_ascii_digit);
    bytes.len() >= 10
        && bytes.len() <= 256
        && bytes.iter().all(u8::is_ascii_graphic)
        && letters
        && digits
        && entropy(bytes) >= 3.2
        && !looks_like_words(value)
}

/// Names such as `db-replica-2.internal` or `MyClassName1`: parts that are words, with few digits.
fn looks_like_words(value: &str) -> bool {
    let parts = || value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let wordlike = |part: &str| {
        let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
        let vowels = part.bytes().filter(|byte| b"aeiouyAEIOUY".contains(byte)).count();
        let lower = part.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
        part.bytes().all(|byte| byte.is_ascii_digit()) && part.len() <= 4
            || (letters == part.len() && lower && part.len() <= 14 && vowels * 5 >= letters)
            || part.len() <= 2
    };
    parts().count() > 0 && parts().all(wordlike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_tokens() {
        // The value is CRC-32's published check value, 0xcbf43926 for "123456789".
        let mut left = 0xcbf4_3926_u32;
        let mut digits = Vec::new();
        for _ in 0..6 {
            digits.push(left % 62);
            left /= 62;
        }
        let text = crc_base62(b"123456789");
        let value = |byte: u8| match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'A'..=b'Z' => u32::from(byte - b'A') + 10,
            _ => u32::from(byte - b'a') + 36,
        };
        assert_eq!(text.iter().rev().map(|byte| value(*byte)).collect::<Vec<_>>(), digits);
    }

    #[test]
    fn names_are_not_random() {
        for value in
            ["db-replica-2.internal", "application1", "/run/secrets/x1", "changeme12345", "aaaaaaaaaa1"]
        {
            assert!(is_placeholder(value) || !is_random(value), "{value}");
        }
        for value in ["f8Kq2ZxP0vLm", "9b74c9897bac770ffc029102a200c5de", "tR7!pq-Zx_91mNb%"] {
            assert!(is_random(value) && !is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn both_orders_of_utf16() {
        let little: Vec<u8> = "token=abcdefgh".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "token=abcdefgh".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(from_utf16(&little).unwrap(), b"token=abcdefgh");
        assert_eq!(from_utf16(&big).unwrap(), b"token=abcdefgh");
        assert!(from_utf16(b"token=abcdefghijkl").is_none());
    }
}
