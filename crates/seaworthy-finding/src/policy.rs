//! The model of `seaworthy.toml`.
//!
//! Unknown keys are errors with a suggestion. Everything has a default: no file at all is a valid policy.

use crate::{
    CommandExpectation, Expectation, ServiceConfig, Severity, did_you_mean, parse_bytes, parse_duration_ms,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeMap;
use std::fmt;

/// What a rule's findings mean for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The rule does not run.
    Off,
    /// Shown, never counted.
    Info,
    /// The verdict is at best "fit with warnings".
    Warn,
    /// The verdict is "not fit".
    Fail,
}

/// What the policy says of one rule: `"warn"` or `{ level = "warn", … }`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RuleSetting {
    /// The level, where the policy sets one.
    pub level: Option<Level>,
    /// The rule's parameters.
    pub params: BTreeMap<String, toml::Value>,
}

impl<'de> Deserialize<'de> for RuleSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RuleSetting;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a level (\"off\", \"info\", \"warn\" or \"fail\") or a table with `level` and parameters")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RuleSetting, E> {
                let level = Level::deserialize(de::value::StrDeserializer::<E>::new(text))?;
                Ok(RuleSetting { level: Some(level), params: BTreeMap::new() })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<RuleSetting, A::Error> {
                let mut setting = RuleSetting::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "level" {
                        setting.level = Some(map.next_value()?);
                    } else {
                        setting.params.insert(key, map.next_value()?);
                    }
                }
                Ok(setting)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Accepts the findings of a rule at a path, for a reason, until a date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The rule's name.
    pub rule: String,
    /// Only findings at this path; a `*` matches anything, slashes too. Absent: everywhere.
    pub path: Option<String>,
    /// Only findings of this name in another tool or catalogue, such as `CVE-2024-22195`.
    pub id: Option<String>,
    /// Only findings of the secret with this SHA-256, in hexadecimal, or its first 12 or more characters.
    pub sha256: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day it holds.
    pub expires: Option<toml::value::Datetime>,
}

/// A budget of an image. Sizes in bytes, times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Budget {
    /// Greatest sum of the compressed layers of one platform, in bytes.
    #[serde(default, deserialize_with = "bytes")]
    pub compressed: Option<u64>,
    /// Greatest sum of the unpacked layers, in bytes.
    #[serde(default, deserialize_with = "bytes")]
    pub unpacked: Option<u64>,
    /// Longest time to ready, in milliseconds.
    #[serde(default, deserialize_with = "duration")]
    pub ready: Option<u64>,
    /// Least share of cached build steps, as in `80%`.
    pub cache_hits: Option<String>,
}

/// A variable of a trial: a literal, or one that is generated anew for each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum EnvValue {
    /// A fixed value.
    Literal(String),
    /// A random value made for the run, never shown.
    Generate,
}

impl<'de> Deserialize<'de> for EnvValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = EnvValue;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string or `{ generate = true }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<EnvValue, E> {
                Ok(EnvValue::Literal(text.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<EnvValue, A::Error> {
                let mut generate = false;
                while let Some(key) = map.next_key::<String>()? {
                    if key != "generate" {
                        return Err(de::Error::unknown_field(&key, &["generate"]));
                    }
                    generate = map.next_value()?;
                }
                if generate {
                    Ok(EnvValue::Generate)
                } else {
                    Err(de::Error::custom("`generate` must be true"))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A file put into the container of a trial, as an orchestrator mounts a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretFile {
    /// `token` for 48 random hexadecimal characters; its value is never shown.
    pub generate: Option<String>,
    /// A literal content.
    pub content: Option<String>,
    /// A file of the project to take the content from.
    pub source: Option<String>,
    /// Octal permissions; `0400` by default.
    pub mode: Option<String>,
    /// Owner; the image's user by default.
    pub uid: Option<u32>,
    /// Group; the image's group by default.
    pub gid: Option<u32>,
}

/// How an image is booted and what it must do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TestConfig {
    /// Variables of the run.
    #[serde(default)]
    pub env: BTreeMap<String, EnvValue>,
    /// Files of the run.
    #[serde(default)]
    pub files: BTreeMap<String, SecretFile>,
    /// The request that tells when the service is ready, as in `GET /healthz` or `GET :8080/healthz`.
    pub ready: Option<String>,
    /// Longest wait for ready; `30s` by default.
    #[serde(default, deserialize_with = "duration")]
    pub ready_timeout: Option<u64>,
    /// Grace between the stop signal and SIGKILL; `10s` by default.
    #[serde(default, deserialize_with = "duration")]
    pub grace: Option<u64>,
    /// Longest wait for a refusal to start; `5s` by default.
    #[serde(default, deserialize_with = "duration")]
    pub refuse_within: Option<u64>,
    /// Variables without which the service must not start. Absent: those the README's table calls required.
    pub required: Option<Vec<String>>,
    /// Temporary file systems, as in compose: `/tmp:size=16m,mode=1777`. Absent: those of the compose file.
    pub tmpfs: Option<Vec<String>>,
    /// Capabilities to grant beyond none.
    #[serde(default)]
    pub cap_add: Vec<String>,
    /// Memory limit, in bytes.
    #[serde(default, deserialize_with = "bytes")]
    pub memory: Option<u64>,
    /// The request that is under way while the service is stopped. Absent: the ready request.
    pub drain: Option<Expectation>,
    /// Further requests to the running service.
    #[serde(default)]
    pub http: Vec<Expectation>,
    /// Commands inside the running container.
    #[serde(default)]
    pub command: Vec<CommandExpectation>,
    /// Whether the boots are made too that take long: other users, signals and values, a second start and replica.
    #[serde(default)]
    pub thorough: bool,
    /// Files of container-structure-test the image must pass, relative to `seaworthy.toml`.
    #[serde(default)]
    pub structure: Vec<String>,
    /// Longest time of one command of those files; `60s` by default.
    #[serde(default, deserialize_with = "duration")]
    pub structure_timeout: Option<u64>,
    /// Images booted beside it.
    #[serde(default)]
    pub services: BTreeMap<String, ServiceConfig>,
}

/// How a Rust crate is packaged without a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RustConfig {
    /// The binary target.
    pub bin: Option<String>,
    /// The package, where the workspace has several.
    pub package: Option<String>,
    /// Cargo features.
    #[serde(default)]
    pub features: Vec<String>,
    /// `uid:gid`, numeric; `65532:65532` by default.
    pub user: Option<String>,
    /// Arguments after the binary; a string is run by `/bin/sh -c`.
    pub cmd: Option<Command>,
    /// The entrypoint; the binary by default.
    pub entrypoint: Option<Command>,
    /// Environment of the image.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Ports, as in `8080` or `53/udp`.
    #[serde(default)]
    pub expose: Vec<String>,
    /// Command and times of the health check.
    pub healthcheck: Option<HealthConfig>,
    /// Labels beside those taken from Cargo and git.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Labels to leave out.
    #[serde(default)]
    pub without_labels: Vec<String>,
    /// Further files: path in the image → path in the project.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The signal that asks the service to stop; `SIGTERM` by default.
    pub stop_signal: Option<String>,
    /// Whether CA certificates are put in; true by default.
    pub ca_certificates: Option<bool>,
}

/// A command in exec form (a list) or shell form (a string).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Command {
    /// Run as it is.
    Exec(Vec<String>),
    /// Run by `/bin/sh -c`.
    Shell(String),
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Command;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of words or one string for a shell")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Command, E> {
                Ok(Command::Shell(text.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Command, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(Command::Exec(words))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A health check of a packaged image. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HealthConfig {
    /// The command.
    pub cmd: Command,
    /// Time between probes.
    #[serde(default, deserialize_with = "duration")]
    pub interval: Option<u64>,
    /// Time a probe may take.
    #[serde(default, deserialize_with = "duration")]
    pub timeout: Option<u64>,
    /// Time in which failures do not count.
    #[serde(default, deserialize_with = "duration")]
    pub start_period: Option<u64>,
    /// Failures in a row that mean unhealthy.
    pub retries: Option<u32>,
}

/// A variant of an image, such as `cpu` and `gpu`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its Dockerfile.
    pub file: String,
}

/// How an image is built. Alias of the fields of `[[image]]` a builder reads.
pub type BuildConfig = ImageConfig;

/// One `[[image]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImageConfig {
    /// Repository name, without a tag.
    pub name: Option<String>,
    /// The Dockerfile, relative to the policy file.
    pub dockerfile: Option<String>,
    /// The build context, relative to the policy file.
    pub context: Option<String>,
    /// Package a Rust crate instead of building the Dockerfile.
    pub rust: Option<RustConfig>,
    /// Platforms, as in `linux/amd64`.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// Variants.
    #[serde(default)]
    pub variants: BTreeMap<String, Variant>,
    /// What stands for a base image: `FROM` name → reference or layout.
    #[serde(default)]
    pub bases: BTreeMap<String, String>,
    /// Build arguments of the Dockerfile; `{{version}}`, `{{commit}}` and `{{sha}}` stand for the project's.
    #[serde(default)]
    pub build_args: BTreeMap<String, String>,
    /// Budgets.
    #[serde(default)]
    pub budget: Budget,
    /// How it is booted.
    #[serde(default)]
    pub test: TestConfig,
}

/// How results are signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignConfig {
    /// The private key's file, in cosign's format.
    pub key: Option<String>,
    /// Make the key pair when the file is absent.
    #[serde(default)]
    pub generate: bool,
}

/// How an image is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PublishConfig {
    /// Where to; an OCI layout below the output directory by default.
    pub to: Option<String>,
    /// Tags, literal or by docker/metadata-action's rules.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who moves `latest`: `forbid`, `main` or `release`.
    pub latest: Option<String>,
    /// Sign what is published.
    pub sign: Option<SignConfig>,
    /// Attach an SBOM; true by default.
    pub sbom: Option<bool>,
}

/// `[scan]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScanConfig {
    /// Greatest number of known vulnerabilities by severity.
    #[serde(default, deserialize_with = "budgets")]
    pub max: BTreeMap<String, u64>,
    /// Count only vulnerabilities that a newer version mends.
    pub only_fixed: Option<bool>,
    /// The oldest that the newest advisory of the database may be, in milliseconds; `7d` by default.
    #[serde(default, deserialize_with = "duration")]
    pub max_age: Option<u64>,
    /// VEX documents, relative to the policy file.
    #[serde(default)]
    pub vex: Vec<String>,
    /// The base image, by whose layers vulnerabilities are told to be the base's or yours.
    pub base: Option<String>,
    /// Where `db update` gets advisories from: URLs of OSV exports, or `oci://REF`.
    #[serde(default)]
    pub update: Vec<String>,
}

/// The whole policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// The built-in profile it starts from.
    pub profile: Option<String>,
    /// Levels and parameters by rule.
    #[serde(default)]
    pub rules: BTreeMap<String, RuleSetting>,
    /// Accepted findings.
    #[serde(default)]
    pub waiver: Vec<Waiver>,
    /// The images of this repository.
    #[serde(default)]
    pub image: Vec<ImageConfig>,
    /// Publishing.
    #[serde(default)]
    pub publish: PublishConfig,
    /// Vulnerabilities.
    #[serde(default)]
    pub scan: ScanConfig,
    /// The severity at or above which findings give exit code 1; `high` by default.
    pub fail_on: Option<Severity>,
}

/// The policy file does not read. `Display` names line, column and, for an unknown key, the nearest known one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} column {column}: {message}")]
pub struct PolicyError {
    /// 1-based line.
    pub line: usize,
    /// 1-based column.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// The text is no TOML, has an unknown key or a value of the wrong kind.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = crate::LineIndex::new(text).line_col(text, at);
            let (message, suggestion) = explain(error.message());
            PolicyError { line, column, message, suggestion }
        })
    }

    /// The level the policy itself gives a rule, by its name; a profile is not consulted.
    pub fn level(&self, rule: &str) -> Option<Level> {
        self.rules.get(rule).and_then(|setting| setting.level)
    }

    /// A rule's parameter as text.
    pub fn param(&self, rule: &str, key: &str) -> Option<&str> {
        self.rules.get(rule)?.params.get(key)?.as_str()
    }
}

/// Turns serde's unknown-field message into ours, with a suggestion.
fn explain(message: &str) -> (String, Option<String>) {
    let words: Vec<&str> = message.split('`').collect();
    match words.as_slice() {
        [kind @ ("unknown field " | "unknown variant "), word, known @ ..] => {
            let known = known.iter().skip(1).step_by(2).copied();
            let suggestion = did_you_mean(word, known).map(str::to_owned);
            let what = if *kind == "unknown field " { "key" } else { "value" };
            let mut text = format!("unknown {what} `{word}`");
            if let Some(near) = &suggestion {
                text = format!("{text}: did you mean `{near}`?");
            }
            (text, suggestion)
        }
        _ => (message.trim().to_owned(), None),
    }
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = parse_bytes(&text);
    read.map(Some)
        .ok_or_else(|| de::Error::custom(format!("`{text}` is no size; write it like \"50MB\" or \"64MiB\"")))
}

/// A budget of a severity that is misspelt would never be exceeded.
fn budgets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, u64>, D::Error> {
    const NAMES: [&str; 5] = ["critical", "high", "medium", "low", "negligible"];
    let read: BTreeMap<String, u64> = BTreeMap::deserialize(deserializer)?;
    match read.keys().find(|name| !NAMES.contains(&name.as_str())) {
        Some(other) => Err(de::Error::custom(format!(
            "`{other}` is no severity of a vulnerability; write {} or negligible",
            NAMES[..4].join(", ")
        ))),
        None => Ok(read),
    }
}

pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = parse_duration_ms(&text);
    read.map(Some).ok_or_else(|| {
        de::Error::custom(format!("`{text}` is no duration; write it like \"10s\" or \"500ms\""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_a_policy() {
        assert_eq!(Policy::parse(""), Ok(Policy::default()));
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest_key() {
        let error = Policy::parse("profile = \"x\"\n[publish]\ntgas = []\n").unwrap_err();
        assert_eq!((error.line, error.column), (3, 1));
        assert_eq!(error.message, "unknown key `tgas`: did you mean `tags`?");
        assert_eq!(error.suggestion.as_deref(), Some("tags"));
    }

    #[test]
    fn rules_are_levels_or_tables() {
        let policy =
            Policy::parse("[rules]\na = \"off\"\nb = { level = \"fail\", require = \"digest\" }\n").unwrap();
        assert_eq!(policy.level("a"), Some(Level::Off));
        assert_eq!(policy.level("b"), Some(Level::Fail));
        assert_eq!(policy.param("b", "require"), Some("digest"));
        assert!(Policy::parse("[rules]\na = \"loud\"\n").unwrap_err().message.contains("loud"));
    }

    #[test]
    fn the_design_papers_example_reads() {
        let text = r#"
profile = "production"
[rules]
"pin-base-image" = { level = "fail", require = "digest" }
[[waiver]]
rule = "run-as-root"
path = "ci/Dockerfile"
reason = "needs apt"
expires = 2027-03-01
[[image]]
name = "ghcr.io/acme/password-api"
dockerfile = "Dockerfile"
platforms = ["linux/amd64"]
variants = { cpu = { file = "Dockerfile.cpu" }, gpu = { file = "Dockerfile.gpu" } }
bases = { "python:3.12-slim" = "oci:bases/python" }
budget = { compressed = "50MB", cache-hits = "80%", ready = "3s" }
[image.test]
env = { API_TOKEN = { generate = true }, MODE = "x" }
ready = "GET /healthz"
services.postgres = { image = "postgres:16-alpine", env = { A = "b" }, ready = "pg_isready" }
[publish]
tags = ["type=semver,pattern={{version}}", "type=sha"]
latest = "release"
sign = { key = "cosign.key" }
[scan]
max = { critical = 0, high = 4 }
"#;
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.image[0].budget.compressed, Some(50_000_000));
        assert_eq!(policy.image[0].budget.ready, Some(3000));
        assert_eq!(policy.image[0].test.env["API_TOKEN"], EnvValue::Generate);
    }

    #[test]
    fn a_bad_size_says_how_to_write_one() {
        let error = Policy::parse("[[image]]\nbudget = { compressed = \"big\" }\n").unwrap_err();
        assert!(error.message.contains("no size"), "{}", error.message);
    }
}
