//! The words and text constants of a file in any language.

/// Calls back for each word of letters, digits and underscores that does not begin with a digit.
pub(crate) fn names(text: &str, mut found: impl FnMut(&[u8])) {
    let bytes = text.as_bytes();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut at = 0;
    while at < bytes.len() {
        if !word(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && word(bytes[at]) {
            at += 1;
        }
        // Longer words are data.
        if at - start <= 128 && !bytes[start].is_ascii_digit() {
            found(&bytes[start..at]);
        }
    }
}

/// A hash of a word without its case and its underscores, so that `apiToken`, `api_token` and `API_TOKEN` are one.
pub(crate) fn hash(word: &[u8]) -> u64 {
    word.iter().filter(|byte| **byte != b'_').fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Calls back for each text constant on one line: where its first byte stands, and the text.
pub(crate) fn constants(text: &str, mut found: impl FnMut(usize, &str)) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut open: Option<(usize, u8)> = None;
        for (at, byte) in line.bytes().enumerate() {
            if !matches!(byte, b'"' | b'\'' | b'`') {
                continue;
            }
            match open {
                None => open = Some((at + 1, byte)),
                Some((from, quote)) if quote == byte => {
                    // Longer ones are no names.
                    if let Some(body) = line.get(from..at).filter(|body| body.len() <= 200) {
                        found(start + from, body);
                    }
                    open = None;
                }
                Some(_) => {}
            }
        }
        // An apostrophe of a comment opens nothing: take the line's other quotes by themselves.
        if let Some((from, _)) = open
            && let Some(rest) = line.get(from..)
        {
            let mut parts = rest.split('"');
            let mut at = start + from + parts.next().map_or(0, str::len) + 1;
            for (number, part) in parts.enumerate() {
                if number % 2 == 0 && part.len() <= 200 {
                    found(at, part);
                }
                at += part.len() + 1;
            }
        }
        start += line.len();
    }
}

/// Calls back for each absolute path of a file that need not put it in quotes.
pub(crate) fn paths(text: &str, mut found: impl FnMut(&str)) {
    let part = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    for word in text.split(|c: char| !part(c)) {
        if let Some(at) = word.find('/').filter(|_| word.len() <= 200) {
            found(&word[at..]);
        }
    }
}

/// The last parts of paths under which programs tell how they are.
const HEALTH: [&str; 26] = [
    "health",
    "healthz",
    "healthcheck",
    "health_check",
    "health-check",
    "healthchecks",
    "healthy",
    "_health",
    "_healthz",
    "livez",
    "readyz",
    "ready",
    "readiness",
    "live",
    "liveness",
    "livenessz",
    "ping",
    "status",
    "up",
    "alive",
    "heartbeat",
    "__heartbeat__",
    "__lbheartbeat__",
    "ht",
    "hc",
    "startupz",
];

/// A text that is a path of a health check, without its outer slashes.
pub(crate) fn health_path(text: &str) -> Option<&str> {
    let path = text.trim_matches(['/', '^', '$']);
    let last = path.rsplit('/').next()?;
    let plain = path.len() <= 64 && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-.".contains(&b));
    (plain && HEALTH.contains(&last)).then_some(path)
}

/// Absolute paths in the inline code of a document.
pub(crate) fn inline_paths(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("`/").filter_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let end = rest.find(|c: char| c == '`' || c.is_whitespace())?;
        rest[end..].starts_with('`').then(|| &rest[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_found_beside_apostrophes() {
        let mut found = Vec::new();
        constants("get(\"/healthz\", 'b') // don't use \"/old\"\n", |at, text| {
            found.push((at, text.to_owned()));
        });
        let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["/healthz", "b", "/old"]);
        assert_eq!(found[2].0, 35);
    }

    #[test]
    fn spellings_are_one() {
        assert_eq!(hash(b"API_TOKEN"), hash(b"apiToken"));
        assert_ne!(hash(b"API_TOKEN"), hash(b"API_TOKENS"));
        assert_eq!(health_path("/api/v1/healthz/"), Some("api/v1/healthz"));
        assert_eq!(health_path("/api/users"), None);
        assert_eq!(inline_paths("mount `/data` or `/etc/x y` now").collect::<Vec<_>>(), ["/data"]);
    }
}
