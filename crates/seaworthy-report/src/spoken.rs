//! Finds what looks like a secret in any text: what findings quote of files goes further than the files do.
//!
//! This is about hiding, not about finding: nothing is proved, and one hidden word too many does no harm.

use std::ops::Range;

/// Names that end in these hold a place or a name and no secret.
const PLACES: [&str; 8] = ["_FILE", "_PATH", "_DIR", "_NAME", "_URL", "_ID", "_TTL", "_TYPE"];

/// Parts of the names of variables and keys that hold secrets, without what joins their words.
const SECRET: [&str; 10] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "ACCESSKEY",
    "PRIVATEKEY",
    "CREDENTIAL",
    "AUTHORIZATION",
];

/// What tokens of well-known services begin with.
const PREFIXES: [&str; 16] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ASIA",
    "sk_live_",
    "rk_live_",
    "npm_",
    "pypi-",
    "dckr_pat_",
];

/// Shorter values are words like `true`.
const SHORTEST: usize = 6;

/// The bytes of a text that look like secrets, in order and apart from each other.
pub(crate) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    addresses(text, &mut found);
    assignments(text, &mut found);
    tokens(text, &mut found);
    found.sort_by_key(|span| (span.start, span.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for span in found {
        match apart.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    apart
}

/// Passwords of addresses: `scheme://user:password@host`.
fn addresses(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..];
        let authority = &rest[..rest.find(is_end_of_host).unwrap_or(rest.len())];
        let Some(user) = authority.rfind('@') else { continue };
        let from = authority[..user].find(':').map_or(0, |colon| colon + 1);
        keep(text, start + from..start + user, found);
    }
}

fn is_end_of_host(ch: char) -> bool {
    ch.is_whitespace() || matches!(ch, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>')
}

/// `NAME=value`, `name: value`, `"name": "value"`.
fn assignments(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, sign) in text.match_indices(['=', ':']) {
        let before = text[..at].trim_end_matches(['"', '\'', ' ']);
        let name_at = before
            .rfind(|ch: char| !is_name(ch))
            .map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
        if !is_secret_name(&before[name_at..]) {
            continue;
        }
        let rest = &text[at + 1..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        // `a:b` is no pair of YAML, and `a= b` none of a shell.
        if (sign == ":") != (blank > 0) && !rest.starts_with(['"', '\'']) {
            continue;
        }
        let value = &rest[blank..];
        let mut start = at + 1 + blank;
        let length = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                start += 1;
                value[1..].find([quote, '\n']).unwrap_or(value.len() - 1)
            }
            _ => value.find(|ch: char| ch.is_whitespace() || is_close(ch)).unwrap_or(value.len()),
        };
        // `Authorization: Bearer …`
        let words = &text[start..start + length];
        let scheme =
            ["Bearer ", "bearer ", "Basic ", "token "].iter().find(|scheme| value.starts_with(**scheme));
        match scheme {
            Some(scheme) if words.len() < scheme.len() => {
                let from = start + scheme.len();
                let rest = &text[from..];
                let end = rest.find(|ch: char| ch.is_whitespace() || is_close(ch)).unwrap_or(rest.len());
                keep(text, from..from + end, found);
            }
            _ => keep(text, start..start + length, found),
        }
    }
}

fn is_close(ch: char) -> bool {
    matches!(ch, '"' | '\'' | '`' | '&' | ';' | '|' | ')' | ',' | '…')
}

fn is_name(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.')
}

fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let plain = upper.replace('_', "");
    !PLACES.iter().any(|end| upper.ends_with(end)) && SECRET.iter().any(|part| plain.contains(part))
}

/// Tokens that tell by their first letters what they are.
fn tokens(text: &str, found: &mut Vec<Range<usize>>) {
    for prefix in PREFIXES {
        for (at, _) in text.match_indices(prefix) {
            let start = at + prefix.len();
            let rest = &text[start..];
            let length = rest.find(|ch: char| !is_name(ch)).unwrap_or(rest.len());
            let fresh = !text[..at].ends_with(is_name);
            if fresh && length >= 16 {
                found.push(start..start + length);
            }
        }
    }
}

/// Keeps a value that is one: no reference, no path, no placeholder, no plain word.
fn keep(text: &str, span: Range<usize>, found: &mut Vec<Range<usize>>) {
    let Some(value) = text.get(span.clone()) else { return };
    let refers = value.starts_with(['$', '/', '<', '*', '{', '%', '.']) || value.contains("${");
    let plain = value.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b' '));
    if value.len() >= SHORTEST && !refers && !plain {
        found.push(span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> Vec<&str> {
        spans(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn secrets_of_every_spelling_are_hidden() {
        assert_eq!(hidden("ADD https://app:s3cr3t-x@git.example/x /x"), ["s3cr3t-x"]);
        assert_eq!(hidden("docker run -e DB_PASSWORD=tR7xpq -e A=1 app"), ["tR7xpq"]);
        assert_eq!(hidden("DB_PASSWORD: 'tR7 xpq' # x"), ["tR7 xpq"]);
        assert_eq!(hidden("{\"apiKey\": \"9f8aK2mQ\"}"), ["9f8aK2mQ"]);
        assert_eq!(hidden("curl -H \"Authorization: Bearer abc.DEF.123\" x"), ["abc.DEF.123"]);
        assert_eq!(hidden("see `ghp_0123456789abcdef0123`"), ["0123456789abcdef0123"]);
    }

    #[test]
    fn what_is_none_stays() {
        for text in [
            "permissions: id-token: write",
            "PASSWORD_FILE=/run/secrets/password",
            "TOKEN=$TOKEN TOKEN=${TOKEN:-x} password: ${{ secrets.X }}",
            "https://user@host.example/path:a@b",
            "RUN --mount=type=secret,id=npm_token,target=/x true",
            "`POSTGRES_PASSWORD` is set: use a secret instead",
            "https://git.example/app@v1.2.3",
        ] {
            assert_eq!(hidden(text), Vec::<&str>::new(), "{text}");
        }
    }
}
