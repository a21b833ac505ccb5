//! Stored credentials: Docker's `config.json`, Podman's `auth.json`, and credential helpers
//! (docker/cli: config file reference; `containers-auth.json(5)`).

use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What proves who we are.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user name and a password or access token.
    Basic {
        /// The user's name.
        user: String,
        /// The password or token.
        password: String,
    },
    /// A refresh token, exchanged at the token service for short-lived ones.
    Identity(String),
    /// A bearer token that is sent as it is.
    Bearer(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::Identity(_) => "Identity(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConfigFile {
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// The files that may hold credentials, in order of precedence.
pub(crate) fn default_files() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = variable("HOME");
    let mut files = Vec::new();
    files.extend(variable("REGISTRY_AUTH_FILE"));
    match variable("DOCKER_CONFIG") {
        Some(directory) => files.push(directory.join("config.json")),
        None => files.extend(home.as_ref().map(|home| home.join(".docker/config.json"))),
    }
    files.extend(variable("XDG_RUNTIME_DIR").map(|directory| directory.join("containers/auth.json")));
    match variable("XDG_CONFIG_HOME") {
        Some(directory) => files.push(directory.join("containers/auth.json")),
        None => files.extend(home.as_ref().map(|home| home.join(".config/containers/auth.json"))),
    }
    files
}

/// Looks a repository up in the files; the first file that knows it wins. An unreadable file is an error only where
/// no other file helps, because a broken leftover must not stop an anonymous pull that would have worked.
pub(crate) fn find(files: &[PathBuf], domain: &str, path: &str) -> Result<Option<Credential>, String> {
    let mut problem = None;
    for file in files {
        let text = match std::fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                problem = Some(format!("{}: {error}", file.display()));
                continue;
            }
        };
        match serde_json::from_slice::<ConfigFile>(&text) {
            // The parser's message would quote the text, and the text holds secrets; the place is enough.
            Err(error) => {
                problem = Some(format!("{}: line {}: not valid JSON", file.display(), error.line()));
            }
            Ok(config) => match in_file(&config, domain, path) {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(error) => problem = Some(error),
            },
        }
    }
    problem.map_or(Ok(None), Err)
}

fn in_file(config: &ConfigFile, domain: &str, path: &str) -> Result<Option<Credential>, String> {
    let keys = keys(domain, path);
    let helper = keys.iter().find_map(|key| config.cred_helpers.get(key)).or(config.creds_store.as_ref());
    let mut problem = None;
    if let Some(helper) = helper.filter(|name| !name.is_empty()) {
        let server = if domain == "docker.io" { "https://index.docker.io/v1/" } else { domain };
        match ask_helper(helper, server) {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => {}
            Err(error) => problem = Some(error),
        }
    }
    let written: BTreeMap<String, &Entry> =
        config.auths.iter().map(|(key, entry)| (normal_key(key), entry)).collect();
    for key in &keys {
        if let Some(found) = written.get(key).and_then(|entry| from_entry(entry)) {
            return Ok(Some(found));
        }
    }
    problem.map_or(Ok(None), Err)
}

/// The keys under which a repository may be stored, the longest first.
fn keys(domain: &str, path: &str) -> Vec<String> {
    let mut hosts = vec![domain];
    if domain == "docker.io" {
        hosts.extend(["index.docker.io", "registry-1.docker.io"]);
    }
    let mut keys = Vec::new();
    let mut prefix = Some(path);
    while let Some(part) = prefix {
        keys.extend(hosts.iter().map(|host| format!("{host}/{part}")));
        prefix = part.rfind('/').map(|at| &part[..at]);
    }
    keys.extend(hosts.iter().map(|host| (*host).to_owned()));
    keys
}

/// Docker writes keys as URLs with a version behind them.
fn normal_key(key: &str) -> String {
    let bare = key.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    bare.trim_end_matches("/v1").trim_end_matches("/v2").trim_end_matches('/').to_owned()
}

fn from_entry(entry: &Entry) -> Option<Credential> {
    if !entry.registrytoken.is_empty() {
        return Some(Credential::Bearer(entry.registrytoken.clone()));
    }
    if !entry.identitytoken.is_empty() {
        return Some(Credential::Identity(entry.identitytoken.clone()));
    }
    if !entry.username.is_empty() {
        return Some(Credential::Basic { user: entry.username.clone(), password: entry.password.clone() });
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(entry.auth.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    // Old versions of Docker padded with NUL bytes.
    let password = password.trim_end_matches('\0');
    (!user.is_empty()).then(|| Credential::Basic { user: user.to_owned(), password: password.to_owned() })
}

/// Runs `docker-credential-NAME get`. Its answer never appears in an error.
fn ask_helper(name: &str, server: &str) -> Result<Option<Credential>, String> {
    let sane = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !sane {
        return Err("the name of the credential helper holds characters that are not allowed".to_owned());
    }
    let program = format!("docker-credential-{name}");
    let fail = |error: std::io::Error| format!("`{program}` does not run: {error}");
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(fail)?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that ends without reading its input has said all it wants to say by its status.
        let _ = input.write_all(server.as_bytes());
    }
    let answer = child.wait_with_output().map_err(fail)?;
    if !answer.status.success() {
        // "credentials not found" is the protocol's way to say there are none; the caller goes on without.
        let text = String::from_utf8_lossy(&answer.stdout);
        return if text.contains("not found") {
            Ok(None)
        } else {
            Err(format!("`{program} get` failed with {}", answer.status))
        };
    }
    let found: HelperAnswer = serde_json::from_slice(&answer.stdout)
        .map_err(|_| format!("`{program} get` did not answer with JSON"))?;
    if found.secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(match found.username.as_str() {
        "<token>" => Credential::Identity(found.secret),
        _ => Credential::Basic { user: found.username, password: found.secret },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str, domain: &str, path: &str) -> Option<Credential> {
        in_file(&serde_json::from_str(text).unwrap(), domain, path).unwrap()
    }

    fn basic(user: &str, password: &str) -> Credential {
        Credential::Basic { user: user.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn the_longest_key_wins() {
        let text = r#"{"auths":{"r.example":{"auth":"YTox"},"r.example/team":{"auth":"Yjoy"},"https://index.docker.io/v1/":{"auth":"YzozOjQ="}}}"#;
        assert_eq!(look(text, "r.example", "x"), Some(basic("a", "1")));
        assert_eq!(look(text, "r.example", "team/app"), Some(basic("b", "2")));
        assert_eq!(look(text, "r.example", "teams/app"), Some(basic("a", "1")));
        assert_eq!(look(text, "docker.io", "library/x"), Some(basic("c", "3:4")));
        assert_eq!(look(text, "other", "x"), None);
    }

    #[test]
    fn identity_tokens_come_before_passwords() {
        let text = r#"{"auths":{"r.example":{"auth":"YTox","identitytoken":"t"}}}"#;
        assert_eq!(look(text, "r.example", "x"), Some(Credential::Identity("t".to_owned())));
        assert_eq!(format!("{:?}", look(text, "r.example", "x")), "Some(Identity(…))");
    }

    #[test]
    fn broken_entries_are_no_credentials() {
        for auth in ["", "!", "YQ==", "OmI="] {
            let text = format!(r#"{{"auths":{{"h":{{"auth":"{auth}"}}}}}}"#);
            assert_eq!(look(&text, "h", "x"), None, "{auth}");
        }
        assert!(ask_helper("../evil", "h").is_err());
    }
}
