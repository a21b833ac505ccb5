//! Package URLs (`package-url/purl-spec`).

use std::fmt::Write as _;

/// A package URL. Qualifiers must be given in the order of their keys; empty ones are left out.
pub(crate) fn purl(
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    version: &str,
    qualifiers: &[(&str, &str)],
) -> String {
    let mut text = format!("pkg:{kind}");
    let name = match kind {
        "pypi" => name.to_ascii_lowercase().replace('_', "-"),
        "deb" | "apk" | "golang" => name.to_ascii_lowercase(),
        _ => name.to_owned(),
    };
    for part in namespace.into_iter().chain(name.split('/')).filter(|part| !part.is_empty()) {
        text.push('/');
        encode(&mut text, part);
    }
    if !version.is_empty() {
        text.push('@');
        encode(&mut text, version);
    }
    let mut separator = '?';
    for (key, value) in qualifiers.iter().filter(|(_, value)| !value.is_empty()) {
        text.push(separator);
        text.push_str(key);
        text.push('=');
        encode(&mut text, value);
        separator = '&';
    }
    text
}

fn encode(text: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_specification() {
        let debian = purl(
            "deb",
            Some("debian"),
            "g++",
            "4:12.2.0-3+b1",
            &[("arch", "amd64"), ("distro", "debian-12")],
        );
        assert_eq!(debian, "pkg:deb/debian/g%2B%2B@4:12.2.0-3%2Bb1?arch=amd64&distro=debian-12");
        assert_eq!(purl("npm", None, "@angular/core", "1.0.0", &[]), "pkg:npm/%40angular/core@1.0.0");
        assert_eq!(purl("pypi", None, "Typing_Extensions", "4.0", &[]), "pkg:pypi/typing-extensions@4.0");
    }
}
