//! Image references (grammar of `distribution/reference`: reference.go).

use crate::Digest;
use std::fmt;
use std::str::FromStr;

/// A normalised image reference: `[domain[:port]/]path[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The registry's host, with a port where one is given; `docker.io` by default.
    pub domain: String,
    /// The repository's path; `library/` stands before a bare name of `docker.io`.
    pub path: String,
    /// The tag, as written.
    pub tag: Option<String>,
    /// The digest, as written.
    pub digest: Option<Digest>,
}

/// A text that is no image reference; `Display` says which part is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no image reference: {problem}")]
pub struct ReferenceError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Reference {
    /// Whether a text may be a tag: up to 128 of letters, digits, `_`, `.`, `-`, not beginning with `.` or `-`.
    pub fn is_valid_tag(tag: &str) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        !tag.is_empty()
            && tag.len() <= 128
            && word(tag.as_bytes()[0])
            && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
    }

    /// Domain and path, without tag and digest.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// What to ask the registry for: the digest, else the tag, else `latest`.
    pub fn target(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }

    /// The same repository with another tag and no digest.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> Self {
        Self { tag: Some(tag.to_owned()), digest: None, ..self.clone() }
    }

    /// The same repository by digest.
    #[must_use]
    pub fn with_digest(&self, digest: &Digest) -> Self {
        Self { tag: None, digest: Some(digest.clone()), ..self.clone() }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let fail = |problem| ReferenceError { text: text.chars().take(300).collect(), problem };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                (rest, Some(digest.parse().map_err(|_| fail("the digest is malformed"))?))
            }
            None => (text, None),
        };
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[slash..].find(':') {
            Some(colon) => (&rest[..slash + colon], Some(&rest[slash + colon + 1..])),
            None => (rest, None),
        };
        if tag.is_some_and(|tag| !Self::is_valid_tag(tag)) {
            return Err(fail("the tag is malformed"));
        }
        if name.is_empty() {
            return Err(fail("the name is empty"));
        }
        if digest.is_none()
            && tag.is_none()
            && name.len() == 64
            && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(fail("64 hexadecimal characters are an id, not a name"));
        }
        let is_host = |first: &str| {
            first.contains(['.', ':'])
                || first == "localhost"
                || first.bytes().any(|b| b.is_ascii_uppercase())
        };
        let (domain, path) = match name.split_once('/') {
            Some((first, path)) if is_host(first) => (first, path.to_owned()),
            Some(_) => ("docker.io", name.to_owned()),
            None => ("docker.io", format!("library/{name}")),
        };
        let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
        let path =
            if domain == "docker.io" && !path.contains('/') { format!("library/{path}") } else { path };
        if !is_domain(domain) {
            return Err(fail("the registry's host is malformed"));
        }
        if path.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(fail("a repository name must be lower-case"));
        }
        if !path.split('/').all(is_component) {
            return Err(fail("the repository's path is malformed"));
        }
        if path.len() > 255 {
            return Err(fail("the repository's path is longer than 255 characters"));
        }
        Ok(Self { domain: domain.to_owned(), path, tag: tag.map(str::to_owned), digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.domain, self.path)?;
        if let Some(tag) = &self.tag {
            write!(out, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(out, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// `host[:port]`, where a host is dotted labels or an IPv6 address in brackets.
fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rfind(':') {
        Some(colon) if !domain.ends_with(']') => (&domain[..colon], Some(&domain[colon + 1..])),
        _ => (domain, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    if let Some(inner) = host.strip_prefix('[') {
        return inner
            .strip_suffix(']')
            .is_some_and(|ip| ip.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'));
    }
    !host.is_empty()
        && host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

/// `[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*`
fn is_component(component: &str) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    if !bytes.first().is_some_and(alphanumeric) || !bytes.last().is_some_and(alphanumeric) {
        return false;
    }
    bytes
        .split(alphanumeric)
        .filter(|run| !run.is_empty())
        .all(|run| matches!(run, b"." | b"_" | b"__") || run.iter().all(|b| *b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, &'static str> {
        text.parse::<Reference>().map(|r| r.to_string()).map_err(|e| e.problem)
    }

    #[test]
    fn names_are_normalised() {
        for (text, expect) in [
            ("debian", "docker.io/library/debian"),
            ("debian:12", "docker.io/library/debian:12"),
            ("acme/app", "docker.io/acme/app"),
            ("localhost/app", "localhost/app"),
            ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c"),
            ("ghcr.io/acme/app__x-y.z", "ghcr.io/acme/app__x-y.z"),
            ("[::1]:5000/a", "[::1]:5000/a"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expect), "{text}");
        }
    }

    #[test]
    fn broken_names_say_what_is_wrong() {
        for text in [
            "",
            "a:",
            ":x",
            "Debian",
            "a//b",
            "a/b:-x",
            "a@sha256:12",
            "a/_b",
            "a..b",
            "x_.y",
            "-a",
            "http://x/y",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"a".repeat(64)).is_err());
        assert!(!Reference::is_valid_tag("-abc1234"));
        assert!(!Reference::is_valid_tag(&"a".repeat(129)));
    }
}
