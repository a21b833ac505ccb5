//! Secrets inside of other forms: texts in base64, JSON web keys.

use super::detectors::{DETECTORS, Look};
use super::formats::Format;
use super::found::{Match, Rank};
use super::{assignment, shape};
use serde_json::Value;

/// How many encodings are unwrapped.
const DEEPEST: u8 = 2;

/// Base64 of a text that has a secret.
pub(super) fn base64(format: &Format, look: Look<'_>, at: usize, secret: &[u8]) -> Option<Match> {
    if look.depth >= DEEPEST {
        return None;
    }
    let clear = shape::base64_lines(secret)?;
    let inner = DETECTORS
        .any(&clear, look.depth + 1)
        .or_else(|| assignment::read(&clear, assignment::Strictness::Configuration).into_iter().next())?;
    let what = format!("{} in base64", inner.what);
    Some(Match::new((&what, format.name), inner.rank.min(Rank::Format), secret, at, 0))
}

/// A JSON web key with its private part. The object is looked for around the place where the kind of key stands.
pub(super) fn jwk(format: &Format, look: Look<'_>) -> Option<Match> {
    let bytes = look.bytes;
    let from = look.start.saturating_sub(8 << 10);
    let open = from + memchr::memrchr(b'{', &bytes[from..look.start])?;
    let rest = &bytes[open..bytes.len().min(open + super::OVERLAP - super::LEAD)];
    let close = memchr::memchr(b'}', rest)?;
    let object: Value = serde_json::from_slice(&rest[..=close]).ok()?;
    let part = if object.get("kty").and_then(Value::as_str) == Some("oct") { "k" } else { "d" };
    let private = object.get(part)?.as_str()?;
    let bytes_of_key = shape::base64(private.as_bytes())?;
    if bytes_of_key.len() < 16 || shape::entropy(private.as_bytes()) < 3.5 || is_published(private) {
        return None;
    }
    let at = open + memchr::memmem::find(rest, private.as_bytes())?;
    Some(Match::new((format.what, format.name), Rank::Proven, private.as_bytes(), at, 0))
}

/// Keys that the standards of JSON web keys print (RFC 7515 to 7520).
fn is_published(private: &str) -> bool {
    const STARTS: [&str; 8] = [
        "870MB6gfuTJ4HtUnUvYMyJpr",
        "X4cTteJY_gn4FYPsXB8rdXix",
        "jpsQnnGQmL-YBIffH1136cso",
        "AY5pb7A0UFiB3RELSD64fTLO",
        "nWGxne_9WmC6hEr0kuwsxERJ",
        "AyM1SysPpbyDfgZld3umj1qz",
        "hJtXIZ2uSN5kbQfbtTNWbpdm",
        "Eq5hpylL02DarrMbEvFxzFjw",
    ];
    STARTS.iter().any(|start| private.starts_with(start))
}
