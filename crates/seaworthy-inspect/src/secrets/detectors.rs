//! Known formats, each with the fixed text it begins with.

use super::shape;
use aho_corasick::packed;
use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use seaworthy_facts::{SecretFact, SecretPlace};
use std::sync::{Arc, LazyLock};

/// One format.
struct Detector {
    name: &'static str,
    what: &'static str,
    /// Texts one of which a match begins with.
    literals: &'static [&'static str],
    /// What follows, from the literal on. Go's and Rust's syntax without Unicode.
    pattern: &'static str,
    /// How much of a match may be shown: the part that names the kind.
    shown: usize,
    judge: Judge,
}

/// How sure a match is.
#[derive(Clone, Copy)]
enum Judge {
    /// Entropy of what follows the shown part must reach this many tenths of a bit a byte.
    Entropy(u8),
    /// The last six characters are a checksum of those after the first four.
    Checksum,
    /// The first group is base64 of `user:password`.
    BasicAuth,
    /// Three parts, the first two base64 of JSON.
    Jwt,
    /// A PEM block with a body.
    Pem,
    /// The first group has the secret, which must look random.
    Value,
}

/// What was found, without its clear text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    what: &'static str,
    detector: &'static str,
    redacted: String,
    proven: bool,
    /// A digest of the clear text, to count one secret once per place.
    fingerprint: u128,
}

impl Match {
    /// A match whose first `shown` bytes may be told.
    pub(super) fn new(
        what: &'static str,
        detector: &'static str,
        secret: &[u8],
        shown: usize,
        proven: bool,
    ) -> Self {
        // Never more than a quarter of a secret is told.
        let shown = shown.min(secret.len() / 4);
        let head = seaworthy_store::tape::shown(&secret[..shown]);
        Self {
            what,
            detector,
            redacted: format!("{head}… ({} characters)", secret.len()),
            proven,
            fingerprint: twox_hash::XxHash3_128::oneshot(secret),
        }
    }

    /// Whether another match says nothing new beside this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }

    /// The finding.
    pub(super) fn fact(&self, place: SecretPlace) -> SecretFact {
        SecretFact {
            what: self.what.to_owned(),
            detector: self.detector.to_owned(),
            redacted: self.redacted.clone(),
            place,
            proven: self.proven,
        }
    }
}

macro_rules! detector {
    ($name:literal, $what:literal, [$($literal:literal),+], $pattern:literal, $shown:expr, $judge:expr) => {
        Detector { name: $name, what: $what, literals: &[$($literal),+], pattern: $pattern, shown: $shown, judge: $judge }
    };
}

/// Every format. Patterns end where the token must end: `(?:[^…]|$)` stands for a look-ahead, group 1 for the token.
static DETECTORS: [Detector; 39] = [
    detector!(
        "github-token",
        "GitHub token",
        ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"(gh[pousr]_[0-9A-Za-z]{36})(?:[^0-9A-Za-z_]|$)",
        4,
        Judge::Checksum
    ),
    detector!(
        "github-fine-grained",
        "GitHub fine-grained token",
        ["github_pat_"],
        r"(github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59})(?:[^0-9A-Za-z_]|$)",
        11,
        Judge::Entropy(35)
    ),
    detector!(
        "gitlab-token",
        "GitLab token",
        ["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"],
        r"(gl[a-z]{2,5}-[0-9A-Za-z_\-]{20,64})(?:[^0-9A-Za-z_\-]|$)",
        5,
        Judge::Entropy(33)
    ),
    detector!(
        "aws-access-key-id",
        "AWS access key id",
        ["AKIA", "ASIA"],
        r"(A[KS]IA[A-Z2-7]{16})(?:[^0-9A-Za-z/+=]|$)",
        4,
        Judge::Entropy(27)
    ),
    detector!(
        "aws-secret-access-key",
        "AWS secret access key",
        ["aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "secretAccessKey", "SecretAccessKey"],
        r#"[A-Za-z_]+["']?\s{0,4}[:=]\s{0,4}["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
        0,
        Judge::Value
    ),
    detector!(
        "slack-token",
        "Slack token",
        ["xox", "xapp-"],
        r"(xox[abprs]-[0-9]{8,15}-[0-9A-Za-z\-]{20,120}|xapp-[0-9]-[A-Z0-9]{8,15}-[0-9]{8,15}-[0-9a-f]{40,80})(?:[^0-9A-Za-z\-]|$)",
        5,
        Judge::Entropy(30)
    ),
    detector!(
        "slack-webhook",
        "Slack webhook",
        ["hooks.slack.com/services/T"],
        r"(hooks\.slack\.com/services/T[0-9A-Z]{8,12}/B[0-9A-Z]{8,12}/[0-9A-Za-z]{24})(?:[^0-9A-Za-z]|$)",
        24,
        Judge::Entropy(35)
    ),
    detector!(
        "google-api-key",
        "Google API key",
        ["AIza"],
        r"(AIza[0-9A-Za-z_\-]{35})(?:[^0-9A-Za-z_\-]|$)",
        4,
        Judge::Entropy(38)
    ),
    detector!(
        "google-oauth-secret",
        "Google OAuth secret",
        ["GOCSPX-"],
        r"(GOCSPX-[0-9A-Za-z_\-]{28})(?:[^0-9A-Za-z_\-]|$)",
        7,
        Judge::Entropy(35)
    ),
    detector!(
        "stripe-key",
        "Stripe live key",
        ["sk_live_", "rk_live_"],
        r"([sr]k_live_[0-9A-Za-z]{20,120})(?:[^0-9A-Za-z]|$)",
        8,
        Judge::Entropy(33)
    ),
    detector!(
        "npm-token",
        "npm token",
        ["npm_"],
        r"(npm_[0-9A-Za-z]{36})(?:[^0-9A-Za-z_]|$)",
        4,
        Judge::Checksum
    ),
    detector!(
        "npm-auth",
        "npm registry token",
        [":_auth", ":_password"],
        r#":_(?:authToken|auth|password)=["']?([^\s"'$\{]{10,200})"#,
        0,
        Judge::Value
    ),
    detector!(
        "pypi-token",
        "PyPI token",
        ["pypi-AgE"],
        r"(pypi-AgE[0-9A-Za-z_\-]{60,300})(?:[^0-9A-Za-z_\-]|$)",
        8,
        Judge::Entropy(38)
    ),
    detector!(
        "jwt",
        "JSON web token",
        ["eyJhbGciOi", "eyJ0eXAiOi", "eyJraWQiOi"],
        r"(eyJ[A-Za-z0-9_\-]{10,400}\.e[wy][A-Za-z0-9_\-]{10,4000}\.[A-Za-z0-9_\-]{20,700})(?:[^A-Za-z0-9_\-.]|$)",
        3,
        Judge::Jwt
    ),
    detector!(
        "private-key",
        "private key",
        ["-----BEGIN "],
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----",
        27,
        Judge::Pem
    ),
    detector!(
        "docker-auth",
        "registry password",
        ["\"auth\""],
        r#""auth"\s{0,8}:\s{0,8}"([A-Za-z0-9+/=_\-]{8,4000})""#,
        0,
        Judge::BasicAuth
    ),
    detector!(
        "docker-hub-token",
        "Docker Hub token",
        ["dckr_"],
        r"(dckr_[po]at_[0-9A-Za-z_\-]{27,32})(?:[^0-9A-Za-z_\-]|$)",
        9,
        Judge::Entropy(33)
    ),
    detector!(
        "sendgrid-key",
        "SendGrid key",
        ["SG."],
        r"(SG\.[0-9A-Za-z_\-]{22}\.[0-9A-Za-z_\-]{43})(?:[^0-9A-Za-z_\-]|$)",
        3,
        Judge::Entropy(40)
    ),
    detector!(
        "digitalocean-token",
        "DigitalOcean token",
        ["dop_v1_", "doo_v1_", "dor_v1_"],
        r"(do[opr]_v1_[0-9a-f]{64})(?:[^0-9A-Za-z]|$)",
        7,
        Judge::Entropy(30)
    ),
    detector!(
        "shopify-token",
        "Shopify token",
        ["shpat_", "shpca_", "shppa_", "shpss_"],
        r"(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})(?:[^0-9A-Za-z]|$)",
        6,
        Judge::Entropy(28)
    ),
    detector!(
        "rubygems-key",
        "RubyGems key",
        ["rubygems_"],
        r"(rubygems_[0-9a-f]{48})(?:[^0-9A-Za-z]|$)",
        9,
        Judge::Entropy(30)
    ),
    detector!(
        "vault-token",
        "Vault token",
        ["hvs.", "hvb."],
        r"(hv[sb]\.[0-9A-Za-z_\-]{60,300})(?:[^0-9A-Za-z_\-]|$)",
        4,
        Judge::Entropy(38)
    ),
    detector!(
        "azure-storage-key",
        "Azure storage key",
        ["AccountKey="],
        r"AccountKey=([A-Za-z0-9+/]{86}==)",
        0,
        Judge::Entropy(40)
    ),
    detector!(
        "age-key",
        "age key",
        ["AGE-SECRET-KEY-1"],
        r"(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})",
        16,
        Judge::Entropy(35)
    ),
    detector!(
        "anthropic-key",
        "Anthropic key",
        ["sk-ant-"],
        r"(sk-ant-[a-z0-9]{3,8}-[0-9A-Za-z_\-]{80,120})(?:[^0-9A-Za-z_\-]|$)",
        7,
        Judge::Entropy(40)
    ),
    detector!(
        "openai-key",
        "OpenAI key",
        ["sk-proj-"],
        r"(sk-(?:proj|svcacct)-[0-9A-Za-z_\-]{40,200})(?:[^0-9A-Za-z_\-]|$)",
        8,
        Judge::Entropy(40)
    ),
    detector!(
        "hugging-face-token",
        "Hugging Face token",
        ["hf_"],
        r"(hf_[A-Za-z]{34})(?:[^0-9A-Za-z_]|$)",
        3,
        Judge::Entropy(38)
    ),
    detector!(
        "grafana-token",
        "Grafana token",
        ["glsa_", "glc_eyJ"],
        r"(glsa_[0-9A-Za-z]{32}_[0-9a-f]{8}|glc_eyJ[0-9A-Za-z+/=]{40,300})(?:[^0-9A-Za-z]|$)",
        5,
        Judge::Entropy(35)
    ),
    detector!(
        "sentry-token",
        "Sentry token",
        ["sntry"],
        r"(sntrys_eyJ[0-9A-Za-z+/=_\-]{60,400}|sntryu_[0-9a-f]{64})(?:[^0-9A-Za-z]|$)",
        7,
        Judge::Entropy(32)
    ),
    detector!(
        "atlassian-token",
        "Atlassian token",
        ["ATATT3x"],
        r"(ATATT3x[0-9A-Za-z_\-=]{100,250})(?:[^0-9A-Za-z_\-=]|$)",
        7,
        Judge::Entropy(40)
    ),
    detector!(
        "postman-key",
        "Postman key",
        ["PMAK-"],
        r"(PMAK-[0-9a-f]{24}-[0-9a-f]{34})(?:[^0-9A-Za-z]|$)",
        5,
        Judge::Entropy(30)
    ),
    detector!(
        "new-relic-key",
        "New Relic key",
        ["NRAK-"],
        r"(NRAK-[0-9A-Z]{27})(?:[^0-9A-Za-z]|$)",
        5,
        Judge::Entropy(33)
    ),
    detector!(
        "linear-key",
        "Linear key",
        ["lin_api_"],
        r"(lin_api_[0-9A-Za-z]{40})(?:[^0-9A-Za-z]|$)",
        8,
        Judge::Entropy(35)
    ),
    detector!(
        "databricks-token",
        "Databricks token",
        ["dapi"],
        r"(dapi[0-9a-f]{32}(?:-[0-9])?)(?:[^0-9A-Za-z]|$)",
        4,
        Judge::Entropy(30)
    ),
    detector!(
        "doppler-token",
        "Doppler token",
        ["dp.pt."],
        r"(dp\.[ps]t\.[0-9A-Za-z._\-]{40,80})(?:[^0-9A-Za-z]|$)",
        6,
        Judge::Entropy(35)
    ),
    detector!(
        "pulumi-token",
        "Pulumi token",
        ["pul-"],
        r"(pul-[0-9a-f]{40})(?:[^0-9A-Za-z]|$)",
        4,
        Judge::Entropy(32)
    ),
    detector!(
        "terraform-token",
        "Terraform Cloud token",
        [".atlasv1."],
        r"(\.atlasv1\.[0-9A-Za-z_\-]{60,70})(?:[^0-9A-Za-z_\-]|$)",
        9,
        Judge::Entropy(38)
    ),
    detector!(
        "planetscale-token",
        "PlanetScale token",
        ["pscale_"],
        r"(pscale_(?:tkn|pw|oauth)_[0-9A-Za-z_.\-]{32,64})(?:[^0-9A-Za-z_.\-]|$)",
        10,
        Judge::Entropy(35)
    ),
    detector!(
        "discord-webhook",
        "Discord webhook",
        ["discord.com/api/webhooks/"],
        r"(discord\.com/api/webhooks/[0-9]{17,20}/[0-9A-Za-z_\-]{60,80})(?:[^0-9A-Za-z_\-]|$)",
        24,
        Judge::Entropy(38)
    ),
];

/// Finds every place where a format may begin, at the speed of memory.
pub(super) struct Prefilter {
    packed: Option<packed::Searcher>,
    automaton: AhoCorasick,
    /// The detector of each literal.
    owners: Vec<usize>,
    patterns: Vec<LazyLock<Option<Regex>, Box<dyn FnOnce() -> Option<Regex> + Send>>>,
}

/// The one prefilter. Patterns are compiled when first needed, without Unicode: with it they take a hundred times the
/// time and memory, and the formats are ASCII.
pub(super) static PREFILTER: LazyLock<Arc<Prefilter>> = LazyLock::new(|| Arc::new(Prefilter::new()));

impl Prefilter {
    fn new() -> Self {
        let mut literals: Vec<&str> = Vec::new();
        let mut owners = Vec::new();
        for (index, detector) in DETECTORS.iter().enumerate() {
            for literal in detector.literals {
                literals.push(literal);
                owners.push(index);
            }
        }
        let mut packed = packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder();
        packed.extend(&literals);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&literals);
        let patterns = DETECTORS
            .iter()
            .map(|detector| {
                let pattern = format!("^(?:{})", detector.pattern);
                let compile: Box<dyn FnOnce() -> Option<Regex> + Send> =
                    Box::new(move || RegexBuilder::new(&pattern).unicode(false).build().ok());
                LazyLock::new(compile)
            })
            .collect();
        Self {
            packed: packed.build(),
            automaton: automaton
                .unwrap_or_else(|_| AhoCorasick::new([""; 0]).expect("internal error: no pattern")),
            owners,
            patterns,
        }
    }

    /// Hands over every secret that begins before `end`, with its position.
    pub(super) fn each(&self, bytes: &[u8], end: usize, mut found: impl FnMut(usize, Match)) {
        let mut at = 0;
        while at < end {
            let hit = match &self.packed {
                Some(searcher) => searcher
                    .find_in(bytes, (at..bytes.len()).into())
                    .map(|hit| (hit.start(), hit.pattern().as_usize())),
                None => self
                    .automaton
                    .find(aho_corasick::Input::new(bytes).span(at..bytes.len()))
                    .map(|hit| (hit.start(), hit.pattern().as_usize())),
            };
            let Some((start, literal)) = hit else { return };
            if start >= end {
                return;
            }
            at = start + 1;
            if let Some((length, secret)) = self.check(self.owners[literal], bytes, start) {
                found(start, secret);
                at = start + length.max(1);
            }
        }
    }

    /// Looks closer at a place; gives the length of the match.
    fn check(&self, index: usize, bytes: &[u8], start: usize) -> Option<(usize, Match)> {
        let detector = &DETECTORS[index];
        // A token is a word: no letter or digit comes right before it. A longer name may end in a key's name.
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let word = before.is_some_and(|byte| byte.is_ascii_alphanumeric());
        if word && !matches!(detector.judge, Judge::Value | Judge::Pem) {
            return None;
        }
        let rest = &bytes[start..bytes.len().min(start + super::OVERLAP)];
        let captures = self.patterns[index].as_ref()?.captures(rest)?;
        let whole = captures.get(0)?;
        let secret = captures.get(1).unwrap_or(whole).as_bytes();
        let make =
            |secret: &[u8], proven| Match::new(detector.what, detector.name, secret, detector.shown, proven);
        let found = match detector.judge {
            Judge::Entropy(tenths) => {
                let body = &secret[detector.shown.min(secret.len())..];
                let enough = shape::entropy(body) * 10.0 >= f64::from(tenths);
                let example = body.ends_with(b"EXAMPLE") || memchr::memmem::find(body, b"xxxxxx").is_some();
                if !enough || example {
                    return None;
                }
                make(secret, false)
            }
            Judge::Checksum => {
                let (body, sum) = secret[4..].split_at(secret.len() - 10);
                let proven = shape::crc_base62(body) == *sum;
                // Without the checksum a token may be of an older kind, or made up; the looks must be good then.
                if !proven && shape::entropy(body) < 3.5 {
                    return None;
                }
                make(secret, proven)
            }
            Judge::BasicAuth => {
                let clear = shape::base64(secret)?;
                let colon = clear.iter().position(|byte| *byte == b':')?;
                let password = &clear[colon + 1..];
                let text = std::str::from_utf8(&clear).ok()?;
                if colon == 0 || password.is_empty() || text.contains(char::is_control) {
                    return None;
                }
                if shape::is_placeholder(&text[colon + 1..]) {
                    return None;
                }
                make(secret, true)
            }
            Judge::Jwt => {
                let mut parts = secret.split(|byte| *byte == b'.');
                let header: serde_json::Value =
                    serde_json::from_slice(&shape::base64(parts.next()?)?).ok()?;
                let body: serde_json::Value = serde_json::from_slice(&shape::base64(parts.next()?)?).ok()?;
                let algorithm = header.get("alg")?.as_str()?;
                // Every introduction to the format shows the token of John Doe.
                let example = body.get("name").and_then(serde_json::Value::as_str) == Some("John Doe");
                if algorithm.eq_ignore_ascii_case("none") || example || !body.is_object() {
                    return None;
                }
                make(secret, true)
            }
            Judge::Pem => return pem(detector, rest, whole.end()),
            Judge::Value => {
                let text = std::str::from_utf8(secret).ok()?;
                if shape::is_placeholder(text) || !shape::is_random(text) || text.ends_with("EXAMPLEKEY") {
                    return None;
                }
                make(secret, false)
            }
        };
        Some((whole.end(), found))
    }
}

/// Judges a PEM block by its body. A program that can read keys carries the first line as a text, so that proves
/// nothing; neither does a line of dots.
fn pem(detector: &Detector, bytes: &[u8], head: usize) -> Option<(usize, Match)> {
    let body = &bytes[head..];
    let end = memchr::memmem::find(body, b"-----END ")?;
    let text = &body[..end];
    let (mut code, mut line) = (Vec::with_capacity(text.len()), 0);
    let mut encrypted = memchr::memmem::find(&bytes[..head], b"ENCRYPTED").is_some();
    // In JSON and in source code the ends of lines are written out.
    let text = replace(&replace(&replace(text, b"\\r", b""), b"\\n", b"\n"), b"\"", b"");
    for part in text.split(|byte| *byte == b'\n') {
        let part = part.trim_ascii();
        if part.contains(&b':') {
            encrypted |= part.starts_with(b"Proc-Type");
            continue;
        }
        // The checksum of OpenPGP armour.
        if part.starts_with(b"=") && part.len() == 5 {
            continue;
        }
        line += 1;
        code.extend_from_slice(part);
    }
    if code.len() < 44 || line > 2000 || shape::entropy(&code) < 3.5 {
        return None;
    }
    let clear = shape::base64(&code)?;
    let known = clear.starts_with(b"openssh-key-v1\0")
        || clear.first() == Some(&0x30)
        || clear.first() == Some(&b'{')
        || memchr::memmem::find(&bytes[..head], b"PGP").is_some();
    if !known && !encrypted {
        return None;
    }
    let whole = head + end;
    let what =
        if encrypted || clear.first() == Some(&b'{') { "encrypted private key" } else { detector.what };
    Some((whole, Match::new(what, detector.name, &bytes[..whole], head, known)))
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        let mut names = Vec::new();
        PREFILTER.each(text.as_bytes(), text.len(), |_, found| names.push(found.detector));
        names
    }

    #[test]
    fn every_pattern_compiles_and_the_search_is_packed() {
        for (index, detector) in DETECTORS.iter().enumerate() {
            assert!(PREFILTER.patterns[index].is_some(), "{}", detector.name);
            assert!(detector.literals.iter().all(|literal| literal.len() >= 3), "{}", detector.name);
        }
        if cfg!(target_arch = "x86_64") {
            assert!(PREFILTER.packed.is_some(), "the literals fit the packed search");
        }
    }

    #[test]
    fn a_checksum_proves_a_token() {
        let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5";
        let sum = shape::crc_base62(body.as_bytes());
        let token = format!("ghp_{body}{}", std::str::from_utf8(&sum).unwrap());
        let mut found = Vec::new();
        let text = format!("TOKEN=\"{token}\"\n");
        PREFILTER.each(text.as_bytes(), text.len(), |at, one| found.push((at, one)));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, found[0].1.proven), (7, true));
        assert_eq!(found[0].1.redacted, "ghp_… (40 characters)");
        assert!(!format!("{:?}", found[0].1).contains("a1B2"), "no clear text is kept");
        assert_eq!(names(&format!("x{token}")), [""; 0], "not within a word");
    }

    #[test]
    fn words_of_programs_and_documents_are_no_keys() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nMIIBszCCARygAwIBAgIUQm==\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
            "AKIAIOSFODNN7EXAMPLE",
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "\"auth\": \"${AUTH}\"",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn keys_with_bodies_are_found_also_in_json() {
        // An elliptic key of no one: 44 bytes of DER that begin as PKCS 8 does.
        let body = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v0Vh5iFqkKqkXx0Yw2bq0m8nY1qk7bQz8k3Zt";
        for text in [
            format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
            format!("{{\"key\":\"-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n\"}}"),
        ] {
            assert_eq!(names(&text), ["private-key"], "{text}");
        }
    }
}
