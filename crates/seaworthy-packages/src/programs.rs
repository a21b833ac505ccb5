//! Well-known programs and libraries that were not installed by a package manager, by the version text their own
//! code carries.

use crate::Source;
use memchr::memmem;
use seaworthy_facts::PackageFact;

/// A program that can be recognised.
#[derive(Debug)]
pub struct Program {
    /// Its name, and that of the package.
    pub name: &'static str,
    shape: Shape,
}

/// How the version is found.
#[derive(Debug)]
enum Shape {
    /// It follows these bytes.
    After(&'static [u8]),
    /// It stands before these bytes.
    Before(&'static [u8]),
    /// It is a text of its own between two zero bytes, and begins as the file's name ends.
    Alone,
}

/// What the name of a file says. Names are of the file alone.
pub fn program(file: &[u8]) -> Option<&'static Program> {
    let name = std::str::from_utf8(file).ok()?;
    let shared = |library: &str| name.strip_prefix(library).is_some_and(|rest| rest.starts_with(".so"));
    let numbered = |program: &str| {
        name.strip_prefix(program)
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    };
    PROGRAMS.iter().find(|program| match program.name {
        "python" => {
            numbered("python3")
                || numbered("python2")
                || (name.starts_with("libpython") && name.contains(".so"))
        }
        "openssl" => name == "openssl" || shared("libcrypto") || shared("libssl"),
        "zlib" => shared("libz"),
        "glibc" => name == "libc.so.6",
        "curl" => name == "curl" || shared("libcurl"),
        "php" => {
            numbered("php")
                || name == "php-fpm"
                || name == "php-cgi"
                || (name.starts_with("libphp") && name.contains(".so"))
        }
        "ruby" => numbered("ruby") || (name.starts_with("libruby") && name.contains(".so")),
        "perl" => numbered("perl") || shared("libperl"),
        "xz" => name == "xz" || shared("liblzma"),
        "postgresql" => name == "postgres" || name == "psql",
        "mariadb" => name == "mariadbd" || name == "mariadb",
        "httpd" => name == "httpd" || name == "apache2",
        "redis" => name == "redis-server",
        "memcached" => name == "memcached",
        other => name == other,
    })
}

const PROGRAMS: [Program; 20] = [
    Program { name: "python", shape: Shape::Alone },
    Program { name: "node", shape: Shape::After(b"node.js/v") },
    Program { name: "redis", shape: Shape::After(b"Redis version=") },
    Program { name: "postgresql", shape: Shape::After(b"PostgreSQL) ") },
    Program { name: "nginx", shape: Shape::After(b"nginx/") },
    Program { name: "busybox", shape: Shape::After(b"BusyBox v") },
    Program { name: "bash", shape: Shape::After(b"@(#)Bash version ") },
    Program { name: "openssl", shape: Shape::After(b"OpenSSL ") },
    Program { name: "curl", shape: Shape::After(b"curl/") },
    Program { name: "httpd", shape: Shape::After(b"Apache/") },
    Program { name: "haproxy", shape: Shape::After(b"HAProxy version ") },
    Program { name: "memcached", shape: Shape::After(b"memcached ") },
    Program { name: "perl", shape: Shape::After(b"/lib/perl5/") },
    Program { name: "ruby", shape: Shape::After(b"ruby ") },
    Program { name: "php", shape: Shape::After(b"X-Powered-By: PHP/") },
    Program { name: "mariadb", shape: Shape::Before(b"-MariaDB") },
    Program { name: "jq", shape: Shape::After(b"jq-") },
    Program { name: "xz", shape: Shape::After(b"XZ Utils) ") },
    Program { name: "zlib", shape: Shape::After(b"deflate ") },
    Program { name: "glibc", shape: Shape::After(b" stable release version ") },
];

impl Program {
    /// The version in a piece of the file; `file` is the file's name.
    pub fn version(&self, bytes: &[u8], file: &[u8]) -> Option<String> {
        match self.shape {
            Shape::After(words) => {
                memmem::find_iter(bytes, words).find_map(|at| number(bytes.get(at + words.len()..)?))
            }
            Shape::Before(words) => memmem::find_iter(bytes, words).find_map(|at| {
                let before = bytes.get(at.saturating_sub(20)..at)?;
                let start = before
                    .iter()
                    .rposition(|byte| !byte.is_ascii_digit() && *byte != b'.')
                    .map_or(0, |at| at + 1);
                number(&before[start..])
            }),
            Shape::Alone => {
                // `3.11` of `python3.11` and of `libpython3.11.so.1.0`.
                let digits = file.iter().position(u8::is_ascii_digit)?;
                let mut release = &file[digits..];
                if let Some(end) = memmem::find(release, b".so") {
                    release = &release[..end];
                }
                if !release.contains(&b'.') {
                    return None;
                }
                let mut words = vec![0];
                words.extend_from_slice(release);
                words.push(b'.');
                memmem::find_iter(bytes, &words).find_map(|at| {
                    let rest = bytes.get(at + 1..)?;
                    let end = memchr::memchr(0, rest.get(..40.min(rest.len()))?)?;
                    let text = std::str::from_utf8(&rest[..end]).ok()?.trim_end_matches('+');
                    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
                    (plain && text.ends_with(|c: char| c.is_ascii_digit())).then(|| text.to_owned())
                })
            }
        }
    }

    /// The package, once the version is known.
    pub fn package(&self, source: &Source<'_>, version: &str) -> PackageFact {
        source.package("generic", self.name, version)
    }
}

/// A version of at least two numbers at the beginning, with the letter of OpenSSL's old ones and a candidate's mark.
fn number(bytes: &[u8]) -> Option<String> {
    let end = bytes
        .iter()
        .take(24)
        .position(|byte| !byte.is_ascii_digit() && *byte != b'.')
        .unwrap_or(bytes.len().min(24));
    let plain = std::str::from_utf8(&bytes[..end]).ok()?.trim_end_matches('.');
    if !plain.contains('.') || plain.starts_with('.') || plain.contains("..") {
        return None;
    }
    // `1.1.1w`, but not the word that follows without a space.
    let letter = bytes.get(end).filter(|byte| byte.is_ascii_lowercase());
    let alone = bytes.get(end + 1).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    Some(match letter {
        Some(letter) if alone && end == plain.len() => format!("{plain}{}", char::from(*letter)),
        _ => plain.to_owned(),
    })
}

/// Reads the version of a Go installation, `/usr/local/go/VERSION`.
pub fn go_toolchain(source: &Source<'_>) -> Option<PackageFact> {
    let text = source.text();
    let version = text.lines().next()?.trim().strip_prefix("go")?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| source.package("generic", "go", version))
}

/// Reads the `release` file of a Java installation.
pub fn java_release(source: &Source<'_>) -> Option<PackageFact> {
    let text = source.text();
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim().trim_matches('"').to_owned())
            .filter(|value| !value.is_empty())
    };
    let version = value("JAVA_RUNTIME_VERSION").or_else(|| value("JAVA_VERSION"))?;
    value("JAVA_VERSION")?;
    let version = version.split("-LTS").next().unwrap_or(&version).to_owned();
    let name = match value("IMAGE_TYPE").as_deref() {
        Some("JRE") => "jre",
        _ => "jdk",
    };
    Some(source.package("generic", name, &version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(file: &[u8], bytes: &[u8]) -> Option<(&'static str, Option<String>)> {
        program(file).map(|program| (program.name, program.version(bytes, file)))
    }

    #[test]
    fn programs_by_their_own_words() {
        for (file, bytes, name, expected) in [
            (&b"libpython3.11.so.1.0"[..], &b"x\x003.11.\x003.11.4\x00y"[..], "python", Some("3.11.4")),
            (b"python3", b"\x003.11.4\x00", "python", None),
            (b"node", b"https://node.js/v18.19.0/node", "node", Some("18.19.0")),
            (b"libcrypto.so.1.1", b"OpenSSL 1.1.1w  11 Sep 2023", "openssl", Some("1.1.1w")),
            (b"nginx", b"nginx version: nginx/1.25.3\x00", "nginx", Some("1.25.3")),
            (b"mariadbd", b"\x005.5.5-10.11.6-MariaDB", "mariadb", Some("10.11.6")),
            (b"busybox", b"BusyBox vX", "busybox", None),
        ] {
            assert_eq!(version(file, bytes), Some((name, expected.map(str::to_owned))), "{name}");
        }
        assert!(program(b"nginxx").is_none());
    }
}
