//! Formats that are told by their file's name: `.netrc`, `.git-credentials`, `.pgpass`, `shadow`, `.htpasswd`, and files
//! that hold one secret and nothing else.

use super::found::{Match, Rank};
use super::shape;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::LazyLock;

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).multi_line(true).build().ok()
}

type Pattern = LazyLock<Option<Regex>>;

static NETRC: Pattern =
    LazyLock::new(|| compile(r"(?:machine\s+\S+|default)\s+(?:login\s+\S+\s+)?password\s+(\S+)"));
static GIT: Pattern = LazyLock::new(|| compile(r"^https?://[^\s:@/]*:([^\s@/]+)@"));
static PGPASS: Pattern = LazyLock::new(|| compile(r"^[^#:\s]+:[^:]+:[^:]+:[^:]+:(\S+)$"));
static SHADOW: Pattern = LazyLock::new(|| {
    compile(r"^[^:\s]+:!?(\$(?:1|2[abxy]|5|6|7|y|gy|md5|sha1|argon2id?)\$[^:\s]{20,}|[./0-9A-Za-z]{13}):")
});
static HTPASSWD: Pattern = LazyLock::new(|| {
    compile(
        r"^[^:#\s]+:(\$(?:apr1|1|2[abxy]|5|6)\$[^:\s]{20,}|\{SHA\}[A-Za-z0-9+/]{27}=|\{SSHA\}[A-Za-z0-9+/=]{28,64}|[./0-9A-Za-z]{13}$)",
    )
});
static OPTION: Pattern =
    LazyLock::new(|| compile(r#"^\s*(?:password|pass|secret_key|psk|token)\s*[=:]\s*["']?([^\s"']{6,256})"#));

/// Secrets of a file whose name tells its format.
pub(super) fn read(path: &[u8], bytes: &[u8]) -> Vec<Match> {
    let name = memchr::memrchr(b'/', path).map_or(path, |at| &path[at + 1..]);
    let lower = name.to_ascii_lowercase();
    let name = lower.as_slice();
    let (pattern, what, detector) = match name {
        b".netrc" | b"_netrc" | b".authinfo" => (&NETRC, "password in .netrc", "netrc"),
        b".git-credentials" => (&GIT, "password in .git-credentials", "git-credentials"),
        b".pgpass" | b"pgpass.conf" => (&PGPASS, "password in .pgpass", "pgpass"),
        b"shadow" | b"shadow-" | b"gshadow" | b"gshadow-" if path.starts_with(b"etc/") => {
            (&SHADOW, "password hash", "shadow")
        }
        b".my.cnf" | b".mylogin.cnf" | b".pypirc" | b".s3cfg" | b"rclone.conf" | b".msmtprc"
        | b".smbcredentials" => (&OPTION, "password in a configuration file", "client-password"),
        _ if name.ends_with(b"htpasswd") || name.ends_with(b"htdigest") => {
            (&HTPASSWD, "password hash", "htpasswd")
        }
        _ => return alone(name, bytes).into_iter().collect(),
    };
    let Some(pattern) = pattern.as_ref() else { return Vec::new() };
    let is_hash = matches!(detector, "shadow" | "htpasswd");
    pattern
        .captures_iter(bytes)
        .filter_map(|captures| captures.get(1))
        .filter(|found| {
            let text = std::str::from_utf8(found.as_bytes());
            is_hash
                || text.is_ok_and(|text| {
                    text.len() >= 6 && (!shape::is_placeholder(text) || shape::is_uuid(text))
                })
        })
        .map(|found| Match::new((what, detector), Rank::Context, found.as_bytes(), found.start(), 0))
        .collect()
}

/// The secret of a file that holds nothing else, such as `/run/secrets/db_password` or `master.key`.
fn alone(name: &[u8], bytes: &[u8]) -> Option<Match> {
    const NAMES: [&[u8]; 8] = [
        b".vault-token",
        b".vault_pass",
        b".erlang.cookie",
        b"master.key",
        b"production.key",
        b"secret_key_base",
        b"secret_key",
        b".cookie",
    ];
    const WORDS: [&[u8]; 7] =
        [b"password", b"passwd", b"secret", b"token", b"api_key", b"api-key", b"apikey"];
    const ENDINGS: [&[u8]; 3] = [b"", b"txt", b"key"];
    if bytes.len() > 1024 {
        return None;
    }
    let dot = memchr::memrchr(b'.', name).filter(|at| *at > 0);
    let (stem, ending) = dot.map_or((name, &b""[..]), |at| (&name[..at], &name[at + 1..]));
    let telling = ENDINGS.contains(&ending)
        && WORDS.iter().any(|word| stem.windows(word.len()).any(|part| part == *word));
    if !telling && !NAMES.contains(&name) {
        return None;
    }
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (text.len() >= 12 && !shape::is_placeholder(text) && shape::is_random(text))
        .then(|| Match::new(("secret", "secret-file"), Rank::Context, text.as_bytes(), start, 0))
}
