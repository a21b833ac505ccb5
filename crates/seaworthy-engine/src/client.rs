//! One request and its answer: versions, timeouts, error bodies.

use crate::{Address, EngineError, Tls};
use serde::de::DeserializeOwned;
use std::fs;
use std::io::Read;
use std::time::Duration;
use ureq::http::{Method, Request, Response};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody, Body, SendBody};

/// How long an ordinary call may take. A daemon under load answers `create` in seconds.
const ORDINARY: Duration = Duration::from_mins(1);

/// How many bytes of a JSON answer are read at most.
const ANSWER_LIMIT: u64 = 64 << 20;

/// A connection factory for one address.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    /// Path prefix, as in `/v1.43`; empty before negotiation.
    pub(crate) version: String,
}

/// What a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// The ordinary limit for the whole call.
    Ordinary,
    /// A limit for the whole call.
    Whole(Duration),
    /// None: an image of gigabytes is moved.
    Unlimited,
}

impl Client {
    pub(crate) fn new(address: &Address) -> Result<Self, EngineError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .input_buffer_size(128 << 10)
            .output_buffer_size(128 << 10);
        let (agent, base) = match address {
            Address::Unix(path) => {
                let connector = crate::unix::UnixConnector { path: path.clone() };
                let agent = Agent::with_parts(config.build(), connector, crate::unix::NoResolver);
                (agent, "http://localhost".to_owned())
            }
            Address::Tcp(host, None) => (Agent::new_with_config(config.build()), format!("http://{host}")),
            Address::Tcp(host, Some(tls)) => {
                let config = config.tls_config(tls_config(address, tls)?).build();
                (Agent::new_with_config(config), format!("https://{host}"))
            }
        };
        Ok(Self { agent, base, version: String::new() })
    }

    /// Sends a request; an error status becomes [`EngineError::Api`] with the daemon's message.
    pub(crate) fn send(
        &self,
        method: &Method,
        path: &str,
        body: impl AsSendBody,
        content_type: Option<&str>,
        limit: Limit,
    ) -> Result<Response<Body>, EngineError> {
        let call = || format!("{method} {path}");
        let mut request =
            Request::builder().method(method).uri(format!("{}{}{path}", self.base, self.version));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let request = request
            .body(body)
            .map_err(|error| EngineError::Transport { call: call(), source: Box::new(error) })?;
        let limit = match limit {
            Limit::Ordinary => Some(ORDINARY),
            Limit::Whole(duration) => Some(duration.max(Duration::from_millis(1))),
            Limit::Unlimited => None,
        };
        let request = self.agent.configure_request(request).timeout_global(limit).build();
        let response = self.agent.run(request).map_err(|error| transport(&call(), error))?;
        let status = response.status().as_u16();
        if status < 400 {
            return Ok(response);
        }
        let mut text = String::new();
        // A body that cannot be read leaves the status, which is the error.
        let _ = response.into_body().into_with_config().limit(1 << 20).reader().read_to_string(&mut text);
        let message = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|value| {
                value.get("message").or_else(|| value.get("cause"))?.as_str().map(str::to_owned)
            })
            .unwrap_or_else(|| text.trim().chars().take(500).collect());
        Err(EngineError::Api { call: call(), status, message })
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, EngineError> {
        let response = self.send(&Method::GET, path, (), None, Limit::Ordinary)?;
        json(&format!("GET {path}"), response)
    }

    /// Posts JSON and reads JSON.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, EngineError> {
        json(&format!("POST {path}"), self.post_raw(path, body, Limit::Ordinary)?)
    }

    /// Posts JSON and hands out the answer as it comes.
    pub(crate) fn post_raw(
        &self,
        path: &str,
        body: &serde_json::Value,
        limit: Limit,
    ) -> Result<Response<Body>, EngineError> {
        self.send(&Method::POST, path, body.to_string(), Some("application/json"), limit)
    }

    /// Posts nothing and reads nothing.
    pub(crate) fn post_empty(&self, path: &str, limit: Limit) -> Result<(), EngineError> {
        self.send(&Method::POST, path, "", None, limit).map(drop)
    }

    pub(crate) fn delete(&self, path: &str) -> Result<(), EngineError> {
        self.send(&Method::DELETE, path, (), None, Limit::Ordinary).map(drop)
    }

    /// Sends a tar stream.
    pub(crate) fn upload(
        &self,
        method: &Method,
        path: &str,
        tar: &mut dyn Read,
    ) -> Result<Response<Body>, EngineError> {
        self.send(method, path, SendBody::from_reader(tar), Some("application/x-tar"), Limit::Unlimited)
    }

    /// Opens an answer of any size as a stream.
    pub(crate) fn download(&self, path: &str, limit: Limit) -> Result<impl Read + use<>, EngineError> {
        let response = self.send(&Method::GET, path, (), None, limit)?;
        Ok(unlimited(response))
    }
}

/// The body without the library's own limit.
pub(crate) fn unlimited(response: Response<Body>) -> impl Read + use<> {
    response.into_body().into_with_config().limit(u64::MAX).reader()
}

fn json<T: DeserializeOwned>(call: &str, response: Response<Body>) -> Result<T, EngineError> {
    let mut bytes = Vec::new();
    let mut reader = response.into_body().into_with_config().limit(ANSWER_LIMIT).reader();
    reader
        .read_to_end(&mut bytes)
        .map_err(|error| EngineError::Transport { call: call.to_owned(), source: Box::new(error) })?;
    serde_json::from_slice(&bytes)
        .map_err(|error| EngineError::Answer { call: call.to_owned(), problem: error.to_string() })
}

fn transport(call: &str, error: ureq::Error) -> EngineError {
    match error {
        ureq::Error::Timeout(_) => EngineError::Timeout { call: call.to_owned() },
        ureq::Error::Io(source) => EngineError::Transport { call: call.to_owned(), source: Box::new(source) },
        other => EngineError::Transport { call: call.to_owned(), source: Box::new(other) },
    }
}

/// Whether reading a body ended because its time was up.
pub(crate) fn is_timeout(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::TimedOut
        || error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<ureq::Error>())
            .is_some_and(|inner| matches!(inner, ureq::Error::Timeout(_)))
}

fn tls_config(address: &Address, tls: &Tls) -> Result<TlsConfig, EngineError> {
    let refuse = |name: &str, problem: String| EngineError::Address {
        address: address.to_string(),
        problem: format!("{}: {problem}", tls.folder.join(name).display()),
    };
    let read = |name: &str| fs::read(tls.folder.join(name)).map_err(|error| refuse(name, error.to_string()));
    let certificate =
        |name: &str| Certificate::from_pem(&read(name)?).map_err(|error| refuse(name, error.to_string()));
    let key =
        PrivateKey::from_pem(&read("key.pem")?).map_err(|error| refuse("key.pem", error.to_string()))?;
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[certificate("ca.pem")?]))
        .client_cert(Some(ClientCert::new_with_certs(&[certificate("cert.pem")?], key)))
        .build())
}

/// A path segment or query value with everything but unreserved characters escaped (RFC 3986, 2.3).
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(escape("a/b:c d~é"), "a%2Fb%3Ac%20d~%C3%A9");
    }
}
