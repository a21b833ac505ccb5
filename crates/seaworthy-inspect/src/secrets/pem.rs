//! Private keys in armour: PEM, OpenPGP, PuTTY.

use super::detectors::Look;
use super::formats::Format;
use super::found::{Match, Rank};
use super::shape;

/// Judges a PEM block by its body. A program that can read keys carries the first line as a text, so that proves
/// nothing; neither does a line of dots.
pub(super) fn judge(format: &Format, look: Look<'_>, start: usize, head_end: usize) -> Option<Match> {
    let limit = look.bytes.len().min(start + super::OVERLAP);
    let head = &look.bytes[start..head_end];
    let body = &look.bytes[head_end..limit];
    let end = memchr::memmem::find(body, b"---END ").or_else(|| memchr::memmem::find(body, b"--- END "))?;
    let text = &body[..end];
    let text = &text[..text.len() - text.iter().rev().take_while(|byte| **byte == b'-').count()];
    // In JSON and in source code the ends of lines are written out.
    let text = unescaped(text);
    let mut encrypted = memchr::memmem::find(head, b"ENCRYPTED").is_some();
    let mut code = Vec::with_capacity(text.len());
    for (count, part) in text.split(|byte| matches!(byte, b'\n' | b'\r')).enumerate() {
        let part = part.trim_ascii().trim_ascii_start();
        if count > 4000 {
            return None;
        }
        if part.contains(&b':') {
            encrypted |= part.starts_with(b"Proc-Type") && memchr::memmem::find(part, b"ENCRYPTED").is_some();
            continue;
        }
        // The checksum of OpenPGP armour.
        if part.starts_with(b"=") && part.len() == 5 {
            continue;
        }
        // A key within source code stands in quotes, line by line; one in YAML or on one line has spaces.
        code.extend(part.iter().filter(|byte| !b" \t\"'+,\\#".contains(byte) || **byte == b'+'));
    }
    let joined = part_of_source(&text);
    if joined {
        code.retain(|byte| *byte != b'+' || !joined);
    }
    if code.len() < 44 || shape::entropy(&code) < 3.5 || shape::is_example(&code) {
        return None;
    }
    let clear = shape::base64(&code)?;
    let pgp = memchr::memmem::find(head, b"PGP").is_some();
    let openssh = clear.strip_prefix(b"openssh-key-v1\0".as_slice());
    let sealed_json = clear.first() == Some(&b'{');
    let known = openssh.is_some() || clear.first() == Some(&0x30) || sealed_json || pgp;
    if !known && !encrypted {
        return None;
    }
    // The first string of an OpenSSH key is the cipher.
    encrypted |=
        sealed_json || openssh.is_some_and(|rest| rest.get(4..8).is_some_and(|name| name != b"none"));
    let after = &body[end..];
    let close = memchr::memmem::find(after.get(7..)?, b"-----").map_or(after.len().min(40), |at| at + 12);
    let whole = &look.bytes[start..(head_end + end + close).min(limit)];
    let what = kind(head, pgp, openssh.is_some());
    let what = if encrypted { format!("encrypted {what}") } else { what.to_owned() };
    let shown = head.len();
    let found = Match::new(
        (&what, format.name),
        if known { Rank::Proven } else { Rank::Format },
        whole,
        start,
        shown,
    );
    Some(if encrypted { found.note("a passphrase protects it") } else { found })
}

/// Whether the lines of a block are strings of a program that are put together with `+`.
fn part_of_source(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"\" +").is_some() || memchr::memmem::find(text, b"' +").is_some()
}

fn kind(head: &[u8], pgp: bool, openssh: bool) -> &'static str {
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    match () {
        () if pgp => "PGP private key",
        () if openssh || has(b"OPENSSH") => "OpenSSH private key",
        () if has(b"RSA ") => "RSA private key",
        () if has(b"EC ") => "EC private key",
        () if has(b"DSA ") => "DSA private key",
        () => "private key",
    }
}

/// Text with `\n`, `\r` and `\t` as what they stand for.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', Some(b'n' | b'r' | b't')) => {
                bytes.next();
                out.push(b'\n');
            }
            // Escaped once more, or the end of a line of a program.
            (b'\\', _) => {}
            _ => out.push(byte),
        }
    }
    out
}

/// Judges a PuTTY key file: it says itself whether a passphrase protects it.
pub(super) fn putty(format: &Format, bytes: &[u8], start: usize) -> Option<Match> {
    let rest = &bytes[start..bytes.len().min(start + super::OVERLAP)];
    let private = memchr::memmem::find(rest, b"Private-Lines:")?;
    let end = memchr::memmem::find(&rest[private..], b"Private-MAC:")? + private;
    let end = memchr::memchr(b'\n', &rest[end..]).map_or(rest.len(), |line| end + line);
    let open = memchr::memmem::find(&rest[..private], b"Encryption: none").is_some();
    let what = if open { "PuTTY private key" } else { "encrypted PuTTY private key" };
    let found = Match::new((what, format.name), Rank::Proven, &rest[..end], start, 20);
    Some(if open { found } else { found.note("a passphrase protects it") })
}
