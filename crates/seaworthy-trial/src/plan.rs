//! Turns the policy and the image into boots.

use crate::driver::{Launch, MountedFile, TmpfsMount};
use crate::http::Request;
use crate::pool;
use crate::services::ServicePlan;
use seaworthy_facts::{FileKind, ImageFacts};
use seaworthy_finding::{EnvValue, Expectation, ServiceConfig, TestConfig, parse_bytes};
use seaworthy_oci::ContainerConfig;
use std::collections::BTreeMap;
use std::path::Path;

/// A variable the service must not start without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// The variable.
    pub name: String,
    /// Who says so, such as `README.md:31`.
    pub by: String,
}

/// What is booted and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The image.
    pub image: &'a ImageFacts,
    /// The policy's `[image.test]`.
    pub test: &'a TestConfig,
    /// Variables that are required.
    pub required: &'a [Required],
    /// Temporary file systems of the compose file, used where the policy names none.
    pub tmpfs: &'a [String],
    /// Directory that `source` of a secret file is relative to.
    pub project: &'a Path,
    /// The images of the policy's services.
    pub services: &'a [Beside<'a>],
    /// Commands that a profile wants run inside, whatever comes of them.
    pub probes: &'a [Vec<String>],
}

/// A service of the policy and the image it names.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its image.
    pub image: &'a ImageFacts,
    /// What the policy says of it.
    pub config: &'a ServiceConfig,
}

/// A value made for the run that must appear nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its name, such as the variable or the file.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The resolved plan of a trial.
#[derive(Clone)]
pub struct Plan {
    /// The hardened boot all others derive from.
    pub launch: Launch,
    /// The services to boot beside it.
    pub services: Vec<ServicePlan>,
    /// Values that must not be logged.
    pub secrets: Vec<Secret>,
    pub(crate) values: BTreeMap<String, String>,
}

/// The plan cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The image names no program.
    #[error("the image has neither an entrypoint nor a command, so there is nothing to boot")]
    NoCommand,
    /// The image's user does not resolve.
    #[error("the image's user `{0}` is not in its /etc/passwd or /etc/group")]
    NoUser(String),
    /// A value of the policy does not fit.
    #[error("`image.test` in seaworthy.toml: {0}")]
    Policy(String),
}

impl Plan {
    /// Makes the plan; secrets are generated anew each time.
    ///
    /// # Errors
    /// The image cannot be booted at all, or the policy names something that does not exist.
    pub fn new(subject: &Subject<'_>) -> Result<Self, PlanError> {
        let config = &subject.image.config.config;
        let argv = config.argv();
        if argv.is_empty() {
            return Err(PlanError::NoCommand);
        }
        let (uid, gid) = subject.image.start_ids().ok_or_else(|| PlanError::NoUser(config.user.clone()))?;
        let mut values = BTreeMap::new();
        let mut secrets = Vec::new();
        let files = files(subject, uid, gid, &mut values, &mut secrets)?;
        let services: Vec<ServicePlan> = subject
            .services
            .iter()
            .map(|beside| ServicePlan::new(beside, &mut values, &mut secrets))
            .collect::<Result<_, _>>()?;
        let mut env = default_env(config);
        for (name, value) in environment(&subject.test.env, "", &mut secrets)? {
            let value = crate::services::fill(&value, &values)
                .map_err(|why| PlanError::Policy(format!("variable `{name}`: {why}")))?;
            values.insert(name.clone(), value.clone());
            env.insert(name, value);
        }
        let cwd = if config.working_dir.is_empty() { "/".to_owned() } else { config.working_dir.clone() };
        let launch = Launch {
            argv,
            env: env.into_iter().collect(),
            without: Vec::new(),
            cwd,
            uid,
            gid,
            groups: groups(subject.image, uid),
            files,
            read_only: true,
            tmpfs: tmpfs(subject)?,
            volumes: filled_volumes(subject),
            capabilities: subject.test.cap_add.clone(),
            memory: subject.test.memory.or_else(pool::memory_limit),
            ..Launch::default()
        };
        let plan = Self { launch, services, secrets, values };
        crate::expect::check(subject.test, &plan).map_err(PlanError::Policy)?;
        Ok(plan)
    }

    /// A configured request with this run's values in place of `${NAME}`.
    pub(crate) fn request(&self, expectation: &Expectation) -> Result<Request, String> {
        let mut request = Request::parse(&expectation.request)?;
        for (name, value) in &expectation.headers {
            request.headers.push((name.clone(), self.fill(value)?));
        }
        request.body = expectation.body.as_deref().map(|body| self.fill(body)).transpose()?;
        Ok(request)
    }

    /// Replaces `${NAME}` and `${/path}` by the values of this run.
    fn fill(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let end = rest[at..].find('}').ok_or_else(|| format!("`{text}`: `${{` is not closed"))?;
            let name = &rest[at + 2..at + end];
            let known = || self.values.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            let value = self.values.get(name).ok_or_else(|| {
                format!("`${{{name}}}` names no variable or file of the run; known: {}", known())
            })?;
            out.push_str(value);
            rest = &rest[at + end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The same, with names that are not known left as they are.
    pub(crate) fn fill_known(&self, text: &str) -> String {
        let fill =
            |text: String, (name, value): (&String, &String)| text.replace(&format!("${{{name}}}"), value);
        if text.contains("${") { self.values.iter().fold(text.to_owned(), fill) } else { text.to_owned() }
    }

    /// Replaces every secret of the run in a text, and the passwords in its URLs.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut out = without_passwords(text);
        for secret in &self.secrets {
            out = out.replace(&secret.value, &format!("[{}]", secret.name));
        }
        out
    }

    /// A service's own words as a report may hold them: without secrets, and bounded, for it may write a line
    /// without end.
    pub(crate) fn shown(&self, text: &str) -> String {
        // Secrets go first: a cut through one would leave a part that is no longer recognised.
        let clean = self.redact(text);
        match clean.char_indices().nth(SHOWN) {
            Some((at, _)) => format!("{}…", &clean[..at]),
            None => clean,
        }
    }
}

/// The text with `user:password@` of its URLs as `user:…@`.
fn without_passwords(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\''))
            .unwrap_or(after.len());
        let authority = &after[..end];
        match authority.rsplit_once('@').and_then(|(login, host)| Some((login.split_once(':')?.0, host))) {
            Some((user, host)) => out = out + user + ":…@" + host,
            None => out.push_str(authority),
        }
        rest = &after[end..];
    }
    out + rest
}

/// Longest piece of a service's own words in a report, in characters.
const SHOWN: usize = 400;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Shortest value given from outside, in bytes, that is held to be a secret: a shorter one stands in a log by chance.
const RECOGNISED: usize = 12;

/// Whether a variable is named as one that holds a secret itself, not the place of one.
fn names_a_secret(name: &str) -> bool {
    const WORDS: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "APIKEY", "PRIVATEKEY"];
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    WORDS.iter().any(|word| plain.ends_with(word))
        || plain.ends_with("SECRETKEY")
        || plain.ends_with("ACCESSKEY")
}

/// The variables of an image, and a `PATH`.
pub(crate) fn default_env(config: &ContainerConfig) -> BTreeMap<String, String> {
    let entries = config.env.iter().filter_map(|entry| entry.split_once('='));
    let mut env: BTreeMap<String, String> = entries.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    env.entry("PATH".to_owned()).or_insert_with(|| DEFAULT_PATH.to_owned());
    env
}

/// Variables of the policy with their values; what is secret among them joins the secrets, `whose` before its name.
pub(crate) fn environment(
    variables: &BTreeMap<String, EnvValue>,
    whose: &str,
    secrets: &mut Vec<Secret>,
) -> Result<BTreeMap<String, String>, PlanError> {
    let mut env = BTreeMap::new();
    for (name, value) in variables {
        let (value, secret) = match value {
            EnvValue::Literal(text) => (text.clone(), names_a_secret(name) && text.len() >= RECOGNISED),
            EnvValue::Generate => (random_hex(24)?, true),
        };
        if secret {
            secrets.push(Secret { name: format!("{whose}variable {name}"), value: value.clone() });
        }
        env.insert(name.clone(), value);
    }
    Ok(env)
}

/// Random bytes from the operating system, in hexadecimal.
fn random_hex(bytes: usize) -> Result<String, PlanError> {
    use std::fmt::Write as _;
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer)
        .map_err(|error| PlanError::Policy(format!("no randomness from the system: {error}")))?;
    let mut text = String::new();
    for byte in buffer {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn files(
    subject: &Subject<'_>,
    uid: u32,
    gid: u32,
    values: &mut BTreeMap<String, String>,
    secrets: &mut Vec<Secret>,
) -> Result<Vec<MountedFile>, PlanError> {
    let mut files = Vec::new();
    for (path, file) in &subject.test.files {
        let wrong = |what: String| PlanError::Policy(format!("file `{path}`: {what}"));
        if !path.starts_with('/') {
            return Err(wrong("the path must be absolute".to_owned()));
        }
        let content = match (&file.generate, &file.content, &file.source) {
            (Some(kind), None, None) if kind == "token" => {
                let value = random_hex(24)?;
                secrets.push(Secret { name: format!("file {path}"), value: value.clone() });
                values.insert(path.clone(), value.clone());
                value.into_bytes()
            }
            (Some(kind), None, None) => {
                return Err(wrong(format!("`generate = \"{kind}\"` is unknown; `token` is known")));
            }
            (None, Some(text), None) => {
                values.insert(path.clone(), text.clone());
                text.clone().into_bytes()
            }
            (None, None, Some(source)) => {
                let full = subject.project.join(source);
                std::fs::read(&full)
                    .map_err(|error| wrong(format!("failed to read `{}`: {error}", full.display())))?
            }
            _ => return Err(wrong("give exactly one of `generate`, `content` and `source`".to_owned())),
        };
        if file.generate.is_none() && path.starts_with("/run/secrets/") {
            let text = String::from_utf8_lossy(&content);
            let values = text.lines().map(str::trim);
            let values = values.filter(|line| line.len() >= RECOGNISED && !line.starts_with("-----"));
            let secret = |value: &str| Secret { name: format!("file {path}"), value: value.to_owned() };
            secrets.extend(values.map(secret));
        }
        let text = file.mode.as_deref().unwrap_or("0400");
        let mode = u32::from_str_radix(text, 8).map_err(|_| wrong(format!("mode `{text}` is not octal")))?;
        files.push(MountedFile {
            path: path.clone(),
            content,
            mode,
            uid: file.uid.unwrap_or(uid),
            gid: file.gid.unwrap_or(gid),
        });
    }
    Ok(files)
}

/// Supplementary groups of the image's user, by name, as an engine resolves them.
pub(crate) fn groups(image: &ImageFacts, uid: u32) -> Vec<u32> {
    let Some(user) = image.users.iter().find(|user| user.uid == uid) else { return Vec::new() };
    image.groups.iter().filter(|group| group.members.contains(&user.name)).map(|group| group.gid).collect()
}

/// Declared temporary file systems, and one for each empty volume of the image, owned as the image's directory is.
fn tmpfs(subject: &Subject<'_>) -> Result<Vec<TmpfsMount>, PlanError> {
    let declared = subject.test.tmpfs.as_deref().unwrap_or(subject.tmpfs);
    let mut mounts = Vec::new();
    for text in declared {
        mounts.push(parse_tmpfs(text).map_err(PlanError::Policy)?);
    }
    let filled = filled_volumes(subject);
    for path in subject.image.config.config.volumes.keys() {
        if filled.contains(path) || mounts.iter().any(|mount: &TmpfsMount| mount.path == *path) {
            continue;
        }
        mounts.push(volume_of(subject.image, path));
    }
    Ok(mounts)
}

/// A memory file system for each volume of an image.
pub(crate) fn volumes_of(image: &ImageFacts) -> Vec<TmpfsMount> {
    image.config.config.volumes.keys().map(|path| volume_of(image, path)).collect()
}

/// A memory file system in the place of a fresh volume, owned as the image's directory is.
fn volume_of(image: &ImageFacts, path: &str) -> TmpfsMount {
    let known = image.file(path.trim_end_matches('/')).filter(|file| file.kind == FileKind::Directory);
    let (mode, uid, gid) = known.map_or((0o755, 0, 0), |file| (file.mode & 0o7777, file.uid, file.gid));
    TmpfsMount { path: path.to_owned(), size: None, mode, uid, gid, exec: true }
}

/// Volumes of the image that hold files of the image, and that no declared temporary file system covers.
fn filled_volumes(subject: &Subject<'_>) -> Vec<String> {
    let volumes = subject.image.config.config.volumes.keys();
    let filled = |path: &&String| {
        let below = format!("{}/", path.trim_end_matches('/'));
        subject.image.files.iter().any(|file| file.path.starts_with(&below))
    };
    let declared = subject.test.tmpfs.as_deref().unwrap_or(subject.tmpfs);
    let covered = |path: &&String| declared.iter().any(|text| text.split(':').next() == Some(path.as_str()));
    volumes.filter(|path| filled(path) && !covered(path)).cloned().collect()
}

/// Reads `/path[:option,…]` as `docker run --tmpfs` does.
fn parse_tmpfs(text: &str) -> Result<TmpfsMount, String> {
    let (path, options) = text.split_once(':').unwrap_or((text, ""));
    if !path.starts_with('/') {
        return Err(format!("tmpfs `{text}`: the path must be absolute"));
    }
    let mut mount =
        TmpfsMount { path: path.to_owned(), size: None, mode: 0o1777, uid: 0, gid: 0, exec: false };
    for option in options.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        let wrong = || format!("tmpfs `{text}`: `{option}` is malformed");
        match key {
            "size" => mount.size = Some(parse_bytes(&binary_unit(value)).ok_or_else(wrong)?),
            "mode" => mount.mode = u32::from_str_radix(value, 8).map_err(|_| wrong())?,
            "uid" => mount.uid = value.parse().map_err(|_| wrong())?,
            "gid" => mount.gid = value.parse().map_err(|_| wrong())?,
            "exec" => mount.exec = true,
            "noexec" | "nosuid" | "nodev" | "rw" | "nr_inodes" | "suid" | "dev" => {}
            _ => return Err(format!("tmpfs `{text}`: unknown option `{key}`")),
        }
    }
    Ok(mount)
}

/// The kernel's `16m` counts in units of two.
fn binary_unit(value: &str) -> String {
    match value.trim_end_matches(['b', 'B']) {
        text if text.ends_with(['k', 'K', 'm', 'M', 'g', 'G']) => format!("{text}i"),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch() -> Launch {
        Launch {
            argv: vec![],
            env: vec![],
            without: vec![],
            cwd: String::new(),
            uid: 1,
            gid: 1,
            groups: vec![],
            files: vec![],
            read_only: true,
            tmpfs: vec![],
            volumes: vec![],
            capabilities: vec![],
            ..Launch::default()
        }
    }

    #[test]
    fn tmpfs_options_are_dockers() {
        let mount = parse_tmpfs("/tmp:rw,noexec,nosuid,size=16m,mode=1777").unwrap();
        assert_eq!((mount.size, mount.mode, mount.exec), (Some(16 << 20), 0o1777, false));
        assert!(parse_tmpfs("tmp").is_err());
        assert!(parse_tmpfs("/tmp:sise=1").is_err());
    }

    #[test]
    fn variables_that_hold_secrets_are_told_from_those_that_say_where_one_is() {
        for name in ["API_TOKEN", "DB_PASSWORD", "JWT_SECRET", "JWT_SECRET_KEY", "STRIPE_API_KEY", "x_token"]
        {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["API_TOKEN_FILE", "ALLOW_ENV_TOKEN_X", "PORT", "KEY", "TOKEN_TTL"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn passwords_of_urls_are_not_shown() {
        let text = "dsn=postgres://app:hunter2@db:5432/x?y=a:b@c and http://h:80/ and amqp://u:p@ss@mq";
        let shown = "dsn=postgres://app:…@db:5432/x?y=a:b@c and http://h:80/ and amqp://u:…@mq";
        assert_eq!(without_passwords(text), shown);
        assert_eq!(without_passwords("a :// b"), "a :// b");
    }

    #[test]
    fn a_line_without_end_is_cut_after_its_secrets_are_gone() {
        let launch = launch();
        let secrets = vec![Secret { name: "file /t".to_owned(), value: "s3cret-s3cret".to_owned() }];
        let plan = Plan { launch, services: vec![], secrets, values: BTreeMap::new() };
        // The secret lies across the place of the cut.
        let line = format!("{}s3cret-s3cret{}", "ä".repeat(SHOWN - 6), "x".repeat(1000));
        let shown = plan.shown(&line);
        assert_eq!(shown.chars().count(), SHOWN + 1);
        assert!(!shown.contains("s3c"), "{shown}");
        assert_eq!(plan.shown("short"), "short");
    }

    #[test]
    fn values_of_the_run_fill_requests_and_are_redacted() {
        let launch = launch();
        let secrets = vec![Secret { name: "file /t".to_owned(), value: "s3cret".to_owned() }];
        let values = BTreeMap::from([("/t".to_owned(), "s3cret".to_owned())]);
        let plan = Plan { launch, services: vec![], secrets, values };
        let expectation = Expectation {
            request: "POST /x".to_owned(),
            headers: BTreeMap::from([("Authorization".to_owned(), "Bearer ${/t}".to_owned())]),
            ..Expectation::default()
        };
        assert_eq!(plan.request(&expectation).unwrap().headers[0].1, "Bearer s3cret");
        assert_eq!(plan.redact("token s3cret!"), "token [file /t]!");
        let unknown = Expectation {
            request: "GET /".to_owned(),
            body: Some("${NO}".to_owned()),
            ..Expectation::default()
        };
        assert!(plan.request(&unknown).unwrap_err().contains("`/t`"));
    }
}
