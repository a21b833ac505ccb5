//! Free-form passwords: a name that says so, and a value that looks random.
//!
//! Precision comes first. Only small files that look like somebody's configuration are searched, the value must have
//! entropy and no word of documentation, and packages' own files are excluded by their checksums later.

use super::found::{Match, Rank};
use super::shape;
use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::LazyLock;

/// The largest file that is searched, in bytes.
const LARGEST: u64 = 512 << 10;

/// How sure a value must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// A file of names and values: anything random under a telling name.
    Configuration,
    /// A program: names of variables tell less, so only quoted texts that are surely random.
    Code,
}

static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r"(?:passwords?|passwd|passphrase|passcode|pass|pwd|psk|secrets?|salt|tokens?|apikeys?|(?:api|app|access|account|private|auth|encryption|signing|secret|master|session|hmac|jwt|deploy|service|client|license|storage)_?-?keys?|credentials?)";
    let glue = r#"\\?["']?\]?\s{0,4}(?::|=>|:?=|\n\s{1,16}value:|\s{1,4}value=)\s{0,4}"#;
    let pattern = format!(
        r#"(?i)(?:^|[^a-z0-9_.\-])([a-z0-9_.\-]{{0,40}}{name}(?:_?[a-z0-9]{{0,12}}){{0,2}})(?:{glue}(?:"([^"\r\n]{{8,256}})"|'([^'\r\n]{{8,256}})'|\\"([^"\\\r\n]{{8,256}})\\"|([^\s"'`,;#&|<>()\\]{{8,256}}))|>([^<>\r\n]{{8,256}})</)"#
    );
    RegexBuilder::new(&pattern).unicode(false).multi_line(true).build().ok()
});

/// Tells by a file's path how strict the search in it is. What depends on the folder is kept for the files that follow:
/// a layer may have hundreds of thousands, most of them of one folder.
#[derive(Default)]
pub(super) struct Places {
    /// The folder of the last file, with its slash.
    folder: Vec<u8>,
    place: Place,
    /// The last file's name in small letters.
    name: String,
}

/// What a folder says of the files in it.
#[derive(Clone, Copy, Default)]
struct Place {
    /// It is a distribution's or a package manager's, or no text.
    others: bool,
    /// It holds packages of Python.
    packages: bool,
    /// It holds tests, examples or documents, or programs from elsewhere.
    test: bool,
}

/// Words of files and folders that only show how something is done.
static TEST: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(["test", "spec", "mock", "fixture", "example", "sample"]).ok());

fn is_test(lower: &str) -> bool {
    TEST.as_ref().is_some_and(|words| words.is_match(lower))
}

impl Place {
    /// Of a folder, without a leading slash and with the one at its end.
    fn of(folder: &[u8]) -> Self {
        let Ok(folder) = std::str::from_utf8(folder) else { return Self { others: true, ..Self::default() } };
        let lower = folder.to_ascii_lowercase();
        let packages = lower.contains("-packages/");
        let test = ["/doc", "usr/local/", "-packages/"].iter().any(|part| lower.contains(part));
        Self { others: is_others(&lower), packages, test: test || is_test(&lower) }
    }
}

impl Places {
    /// How strict the search in a file is; nothing where its path does not look like that of somebody's configuration or
    /// program.
    pub(super) fn strictness(&mut self, path: &[u8], size: u64) -> Option<Strictness> {
        if size > LARGEST {
            return None;
        }
        let cut = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
        let (folder, name) = path.split_at(cut);
        if folder != self.folder {
            self.folder.clear();
            self.folder.extend_from_slice(folder);
            self.place = Place::of(folder);
        }
        let Place { others, packages, test } = self.place;
        if others {
            return None;
        }
        self.name.clear();
        self.name.push_str(std::str::from_utf8(name).ok()?);
        self.name.make_ascii_lowercase();
        let (name, inner) = (self.name.as_str(), cut > 0);
        // Python's own files lie below, and beside it.
        if inner && !packages && name.starts_with("python3.") {
            return None;
        }
        if is_configuration(name, packages) {
            return Some(Strictness::Configuration);
        }
        if !is_code(name) || test || is_test(name) {
            return None;
        }
        let documents = inner && name.starts_with("doc");
        (!documents).then_some(Strictness::Code)
    }
}

/// Whether a file's name is that of a program's source.
fn is_code(name: &str) -> bool {
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    matches!(
        kind,
        "py" | "js"
            | "mjs"
            | "cjs"
            | "ts"
            | "jsx"
            | "tsx"
            | "rb"
            | "php"
            | "go"
            | "java"
            | "kt"
            | "cs"
            | "sh"
            | "bash"
            | "ps1"
            | "sql"
            | "lua"
            | "pl"
            | "ex"
            | "exs"
            | "rs"
            | "tf"
            | "hcl"
            | "gradle"
            | "groovy"
            | "scala"
            | "swift"
            | "vb"
            | "bat"
            | "vue"
            | "txt"
            | "erb"
    )
}

/// Whether a name, in small letters, is that of somebody's configuration.
fn is_configuration(name: &str, packages: bool) -> bool {
    const NAMES: [&str; 36] = [
        "credentials.json",
        "credentials.yml",
        "secrets.py",
        "conf.py",
        "settings.xml",
        "web.config",
        "nuget.config",
        "auth.json",
        ".htaccess",
        ".dockercfg",
        "config.inc.php",
        "configuration.php",
        "parameters.php",
        ".terraformrc",
        "environment",
        "settings.php",
        "env.sh",
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
    // Locks and manifests are full of hashes under all kinds of names.
    let lock = || name.contains("lock") || name.starts_with("package") || name.starts_with("tsconfig");
    let shown = || ["example", "sample", "template"].iter().any(|word| name.contains(word));
    // Packages of Python are full of data; there only what is surely a configuration is worth the time.
    let ends = || name.ends_with(".env.sh") || name.rsplit_once('.').is_some_and(|(_, kind)| is_kind(kind));
    let named = NAMES.contains(&name) || (!packages && ends()) || name.starts_with(".env.");
    named && !lock() && !shown()
}

/// Whether files that end like this are configurations.
fn is_kind(kind: &str) -> bool {
    matches!(
        kind,
        "rc" | "credentials"
            | "xml"
            | "ovpn"
            | "nmconnection"
            | "env"
            | "ini"
            | "cfg"
            | "conf"
            | "cnf"
            | "yaml"
            | "yml"
            | "toml"
            | "json"
            | "properties"
            | "tfvars"
            | "config"
            | "secret"
            | "secrets"
            | "envrc"
    )
}

/// Whether a folder, in small letters, is where distributions and package managers put their files.
fn is_others(lower: &str) -> bool {
    // What lies here is a distribution's or a package's, and has no checksum to prove it where a manager keeps none.
    const NOT_OURS: [&str; 11] = [
        "usr/share/",
        "usr/lib/",
        "usr/include/",
        "usr/lib64/",
        "lib/",
        "var/lib/",
        "proc/",
        "sys/",
        "usr/local/share/",
        "usr/local/go/",
        "opt/java/",
    ];
    const NOT_OURS_IN: [&str; 9] = [
        "node_modules/",
        "/gems/",
        "/go/pkg/mod/",
        "/python3.",
        "/vendor/",
        "/testdata/",
        "/locale/",
        "/locales/",
        "/i18n/",
    ];
    // Packages of Python prove what is theirs; what is left is somebody's.
    if ["site-packages/", "dist-packages/"].iter().any(|part| lower.contains(part)) {
        return ["/_vendor/", "/tests/", "/test/", "/examples/"].iter().any(|part| lower.contains(part));
    }
    NOT_OURS.iter().any(|start| lower.starts_with(start))
        || NOT_OURS_IN.iter().any(|part| lower.contains(part))
}

/// Secrets of a text.
pub(super) fn read(bytes: &[u8], strictness: Strictness) -> Vec<Match> {
    let mut found = Vec::new();
    let Some(pattern) = PAIR.as_ref() else { return found };
    for captures in pattern.captures_iter(bytes) {
        let value = (2..=6).find_map(|group| captures.get(group));
        let (Some(name), Some(value)) = (captures.get(1), value) else { continue };
        let name = String::from_utf8_lossy(name.as_bytes()).to_ascii_lowercase();
        let Ok(text) = std::str::from_utf8(value.as_bytes()) else { continue };
        let quoted = captures.get(5).is_none();
        // In a program a bare word after `=` is a name.
        let sure = strictness == Strictness::Configuration
            || (quoted
                && is_strong_name(&name)
                && text.len() >= 12
                && shape::entropy(text.as_bytes()) >= 3.5);
        if sure && is_secret_name(&name) && is_secret(text) {
            found.push(of(&name, text, value.start()));
        }
    }
    found
}

/// Whether a name can only be that of a secret.
fn is_strong_name(name: &str) -> bool {
    ["password", "passwd", "secret", "token", "api_key", "apikey", "access_key", "private_key", "credential"]
        .iter()
        .any(|word| name.contains(word))
}

/// The secret of one name and value, as of a variable or a label.
pub(super) fn of_pair(name: &str, value: &str) -> Vec<Match> {
    let name = name.to_ascii_lowercase();
    let mut found = read(value.as_bytes(), Strictness::Configuration);
    let says_so = is_strong_name(&name)
        || ["passphrase", "pwd", "_pass", "encryption_key", "app_key", "master_key", "_salt"]
            .iter()
            .any(|word| name.contains(word));
    if says_so && is_secret_name(&name) && is_secret(value) {
        found.push(of(&name, value, 0));
    }
    found
}

fn of(name: &str, value: &str, at: usize) -> Match {
    let kind = if name.contains("pass") || name.contains("pwd") {
        ("password", "password-assignment")
    } else {
        ("secret", "secret-assignment")
    };
    Match::new(kind, Rank::Named, value.as_bytes(), at, 0)
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
    !ABOUT.iter().any(|word| name.contains(word)) && !name.ends_with("name") && !name.ends_with("label")
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
        let found = read(text, Strictness::Configuration);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(read(text, Strictness::Code).len(), 1);
        for text in [
            "<password>tR7xpq-Zx_91mNb2</password>",
            "- name: DB_PASSWORD\n  value: tR7xpq-Zx_91mNb2\n",
            "Server=db;Uid=app;Pwd=tR7xpq-Zx_91mNb2;",
            "<add key=\"ApiToken\" value=\"tR7xpq-Zx_91mNb2\"/>",
            "define('AUTH_KEY', 'x'); $token = 'tR7xpq-Zx_91mNb2';",
            "{\\\"client_secret\\\": \\\"tR7xpq-Zx_91mNb2\\\"}",
        ] {
            assert_eq!(read(text.as_bytes(), Strictness::Configuration).len(), 1, "{text}");
        }
        assert_eq!(of_pair("DB_PASSWORD", "tR7xpq-Zx_91mNb2").len(), 1);
        assert_eq!(of_pair("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568").len(), 0);
        assert_eq!(of_pair("PYTHON_SHA256", "9b74c9897bac770ffc029102a200c5de").len(), 0);
    }

    #[test]
    fn configuration_is_told_by_its_name() {
        let mut places = Places::default();
        let mut strictness = |path: &str| places.strictness(path.as_bytes(), 100);
        for good in [
            "app/.env",
            "app/config/settings.py",
            "root/.aws/credentials",
            "etc/app/app.yaml",
            ".env.production",
        ] {
            assert_eq!(strictness(good), Some(Strictness::Configuration), "{good}");
        }
        for bad in [
            "usr/lib/x.conf",
            "app/node_modules/a/b.json",
            "app/package-lock.json",
            "app/.env.example",
            "app/python3.conf",
        ] {
            assert_eq!(strictness(bad), None, "{bad}");
        }
        for code in ["app/main.rs", "main.py", "Doc.txt", "srv/a.b/run.SH"] {
            assert_eq!(strictness(code), Some(Strictness::Code), "{code}");
        }
        for none in
            ["app/test_main.rs", "app/docs.txt", "tests/run.sh", "usr/local/bin/run.sh", "lib/x.py", "app/a"]
        {
            assert_eq!(strictness(none), None, "{none}");
        }
    }
}
