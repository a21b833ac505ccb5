//! Free-form passwords: a name that says so, and a value that looks random.
//!
//! Precision comes first. Only small files that look like somebody's configuration are searched, the value must have
//! entropy and no word of documentation, and packages' own files are excluded by their checksums later.

use super::detectors::Match;
use super::shape;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::LazyLock;

/// The largest file that is searched, in bytes.
const LARGEST: u64 = 512 << 10;

static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r"(?:passwords?|passwd|passphrase|pwd|secrets?|tokens?|api_?-?keys?|apikeys?|access_?-?keys?|private_?-?keys?|auth_?-?keys?|encryption_?-?keys?|signing_?-?keys?|secret_?-?keys?|credentials?)";
    let pattern = format!(
        r#"(?i)(?:^|[^a-z0-9_.\-])([a-z0-9_.\-]{{0,40}}{name}(?:_?[a-z0-9]{{0,12}})?)["']?\s{{0,4}}(?::|=>|:?=)\s{{0,4}}(?:"([^"\r\n]{{8,256}})"|'([^'\r\n]{{8,256}})'|([^\s"'`,;#&|<>()]{{8,256}}))"#
    );
    RegexBuilder::new(&pattern).unicode(false).multi_line(true).build().ok()
});

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"\b[a-z][a-z0-9+]{1,20}://[^\s:@/'\x22]{0,64}:([^\s:@/'\x22]{4,128})@[A-Za-z0-9]";
    RegexBuilder::new(pattern).unicode(false).build().ok()
});

/// Whether a file looks like somebody's configuration.
pub(super) fn is_configuration(path: &[u8], size: u64) -> bool {
    const NAMES: [&str; 19] = [
        ".env",
        ".envrc",
        ".npmrc",
        ".yarnrc",
        ".pypirc",
        ".my.cnf",
        ".s3cfg",
        ".boto",
        "credentials",
        "config",
        "secrets",
        "dockerfile",
        "wp-config.php",
        "settings.py",
        "local_settings.py",
        "config.py",
        "config.js",
        "database.php",
        "credentials.toml",
    ];
    const ENDINGS: [&str; 15] = [
        ".env",
        ".ini",
        ".cfg",
        ".conf",
        ".cnf",
        ".yaml",
        ".yml",
        ".toml",
        ".json",
        ".properties",
        ".tfvars",
        ".config",
        ".secret",
        ".secrets",
        ".envrc",
    ];
    // What lies here is a distribution's or a package's, and has no checksum to prove it where a manager keeps none.
    const NOT_OURS: [&str; 9] = [
        "usr/share/",
        "usr/lib/",
        "usr/include/",
        "usr/lib64/",
        "lib/",
        "var/lib/",
        "proc/",
        "sys/",
        "usr/local/share/",
    ];
    const NOT_OURS_IN: [&str; 8] = [
        "site-packages/",
        "dist-packages/",
        "node_modules/",
        "/vendor/",
        "/testdata/",
        "/locale/",
        "/locales/",
        "/i18n/",
    ];
    let Ok(path) = std::str::from_utf8(path) else { return false };
    let lower = path.to_ascii_lowercase();
    if size > LARGEST
        || NOT_OURS.iter().any(|start| lower.starts_with(start))
        || NOT_OURS_IN.iter().any(|part| lower.contains(part))
    {
        return false;
    }
    let name = lower.rsplit('/').next().unwrap_or_default();
    // Locks and manifests are full of hashes under all kinds of names.
    let lock = name.contains("lock") || name.starts_with("package") || name.starts_with("tsconfig");
    let named = NAMES.contains(&name)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.starts_with(".env.");
    named && !lock && !name.contains("example") && !name.contains("sample") && !name.contains("template")
}

/// Secrets of a text, with their positions.
pub(super) fn read(bytes: &[u8]) -> Vec<(usize, Match)> {
    let mut found = Vec::new();
    if let Some(pattern) = PAIR.as_ref() {
        for captures in pattern.captures_iter(bytes) {
            let value = (2..=4).find_map(|group| captures.get(group));
            let (Some(name), Some(value)) = (captures.get(1), value) else { continue };
            let name = String::from_utf8_lossy(name.as_bytes()).to_ascii_lowercase();
            let Ok(text) = std::str::from_utf8(value.as_bytes()) else { continue };
            if is_secret_name(&name) && is_secret(text) {
                found.push((value.start(), of(&name, text)));
            }
        }
    }
    if let Some(pattern) = URL.as_ref() {
        for captures in pattern.captures_iter(bytes) {
            let Some(value) = captures.get(1) else { continue };
            if std::str::from_utf8(value.as_bytes()).is_ok_and(is_secret) {
                let secret = Match::new("password in a URL", "url-password", value.as_bytes(), 0, false);
                found.push((value.start(), secret));
            }
        }
    }
    found
}

/// The secret of one name and value, as of a variable or a label.
pub(super) fn of_pair(name: &str, value: &str) -> Vec<Match> {
    let name = name.to_ascii_lowercase();
    let mut found: Vec<Match> = read(value.as_bytes()).into_iter().map(|(_, found)| found).collect();
    let says_so = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "apikey",
        "api_key",
        "access_key",
        "private_key",
        "credential",
        "pwd",
    ]
    .iter()
    .any(|word| name.contains(word));
    if says_so && is_secret_name(&name) && is_secret(value) {
        found.push(of(&name, value));
    }
    found
}

fn of(name: &str, value: &str) -> Match {
    let (what, detector) = if name.contains("pass") || name.contains("pwd") {
        ("password", "password-assignment")
    } else {
        ("secret", "secret-assignment")
    };
    Match::new(what, detector, value.as_bytes(), 0, false)
}

/// Names of what only concerns a secret: its file, its length, its public half.
fn is_secret_name(name: &str) -> bool {
    const ABOUT: [&str; 22] = [
        "file",
        "path",
        "_dir",
        "public",
        "_url",
        "_uri",
        "endpoint",
        "length",
        "_len",
        "expir",
        "ttl",
        "_type",
        "_name",
        "algorithm",
        "hash",
        "digest",
        "checksum",
        "_id",
        "timeout",
        "policy",
        "tokenizer",
        "max_token",
    ];
    !ABOUT.iter().any(|word| name.contains(word))
}

fn is_secret(value: &str) -> bool {
    !shape::is_placeholder(value) && shape::is_random(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_their_placeholders() {
        let text = b"DB_PASSWORD=tR7xpq-Zx_91mNb2\nAPI_TOKEN: ${TOKEN}\npassword_file = /run/secrets/db1\nsecret: changeme1234\n\"jwtSecret\": \"9f8aK2mQ7xZ1pL0v\"\nmax_tokens = 1234567890a\n";
        let found = read(text);
        assert_eq!(found.len(), 2, "{found:?}");
        let text =
            b"DATABASE_URL=postgres://app:zK81mQ0xPq7v@db:5432/app\nOTHER=postgres://app:password@db/app\n";
        assert_eq!(read(text).len(), 1);
        assert_eq!(of_pair("DB_PASSWORD", "tR7xpq-Zx_91mNb2").len(), 1);
        assert_eq!(of_pair("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568").len(), 0);
        assert_eq!(of_pair("PYTHON_SHA256", "9b74c9897bac770ffc029102a200c5de").len(), 0);
    }

    #[test]
    fn configuration_is_told_by_its_name() {
        for good in [
            "app/.env",
            "app/config/settings.py",
            "root/.aws/credentials",
            "etc/app/app.yaml",
            ".env.production",
        ] {
            assert!(is_configuration(good.as_bytes(), 100), "{good}");
        }
        for bad in [
            "usr/lib/x.conf",
            "app/node_modules/a/b.json",
            "app/package-lock.json",
            "app/.env.example",
            "app/main.rs",
        ] {
            assert!(!is_configuration(bad.as_bytes(), 100), "{bad}");
        }
    }
}
