//! The little that is needed of URLs: origins, joining a `Location`, adding to a query, and hiding secrets.

/// Scheme, host and port of an absolute URL, as in `https://host:port`; empty for anything else.
pub(crate) fn origin(url: &str) -> &str {
    let Some(after) = url.find("://").map(|at| at + 3) else { return "" };
    let end = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
    &url[..end]
}

/// A `Location` seen from the URL it answered. A registry behind a TLS proxy often names itself by `http`; the scheme
/// is then kept, so that nothing is sent in the clear.
pub(crate) fn join(base: &str, location: &str) -> String {
    let base_origin = origin(base);
    if location.starts_with('/') && !location.starts_with("//") {
        return format!("{base_origin}{location}");
    }
    if origin(location).is_empty() {
        let path = base.split(['?', '#']).next().unwrap_or(base);
        let directory = path.rfind('/').map_or(path, |at| &path[..at]);
        return format!("{directory}/{location}");
    }
    match (base_origin.strip_prefix("https://"), location.strip_prefix("http://")) {
        (Some(host), Some(rest)) if origin(location).strip_prefix("http://") == Some(host) => {
            format!("https://{rest}")
        }
        _ => location.to_owned(),
    }
}

/// The URL with one more query parameter.
pub(crate) fn with_query(url: &str, key: &str, value: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{key}={}", encode(value))
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The URL as it may be shown: no user information, and no query, where upload sessions carry their state and
/// storage services their signatures.
pub(crate) fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or(url);
    let Some((scheme, rest)) = plain.split_once("://") else { return plain.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or("");
    format!("{scheme}://{host}{}", &rest[end..])
}

/// Whether a host (with or without a port) is this machine.
pub(crate) fn is_loopback(domain: &str) -> bool {
    let host = match domain.rfind(':') {
        Some(colon) if !domain.ends_with(']') => &domain[..colon],
        _ => domain,
    };
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host == "localhost"
        || host.ends_with(".localhost")
        || inner.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_joined() {
        let base = "https://r.example:5000/v2/a/blobs/uploads/?x=1";
        assert_eq!(join(base, "/v2/u/1?s=2"), "https://r.example:5000/v2/u/1?s=2");
        assert_eq!(join(base, "http://r.example:5000/v2/u"), "https://r.example:5000/v2/u");
        assert_eq!(join(base, "http://other/v2/u"), "http://other/v2/u");
        assert_eq!(join(base, "1?s=2"), "https://r.example:5000/v2/a/blobs/uploads/1?s=2");
        assert_eq!(with_query("http://a/b?c=d", "digest", "sha256:0"), "http://a/b?c=d&digest=sha256%3A0");
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(shown("https://me:secret@host/a/b?sig=1#f"), "https://host/a/b");
        assert_eq!(shown("nonsense"), "nonsense");
    }

    #[test]
    fn this_machine_is_known() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:80", "127.3.0.1", "[::1]:5000", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.com", "10.0.0.1:5000", "localhost.example.com", "127.0.0.1.example.com"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
