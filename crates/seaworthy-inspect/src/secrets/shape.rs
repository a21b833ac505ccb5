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

/// Base64 that may be broken into lines.
pub(super) fn base64_lines(text: &[u8]) -> Option<Vec<u8>> {
    let joined: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    // A cut end still has what comes before it.
    base64(&joined).or_else(|| base64(&joined[..joined.len() - joined.len() % 4]))
}

/// The account that an AWS key id has in it, where it has one: 40 bits from the second on, in base 32.
pub(super) fn aws_account(body: &[u8]) -> Option<String> {
    let mut value = 0u64;
    for byte in body.get(..10)? {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        value = value << 5 | u64::from(digit);
    }
    // Ten characters are 50 bits: one that says nothing, 40 of the account, and nine of the rest.
    let account = value >> 9 & 0xff_ffff_ffff;
    (account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

/// Whether bytes begin as a macaroon of the second version does: a field with the name of a host.
pub(super) fn is_macaroon(clear: &[u8]) -> bool {
    let length = clear.get(2).map_or(0, |length| usize::from(*length));
    let host = clear.get(3..3 + length).unwrap_or_default();
    clear.starts_with(&[2, 1])
        && host.contains(&b'.')
        && host.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte))
}

/// Whether a text has the checksum of bech32 (BIP 173).
pub(super) fn is_bech32(text: &[u8]) -> bool {
    const DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const FACTORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let lower = text.to_ascii_lowercase();
    let Some(border) = lower.iter().rposition(|byte| *byte == b'1') else { return false };
    let (name, data) = (&lower[..border], &lower[border + 1..]);
    let digits: Option<Vec<u8>> = data
        .iter()
        .map(|byte| DIGITS.iter().position(|digit| digit == byte).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let Some(digits) = digits else { return false };
    let high = name.iter().map(|byte| byte >> 5);
    let low = name.iter().map(|byte| byte & 31);
    let mut sum = 1u32;
    for value in high.chain([0]).chain(low).chain(digits) {
        let top = sum >> 25;
        sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        for (bit, factor) in FACTORS.iter().enumerate() {
            if top >> bit & 1 == 1 {
                sum ^= factor;
            }
        }
    }
    sum == 1
}

/// The algorithm of a JSON web token that is one; nothing for tokens without a signature and for those of introductions.
pub(super) fn jwt(token: &[u8]) -> Option<String> {
    let mut parts = token.split(|byte| *byte == b'.');
    let header: serde_json::Value = serde_json::from_slice(&base64(parts.next()?)?).ok()?;
    let body: serde_json::Value = serde_json::from_slice(&base64(parts.next()?)?).ok()?;
    let algorithm = header.get("alg")?.as_str()?;
    let text = |key: &str| body.get(key).and_then(serde_json::Value::as_str);
    // Every introduction to the format shows the token of John Doe; the standard that of joe.
    let example = text("name") == Some("John Doe") || text("iss") == Some("joe");
    let plain =
        algorithm.chars().all(|c| c.is_ascii_alphanumeric() || "-+".contains(c)) && algorithm.len() < 24;
    (!algorithm.eq_ignore_ascii_case("none") && !example && body.is_object() && plain)
        .then(|| algorithm.to_owned())
}

/// Whether a token is one that documentation shows.
pub(super) fn is_example(token: &[u8]) -> bool {
    const PARTS: [&[u8]; 10] = [
        b"EXAMPLE",
        b"example",
        b"xxxxxx",
        b"XXXXXX",
        b"000000000",
        b"123456789",
        b"abcdefghi",
        b"ABCDEFGHI",
        b"Eby8vdM02xNOcqFlqUwJ",
        b"C2y6yDjf5/R+ob0N8A7C",
    ];
    const WHOLE: [&[u8]; 6] = [
        b"ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        b"AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe",
        b"sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        b"sk_test_BQokikJOvBiI2HlWgH4olfQ2",
        b"110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        b"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11",
    ];
    WHOLE.contains(&token) || PARTS.iter().any(|part| memchr::memmem::find(token, part).is_some())
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

/// Whether bytes that hold a zero begin as text in UTF-16.
pub(super) fn is_utf16(head: &[u8]) -> bool {
    let Some(zero) = memchr::memchr(0, head) else { return false };
    let text = &head[zero..head.len().min(zero + 32)];
    let every_second = text.iter().enumerate().all(|(at, byte)| (*byte == 0) == (at % 2 == 0));
    text.len() >= 8 && every_second
}

/// Text in UTF-16 as bytes, when a file is that and mostly ASCII, and where it begins. What fills the file before the
/// text is passed over.
pub(super) fn from_utf16(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let zero = memchr::memchr(0, bytes)?;
    let mark = bytes.get(..2).filter(|mark| matches!(mark, [0xff, 0xfe] | [0xfe, 0xff])).map_or(0, |_| 2);
    let zeros =
        |bytes: &[u8], parity: usize| bytes.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    // The first zero belongs to the letter before it, or to the one after.
    let start = if mark > 0 { mark } else { zero.saturating_sub(1) };
    [start, zero].into_iter().find_map(|start| {
        let text = &bytes[start..];
        let head = &text[..text.len().min(256)];
        let most = head.len() / 2 * 3 / 4;
        let ascii = if head.len() < 16 {
            return None;
        } else if zeros(head, 1) >= most && zeros(head, 0) == 0 {
            0
        } else if zeros(head, 0) >= most && zeros(head, 1) == 0 {
            1
        } else {
            return None;
        };
        // A character beyond ASCII becomes one that is in no secret.
        let narrow = |pair: &[u8]| match pair {
            [low, high] => {
                let (low, high) = if ascii == 0 { (*low, *high) } else { (*high, *low) };
                if high == 0 { low } else { b'?' }
            }
            rest => rest.first().copied().unwrap_or(b'?'),
        };
        Some((start, text.chunks(2).map(narrow).collect()))
    })
}

/// Whether a value stands for a secret rather than being one: a word of documentation, a reference, a path.
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 32] = [
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
        "undefined",
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
        "hunter2",
        "mysql",
        "postgres",
        "admin",
        "string",
    ];
    const STARTS: [&str; 11] =
        ["{", "<", "./", "../", "~/", "file:", "http:", "https:", "sha256:", "sha512:", "arn:"];
    // Words that are short are met by chance in long values.
    const SHORT: [&str; 6] = ["none", "null", "true", "false", "test", "fake"];
    let lower = value.to_ascii_lowercase();
    let after = |start: char| {
        let rest = value.strip_prefix(start)?;
        let word = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        Some((word, rest.as_bytes().get(word).copied()))
    };
    // `$NAME`, `${NAME}`, `$(command)`, `%NAME%`, `%(name)s`, `%{name}`, `@name@`, `!vault` are references.
    let reference = after('$').is_some_and(|(word, next)| {
        !(value.starts_with("$2") || value.starts_with("$apr1"))
            && (word > 0 || matches!(next, Some(b'{' | b'(')))
            && next.is_none_or(|byte| b"{(:/.-\"'}".contains(&byte))
    }) || after('%').is_some_and(|(word, next)| {
        matches!(next, Some(b'%')) || (word == 0 && matches!(next, Some(b'(' | b'{')))
    }) || after('@').is_some_and(|(_, next)| next == Some(b'@'))
        || after('!').is_some_and(|(word, next)| {
            word > 2 && (next.is_none() || next == Some(b' ')) && !is_random(value)
        });
    // A path is made of words.
    let path = value.starts_with('/')
        && value[1..].split('/').count() > 1
        && !value.ends_with('=')
        && value[1..]
            .split('/')
            .filter(|part| !part.is_empty())
            .all(|part| looks_like_words(part) || !is_random(part));
    let ssh_public = ["ssh-rsa ", "ssh-ed25519 ", "ssh-dss "].iter().any(|start| value.starts_with(start));
    STARTS.iter().any(|start| lower.starts_with(start))
        || WORDS.iter().any(|word| lower.contains(word))
        || (value.len() < 24 && SHORT.iter().any(|word| lower.contains(word)) && looks_like_words(value))
        || reference
        || path
        || ssh_public
        || value.contains("${")
        || value.contains("$(")
        || value.contains("{{")
        || value.contains("()")
        || is_uuid(value)
}

/// Whether a text is a UUID.
pub(super) fn is_uuid(value: &str) -> bool {
    let lengths: Vec<usize> = value.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Whether a text has the looks of a random secret: long, mixed, and hard to guess.
pub(super) fn is_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let has = |test: fn(&u8) -> bool| u8::from(bytes.iter().any(test));
    let upper = has(u8::is_ascii_uppercase);
    let lower = has(u8::is_ascii_lowercase);
    let digits = has(u8::is_ascii_digit);
    let marks = has(u8::is_ascii_punctuation);
    let kinds = upper + lower + digits + marks;
    // Letters alone must change their case as no name does.
    let mixed = (digits == 1 && upper + lower > 0)
        || kinds >= 3
        || (upper + lower == 2 && turns(bytes) * 4 >= bytes.len());
    (10..=256).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_graphic)
        && mixed
        && entropy(bytes) >= if bytes.len() < 14 { 3.0 } else { 3.2 }
        && !looks_like_words(value)
}

/// How often a small letter is followed by a capital one.
fn turns(bytes: &[u8]) -> usize {
    bytes.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count()
}

/// Names such as `db-replica-2.internal` or `MyClassName1`: parts that are words, with few digits.
fn looks_like_words(value: &str) -> bool {
    let vowel = |byte: &u8| b"aeiouyAEIOUY".contains(byte);
    let wordlike = |part: &[u8]| {
        let letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let rest = &part[letters..];
        let vowels = part[..letters].iter().filter(|byte| vowel(byte)).count();
        let number = rest.len() <= 4 && rest.iter().all(u8::is_ascii_digit);
        let case = part[..letters].iter().skip(1).all(u8::is_ascii_lowercase)
            || part[..letters].iter().all(u8::is_ascii_uppercase);
        number && case && letters <= 14 && (letters <= 3 || vowels * 5 >= letters)
    };
    // Two small words of a name are parted by a mark, or by a capital letter.
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in value.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut start = 0;
        for at in 1..part.len() {
            if part[at - 1].is_ascii_lowercase() && part[at].is_ascii_uppercase() {
                parts.push(&part[start..at]);
                start = at;
            }
        }
        parts.push(&part[start..]);
    }
    let letters = value.bytes().filter(u8::is_ascii_alphanumeric).count();
    // Random text falls into many short parts; names into few long ones.
    !parts.is_empty() && parts.len() * 3 <= letters + 2 && parts.iter().all(|part| wordlike(part))
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
        assert_eq!(from_utf16(&little).unwrap().1, b"token=abcdefgh");
        assert_eq!(from_utf16(&big).unwrap().1, b"token=abcdefgh");
        let mut padded = vec![b'\n'; 301];
        padded.extend(&big);
        assert!(from_utf16(&padded).unwrap().1.ends_with(b"token=abcdefgh"));
        assert!(from_utf16(b"token=abcdefghijkl").is_none());
    }
}
