//! Finding an engine and agreeing on a version.

use crate::address::{Address, candidates};
use crate::client::{Client, Limit};
use crate::{EngineError, ErrorKind};
use serde::Deserialize;
use std::env;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Method;

/// The newest API version whose answers this crate knows. 1.44 brought the health check's start interval, and Docker 29
/// asks for at least that.
const OURS: Version = Version(1, 44);

/// How long a socket may take to answer the first question.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

/// An API version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

/// A connected engine. Clones share the connection's settings.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) client: Arc<Client>,
    address: Address,
    info: EngineInfo,
}

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInfo {
    /// `Docker` or `Podman`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The API version both sides speak, as in `1.43`.
    pub api: String,
    /// Architecture by Go's name.
    pub architecture: String,
    /// Operating system of its containers.
    pub os: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionAnswer {
    #[serde(default)]
    version: String,
    api_version: String,
    #[serde(rename = "MinAPIVersion", default)]
    min_api_version: String,
    #[serde(default)]
    arch: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Component {
    #[serde(default)]
    name: String,
}

impl Engine {
    /// Connects to the engine the environment names, else to the first usual socket that answers.
    ///
    /// # Errors
    /// [`EngineError::Unreachable`] with every address that was tried.
    pub fn connect() -> Result<Self, EngineError> {
        let addresses = candidates(|name| env::var(name).ok())?;
        let mut tried = Vec::new();
        for address in addresses {
            match Self::connect_to(&address) {
                Ok(engine) => return Ok(engine),
                Err(error) if error.kind() == ErrorKind::Refused => return Err(error),
                Err(error) => {
                    let reason = match error.source() {
                        Some(source) => source.to_string(),
                        None => error.to_string(),
                    };
                    tried.push(format!("{address} ({reason})"));
                }
            }
        }
        Err(EngineError::Unreachable { tried })
    }

    /// Connects to one address and agrees on a version: the smaller of the two newest ones, unless `DOCKER_API_VERSION`
    /// asks for less.
    ///
    /// # Errors
    /// When nothing answers there, or the versions do not meet.
    pub fn connect_to(address: &Address) -> Result<Self, EngineError> {
        let mut client = Client::new(address)?;
        let response = client.send(&Method::GET, "/version", (), None, Limit::Whole(FIRST_ANSWER))?;
        let call = "GET /version".to_owned();
        let answer: VersionAnswer = serde_json::from_reader(crate::client::unlimited(response))
            .map_err(|error| EngineError::Answer { call: call.clone(), problem: error.to_string() })?;
        let theirs = Version::parse(&answer.api_version).ok_or_else(|| EngineError::Answer {
            call: call.clone(),
            problem: format!("`{}` is no version", answer.api_version),
        })?;
        let wanted = env::var("DOCKER_API_VERSION").ok().and_then(|text| Version::parse(&text));
        let mut agreed = theirs.min(wanted.map_or(OURS, |wanted| wanted.min(OURS)));
        // A future engine may have dropped what we know. Its oldest version is then the best offer.
        if let Some(oldest) = Version::parse(&answer.min_api_version) {
            agreed = agreed.max(oldest);
        }
        client.version = format!("/v{}.{}", agreed.0, agreed.1);
        let podman = answer.components.iter().any(|component| component.name.contains("Podman"));
        let info = EngineInfo {
            name: if podman { "Podman" } else { "Docker" }.to_owned(),
            version: answer.version,
            api: format!("{}.{}", agreed.0, agreed.1),
            architecture: answer.arch,
            os: answer.os,
        };
        Ok(Self { client: Arc::new(client), address: address.clone(), info })
    }

    /// Whether the engine still answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn ping(&self) -> Result<(), EngineError> {
        self.client.send(&Method::GET, "/_ping", (), None, Limit::Whole(FIRST_ANSWER)).map(drop)
    }

    /// What the engine says of itself.
    pub fn info(&self) -> &EngineInfo {
        &self.info
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether its containers' processes run under this kernel, so that `/proc/PID/ns/net` can be entered.
    ///
    /// A unix socket may also lead into a virtual machine (Docker Desktop). The test is whether the process of a container is
    /// seen here: see [`crate::Container::local_pid`].
    pub fn is_local(&self) -> bool {
        self.address.is_local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(Version::parse("1.9") < Version::parse("1.44"));
        assert_eq!(Version::parse("x"), None);
    }

    #[test]
    fn an_absent_socket_is_named() {
        let error = Engine::connect_to(&Address::Unix("/nonexistent/x.sock".into())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert!(error.source().unwrap().to_string().contains("No such file"), "{error:?}");
    }
}
