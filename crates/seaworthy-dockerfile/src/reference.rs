//! Which texts are image references, digests and platforms.

/// Whether a text names an image, with the short forms users write.
pub(crate) fn is_reference(text: &str) -> bool {
    let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return false;
    }
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return false;
    }
    // 64 hexadecimal digits are an image's id, which is no name.
    if name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return false;
    }
    let path = match name.split_once('/') {
        Some((first, path)) if is_domain_like(first) => {
            if !is_domain(first) {
                return false;
            }
            path
        }
        _ => name,
    };
    path.split('/').all(is_component)
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn is_domain_like(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (domain, None),
    };
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
    if let Some(address) = host.strip_prefix('[') {
        return address.strip_suffix(']').is_some_and(|address| {
            !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':')
        });
    }
    host.split('.').all(|part| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// Lowercase words joined by `.`, `_`, `__` or dashes.
fn is_component(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    if !bytes.first().copied().is_some_and(plain) || !bytes.last().copied().is_some_and(plain) {
        return false;
    }
    text.split(|ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit())
        .all(|sign| matches!(sign, "" | "." | "_" | "__") || sign.bytes().all(|byte| byte == b'-'))
}

/// Whether a text is `algorithm:hexadecimal digits` of the algorithm's length.
pub(crate) fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    digits.len() == length && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The systems and architectures that may stand alone, as containerd knows them.
const ALONE: [&str; 48] = [
    "386",
    "aarch64",
    "aix",
    "amd64",
    "amd64p32",
    "android",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "armel",
    "armhf",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "i386",
    "illumos",
    "ios",
    "js",
    "linux",
    "loong64",
    "macos",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "solaris",
    "sparc",
    "sparc64",
    "wasm",
    "windows",
    "x86-64",
    "x86_64",
    "zos",
];

/// Whether a text is `os[/architecture[/variant]]`, or an architecture or system alone.
pub(crate) fn is_platform(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() == 1 && !text.contains('(') && !ALONE.contains(&text.to_ascii_lowercase().as_str()) {
        return false;
    }
    let system = |text: &str| text.split_once('(').map_or(text, |(name, _)| name).to_owned();
    let fits = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+'))
    };
    parts.len() <= 3 && fits(&system(parts[0])) && parts[1..].iter().all(|part| fits(part))
}

#[cfg(test)]
mod tests {
    use super::{is_digest, is_platform, is_reference};

    #[test]
    fn image_names_follow_the_grammar() {
        let digest = "a".repeat(64);
        for good in [
            "a",
            "a:1",
            "a/b_c__d--e.f:T_1",
            "localhost/a",
            "localhost:5000/a:b",
            "Example.com/a",
            "[::1]:5/a",
            "A/b",
        ] {
            assert!(is_reference(good), "{good}");
            assert!(is_reference(&format!("{good}@sha256:{digest}")), "{good}");
        }
        for bad in [
            "",
            ":1",
            "a:",
            "A",
            "a@sha256:abc",
            "a b",
            "/a",
            "a/",
            "a//b",
            "a:-x",
            "-a",
            "a..b",
            "x.y:z/a",
            &digest,
        ] {
            assert!(!is_reference(bad), "{bad}");
        }
        assert!(!is_digest("sha256:ABC"));
    }

    #[test]
    fn platforms_have_up_to_three_parts() {
        for good in ["linux", "ARM64", "foo/bar", "linux/amd64", "linux/arm/v7", "windows(10.0.17763)/amd64"]
        {
            assert!(is_platform(good), "{good}");
        }
        for bad in ["", "foo", "arm64v8", "linux/", "/amd64", "a/b/c/d", "linux/$x"] {
            assert!(!is_platform(bad), "{bad}");
        }
    }
}
