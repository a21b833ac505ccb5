//! Secrets of every specified form, planted in an image: each is found once where it lies, nothing else is, and no output
//! has one in clear.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

#[path = "../../seaworthy-store/tests/support/mod.rs"]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use seaworthy_facts::{ImageFacts, SecretFact, SecretPlace};
use seaworthy_inspect::{Options, inspect};
use seaworthy_oci::{Digest, Source};
use seaworthy_store::{Layout, open};
use std::collections::BTreeMap;
use support::{Tar, store, zipped};

/// Forms: a name, and a text in which `«…»` is the secret. `{a20}` are 20 letters and digits, `h` lower-case hexadecimal,
/// `u` capitals and 2 to 7, `U` capitals and digits, `l` small letters and digits, `d` digits, `b` base64, `w` letters,
/// digits, `-` and `_`, `L` letters, `x` bech32, `g` a GUID.
const FORMS: &str = include_str!("forms.txt");

const DIGITS: &[u8] = b"0123456789";
const SMALL: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const LARGE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        // Xorshift (Marsaglia 2003) with a multiplication.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap()
    }

    fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(alphabet[self.next() % alphabet.len()])).collect()
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| u8::try_from(self.next() & 255).unwrap()).collect()
    }

    fn class(&mut self, class: char, count: usize) -> String {
        let all = [DIGITS, LARGE, SMALL].concat();
        match class {
            'a' => self.text(&all, count),
            'h' => self.text(b"0123456789abcdef", count),
            'u' => self.text(&[LARGE, b"234567"].concat(), count),
            'U' => self.text(&[LARGE, DIGITS].concat(), count),
            'l' => self.text(&[SMALL, DIGITS].concat(), count),
            'd' => self.text(DIGITS, count),
            'b' => self.text(&[&all[..], b"+/"].concat(), count),
            'w' => self.text(&[&all[..], b"-_"].concat(), count - 1) + &self.text(&all, 1),
            'L' => self.text(&[SMALL, LARGE].concat(), count),
            'x' => self.text(b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", count),
            'p' => self.text(&[&all[..], b"!%*-_"].concat(), count),
            'g' => [8, 4, 4, 4, 12].map(|part| self.class('h', part)).join("-"),
            // A checked token's body and its checksum.
            'c' => {
                let body = self.text(&all, count);
                let mut crc = flate2::Crc::new();
                crc.update(body.as_bytes());
                let mut left = crc.sum();
                let mut sum = Vec::new();
                for _ in 0..6 {
                    sum.insert(0, char::from(all[left as usize % 62]));
                    left /= 62;
                }
                body + &sum.into_iter().collect::<String>()
            }
            // DER of nothing: a sequence with noise, in lines.
            'k' => {
                let mut der = vec![0x30, 0x82, 4, 0xa4, 2, 1, 0];
                der.extend(self.bytes(count));
                let text = STANDARD.encode(der);
                text.as_bytes()
                    .chunks(64)
                    .map(|line| std::str::from_utf8(line).unwrap())
                    .collect::<Vec<_>>()
                    .join("\n")
            }
            'j' => {
                let body = format!("{{\"sub\":\"{}\",\"exp\":4102444800}}", self.class('a', 6));
                let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
                format!("{head}.{}.{}", URL_SAFE_NO_PAD.encode(body), self.class('a', 43))
            }
            'B' => STANDARD.encode(format!("deploy:{}", self.class('a', count))),
            'D' => {
                let auth = self.class('B', count);
                STANDARD.encode(format!("{{\"auths\":{{\"registry.example\":{{\"auth\":\"{auth}\"}}}}}}"))
            }
            other => panic!("no class {other}"),
        }
    }

    /// A text of a form, and the secrets in it.
    fn fill(&mut self, form: &str) -> (String, Vec<String>) {
        let mut text = String::new();
        let mut rest = form;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').map(|at| at + open);
            let inner = close.map(|close| &rest[open + 1..close]);
            let class = inner.and_then(|inner| {
                let mut chars = inner.chars();
                let class = chars.next().filter(char::is_ascii_alphabetic)?;
                let count = if chars.as_str().is_empty() { 0 } else { chars.as_str().parse().ok()? };
                Some((class, count))
            });
            text.push_str(&rest[..open]);
            match (class, close) {
                (Some((class, count)), Some(close)) => {
                    text.push_str(&self.class(class, count));
                    rest = &rest[close + 1..];
                }
                _ => {
                    text.push('{');
                    rest = &rest[open + 1..];
                }
            }
        }
        text.push_str(rest);
        let mut secrets = Vec::new();
        let mut clear = String::new();
        for (index, part) in text.split(['«', '»']).enumerate() {
            if index % 2 == 1 {
                secrets.push(part.to_owned());
            }
            clear.push_str(part);
        }
        (clear.replace("\\n", "\n"), secrets.iter().map(|one| one.replace("\\n", "\n")).collect())
    }
}

/// Where a secret was planted, as the facts tell it.
fn place(secret: &SecretFact) -> String {
    match &secret.place {
        SecretPlace::File { path, index, hidden, hidden_by, .. } => {
            assert_eq!(*hidden, hidden_by.is_some());
            format!("{index} {path} {hidden}")
        }
        SecretPlace::Env { name } => format!("env {name}"),
        SecretPlace::Label { name } => format!("label {name}"),
        SecretPlace::History { index } => format!("history {index}"),
        SecretPlace::Field { name } => format!("field {name}"),
    }
}

fn wide(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// As Python keeps a constant: its length in a byte, no mark after it.
fn byte_code(secret: &str) -> Vec<u8> {
    let mut bytes = b"\xa7\x0d\x0d\x0a\0\0\0\0\x55\x44\x33\x22\x10\0\0\0\xe3\0\0\0z".to_vec();
    bytes.push(u8::try_from(secret.len() & 255).unwrap());
    bytes.extend_from_slice(secret.as_bytes());
    bytes.extend_from_slice(b"Nr\x01\0\0\0Z\x04main");
    bytes
}

struct Planted {
    facts: ImageFacts,
    /// Place, form, secret.
    expected: Vec<(String, String, String)>,
}

fn plant(seed: u64) -> Planted {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut layers = [Tar::new(), Tar::new(), Tar::new(), Tar::new()];
    let mut expected = Vec::new();
    let (mut env, mut labels, mut history) = (Vec::new(), Vec::new(), Vec::new());
    let mut white = Vec::new();
    for (number, line) in FORMS.lines().filter(|line| !line.starts_with('#')).enumerate() {
        let mut columns = line.splitn(3, '\t');
        let (kind, path, form) = (columns.next().unwrap(), columns.next().unwrap(), columns.next().unwrap());
        // Each form as a text in a file, and once more in another encoding or place.
        let (text, secrets) = random.fill(form);
        let layer = number % 3;
        let path = if path == "-" {
            format!("app/p{number}/settings.py")
        } else {
            path.replace('#', &number.to_string())
        };
        layers[layer] = std::mem::replace(&mut layers[layer], Tar::new())
            .file(&path, format!("# plan\n{text}\n").as_bytes());
        let hidden = number % 7 == 3 && layer < 2;
        if hidden {
            let (folder, name) = path.rsplit_once('/').unwrap();
            white.push(format!("{folder}/.wh.{name}"));
        }
        for secret in &secrets {
            expected.push((format!("{layer} /{path} {hidden}"), kind.to_owned(), secret.clone()));
        }
        let (text, secrets) = random.fill(form);
        let one = secrets.len() == 1 && !path.starts_with("etc/shadow") && !secrets[0].contains('\n');
        let alone = one && !form.starts_with('«') && !kind.starts_with('~');
        let file = |bytes: Vec<u8>, path: String| (path, bytes);
        let planted = match if kind.starts_with('@') { 7 } else { number % 8 } {
            0 => Some(file(wide(&format!("\u{feff}{text}\r\n"), false), format!("opt/w{number}/a.ini"))),
            1 => Some(file(wide(&format!("{text}\r\n"), true), format!("opt/w{number}/b.conf"))),
            2 if !kind.starts_with('~') => {
                // Across the border of two pieces.
                let mut bytes = vec![b'\n'; (1 << 20) + (16 << 10) - 30 - number];
                bytes.extend_from_slice(text.as_bytes());
                bytes.resize(bytes.len() + (2 << 20), b'\n');
                Some(file(bytes, format!("var/lib/big{number}.log")))
            }
            3 if one && kind.starts_with('=') && secrets[0].len() < 250 => {
                Some(file(byte_code(&secrets[0]), format!("opt/c{number}/m.cpython-311.pyc")))
            }
            4 if alone => {
                env.push((format!("V{number}_X"), text.replace('\n', " "), kind, secrets.clone()));
                None
            }
            5 if alone => {
                labels.push((format!("l{number}"), text.replace('\n', " "), kind, secrets.clone()));
                None
            }
            6 if alone => {
                history.push((text, kind, secrets.clone()));
                None
            }
            _ => None,
        };
        if let Some((path, bytes)) = planted {
            let layer = (number + 1) % 3;
            layers[layer] = std::mem::replace(&mut layers[layer], Tar::new()).file(&path, &bytes);
            for secret in &secrets {
                expected.push((format!("{layer} /{path} false"), kind.to_owned(), secret.clone()));
            }
        }
    }
    for path in white {
        layers[3] = std::mem::replace(&mut layers[3], Tar::new()).file(&path, b"");
    }
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let blobs: Vec<_> = layers.into_iter().map(|tar| zipped(&tar.end())).collect();
    store(&layout, "1", &blobs, |config| {
        for (name, text, kind, secrets) in env {
            config.config.env.push(format!("{name}={text}"));
            expected.extend(secrets.into_iter().map(|one| (format!("env {name}"), kind.to_owned(), one)));
        }
        for (name, text, kind, secrets) in labels {
            expected.extend(secrets.into_iter().map(|one| (format!("label {name}"), kind.to_owned(), one)));
            config.config.labels.insert(name, text);
        }
        let template = config.history[0].clone();
        for (text, kind, secrets) in history {
            let mut entry = template.clone();
            entry.created_by = Some(format!("RUN |1 {text} /bin/sh -c make"));
            entry.empty_layer = true;
            let index = config.history.len();
            expected
                .extend(secrets.into_iter().map(|one| (format!("history {index}"), kind.to_owned(), one)));
            config.history.push(entry);
        }
    });
    let source = Source::Layout { path: folder.path().to_owned(), reference: None };
    let facts = inspect(&open(&source, None).unwrap(), &Options::default()).unwrap();
    Planted { facts, expected }
}

fn hex(text: &str) -> String {
    Digest::of(text.trim().as_bytes()).hex().to_owned()
}

#[test]
fn every_form_is_found_once_wherever_it_lies() {
    let mut kinds = BTreeMap::new();
    let mut wrong = Vec::new();
    for seed in 1..=3 {
        let Planted { facts, expected } = plant(seed);
        let mut left: Vec<&SecretFact> = facts.secrets.iter().collect();
        for (at, kind, secret) in &expected {
            let sum = hex(secret);
            let found = left
                .iter()
                .position(|one| place(one) == *at && one.sha256.as_ref().is_none_or(|known| *known == sum));
            *kinds.entry(kind.clone()).or_insert(0) += 1;
            match found {
                Some(found) => {
                    left.remove(found);
                }
                None => wrong.push(format!("seed {seed}: {kind} is not found at {at}: {secret}")),
            }
        }
        for one in left {
            wrong.push(format!(
                "seed {seed}: {} at {} is not a secret: {}",
                one.detector,
                place(one),
                one.redacted
            ));
        }
        let told = serde_json::to_string(&facts).unwrap();
        for (_, kind, secret) in &expected {
            assert!(!told.contains(secret.as_str()), "{kind} is told in clear");
        }
        if seed == 1 {
            println!("{} secrets of {} forms in one image", expected.len(), kinds.len());
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert!(kinds.len() >= 60, "{} kinds", kinds.len());
}

#[test]
fn what_only_looks_like_a_secret_is_not_told() {
    let mut random = Random(77);
    let mut tar = Tar::new();
    for (number, line) in include_str!("decoys.txt").lines().filter(|line| !line.starts_with('#')).enumerate()
    {
        let (text, _) = random.fill(line);
        tar = tar.file(&format!("app/d{number}/config.yaml"), text.as_bytes());
        tar = tar.file(&format!("app/d{number}/main.py"), text.as_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    store(&layout, "1", &[zipped(&tar.end())], |config| {
        config
            .config
            .labels
            .insert("description".into(), "A service for password generation and secret sharing".into());
        config.config.labels.insert("org.opencontainers.image.title".into(), "password generation".into());
        config.config.env = vec![
            "GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568".into(),
            "PYTHON_SHA256=9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de".into(),
            "DB_PASSWORD_FILE=/run/secrets/db_password".into(),
            "API_TOKEN=".into(),
            "SECRET_KEY=${SECRET_KEY}".into(),
        ];
    });
    let source = Source::Layout { path: folder.path().to_owned(), reference: None };
    let facts = inspect(&open(&source, None).unwrap(), &Options::default()).unwrap();
    let told: Vec<String> =
        facts.secrets.iter().map(|one| format!("{} {} {}", one.detector, place(one), one.redacted)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
