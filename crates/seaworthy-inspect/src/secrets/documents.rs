//! Formats that are told by their file's name: `.netrc`, `.git-credentials`, `.pgpass`, `shadow`.

use super::detectors::Match;
use super::shape;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::LazyLock;

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).multi_line(true).build().ok()
}

static NETRC: LazyLock<Option<Regex>> =
    LazyLock::new(|| compile(r"(?:machine\s+\S+|default)\s+login\s+\S+\s+password\s+(\S+)"));
static GIT: LazyLock<Option<Regex>> = LazyLock::new(|| compile(r"^https?://[^\s:@/]+:([^\s@/]+)@"));
static PGPASS: LazyLock<Option<Regex>> = LazyLock::new(|| compile(r"^[^#:\s]+:[^:]+:[^:]+:[^:]+:(\S+)$"));
static SHADOW: LazyLock<Option<Regex>> =
    LazyLock::new(|| compile(r"^[^:\s]+:(\$(?:1|2[aby]|5|6|7|y|gy)\$[^:\s]{20,}):"));

/// Secrets of a file whose name tells its format, with their positions.
pub(super) fn read(path: &[u8], bytes: &[u8]) -> Vec<(usize, Match)> {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let (pattern, what, detector, proven) = match name {
        b".netrc" | b"_netrc" => (&NETRC, "password in .netrc", "netrc", true),
        b".git-credentials" => (&GIT, "password in .git-credentials", "git-credentials", true),
        b".pgpass" => (&PGPASS, "password in .pgpass", "pgpass", true),
        b"shadow" | b"shadow-" if path.starts_with(b"etc/") => (&SHADOW, "password hash", "shadow", true),
        _ => return Vec::new(),
    };
    let Some(pattern) = pattern.as_ref() else { return Vec::new() };
    pattern
        .captures_iter(bytes)
        .filter_map(|captures| captures.get(1))
        .filter(|found| {
            std::str::from_utf8(found.as_bytes())
                .is_ok_and(|text| detector == "shadow" || !shape::is_placeholder(text))
        })
        .map(|found| (found.start(), Match::new(what, detector, found.as_bytes(), 0, proven)))
        .collect()
}
