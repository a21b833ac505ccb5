//! Where an engine listens: `DOCKER_CONTEXT`, `DOCKER_HOST`, the current context of docker's configuration, and the usual
//! sockets (docker/cli, "Environment variables" and "docker context").

use crate::EngineError;
use seaworthy_oci::Digest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Client authentication of a TCP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Folder with `ca.pem`, `cert.pem` and `key.pem`.
    pub folder: PathBuf,
}

/// An address of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// `host:port`, with TLS where there is a folder of certificates.
    Tcp(String, Option<Tls>),
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(out, "unix://{}", path.display()),
            Self::Tcp(host, _) => write!(out, "tcp://{host}"),
        }
    }
}

impl Address {
    /// Reads the spelling of `DOCKER_HOST`.
    ///
    /// # Errors
    /// [`EngineError::Address`] for schemes we do not speak, such as `ssh`.
    pub fn parse(text: &str, tls: Option<Tls>) -> Result<Self, EngineError> {
        let refuse = |problem: &str| {
            Err(EngineError::Address { address: text.to_owned(), problem: problem.to_owned() })
        };
        match text.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(("tcp" | "http" | "https", rest)) => {
                let host = rest.trim_end_matches('/');
                if host.is_empty() || host.contains('/') {
                    return refuse("it names no host, or a path after it");
                }
                let port = if tls.is_some() { 2376 } else { 2375 };
                let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                let host = if has_port { host.to_owned() } else { format!("{host}:{port}") };
                Ok(Self::Tcp(host, tls))
            }
            Some(("ssh", _)) => {
                refuse("ssh is not supported; forward the socket with `ssh -L` and name that")
            }
            _ if text.starts_with('/') => Ok(Self::Unix(text.into())),
            _ => refuse("it is neither unix:// nor tcp://"),
        }
    }

    /// Whether the engine runs on this machine, so that its containers' processes can be seen.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Unix(_))
    }
}

/// The part of `config.json` that names the current context.
#[derive(Deserialize)]
struct DockerConfig {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// A context's `meta.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextMeta {
    endpoints: BTreeMap<String, Endpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    host: Option<String>,
}

/// The addresses to try, most wanted first. One that the user chose is the only one.
///
/// # Errors
/// [`EngineError::Address`] where the chosen one cannot be used.
pub fn candidates(variable: impl Fn(&str) -> Option<String>) -> Result<Vec<Address>, EngineError> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let home = set("HOME").map(PathBuf::from);
    let folder = set("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".docker")));
    if let Some(name) = set("DOCKER_CONTEXT").filter(|name| name != "default") {
        return Ok(vec![context(folder.as_deref(), &name)?]);
    }
    if let Some(host) = set("DOCKER_HOST") {
        let tls = set("DOCKER_TLS_VERIFY").or_else(|| set("DOCKER_TLS")).and_then(|_| {
            let folder = set("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| folder.clone())?;
            Some(Tls { folder })
        });
        return Ok(vec![Address::parse(&host, tls)?]);
    }
    let current = folder.as_deref().filter(|_| set("DOCKER_CONTEXT").is_none()).and_then(|folder| {
        let bytes = fs::read(folder.join("config.json")).ok()?;
        serde_json::from_slice::<DockerConfig>(&bytes).ok()?.current_context
    });
    if let Some(name) = current.filter(|name| !name.is_empty() && name != "default") {
        return Ok(vec![context(folder.as_deref(), &name)?]);
    }
    let mut sockets = vec![PathBuf::from("/var/run/docker.sock")];
    if let Some(runtime) = set("XDG_RUNTIME_DIR").map(PathBuf::from) {
        sockets.push(runtime.join("docker.sock"));
        sockets.push(runtime.join("podman/podman.sock"));
    }
    sockets.push("/run/podman/podman.sock".into());
    if let Some(home) = home {
        sockets.push(home.join(".docker/run/docker.sock"));
    }
    Ok(sockets.into_iter().map(Address::Unix).collect())
}

/// The address of a named context. Its files lie under the SHA-256 of its name.
fn context(folder: Option<&Path>, name: &str) -> Result<Address, EngineError> {
    let refuse = |problem: &str| EngineError::Address {
        address: format!("context {name}"),
        problem: problem.to_owned(),
    };
    let folder = folder.ok_or_else(|| refuse("docker has no configuration folder"))?.join("contexts");
    let id = Digest::of(name.as_bytes());
    let bytes = fs::read(folder.join("meta").join(id.hex()).join("meta.json"))
        .map_err(|_| refuse("docker knows no context of this name (`docker context ls` lists them)"))?;
    let meta: ContextMeta = serde_json::from_slice(&bytes).map_err(|_| refuse("its file does not read"))?;
    let host = meta.endpoints.get("docker").and_then(|endpoint| endpoint.host.as_deref());
    let tls = folder.join("tls").join(id.hex()).join("docker");
    let tls = tls.is_dir().then_some(Tls { folder: tls });
    Address::parse(host.ok_or_else(|| refuse("it has no docker endpoint"))?, tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(variables: &[(&str, &str)]) -> Result<Vec<String>, EngineError> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Ok(candidates(find)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_chosen_host_is_the_only_one() {
        assert_eq!(tried(&[("DOCKER_HOST", "unix:///x/y.sock")]).unwrap(), ["unix:///x/y.sock"]);
        assert_eq!(tried(&[("DOCKER_HOST", "tcp://127.0.0.1")]).unwrap(), ["tcp://127.0.0.1:2375"]);
        assert_eq!(
            tried(&[("DOCKER_HOST", "tcp://h"), ("DOCKER_TLS_VERIFY", "1"), ("HOME", "/h")]).unwrap(),
            ["tcp://h:2376"]
        );
        assert!(tried(&[("DOCKER_HOST", "ssh://me@host")]).unwrap_err().to_string().contains("ssh"));
    }

    #[test]
    fn the_usual_sockets_are_tried_in_turn() {
        let all = tried(&[("XDG_RUNTIME_DIR", "/run/user/7")]).unwrap();
        assert_eq!(all[0], "unix:///var/run/docker.sock");
        assert!(all.contains(&"unix:///run/user/7/podman/podman.sock".to_owned()));
    }

    #[test]
    fn a_context_beats_the_host() {
        let home = tempfile::tempdir().unwrap();
        let id = Digest::of(b"far");
        let folder = home.path().join(".docker/contexts/meta").join(id.hex());
        fs::create_dir_all(&folder).unwrap();
        let meta =
            r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://10.0.0.1:9999","SkipTLSVerify":false}}}"#;
        fs::write(folder.join("meta.json"), meta).unwrap();
        let home = home.path().to_str().unwrap();
        let variables = [("HOME", home), ("DOCKER_HOST", "unix:///x"), ("DOCKER_CONTEXT", "far")];
        assert_eq!(tried(&variables).unwrap(), ["tcp://10.0.0.1:9999"]);
        let missing = tried(&[("HOME", home), ("DOCKER_CONTEXT", "near")]).unwrap_err();
        assert!(missing.to_string().contains("no context of this name"), "{missing}");
        fs::write(Path::new(home).join(".docker/config.json"), r#"{"currentContext":"far"}"#).unwrap();
        assert_eq!(tried(&[("HOME", home)]).unwrap(), ["tcp://10.0.0.1:9999"]);
    }
}
