//! The client: options, TLS, authentication and the one place every request passes through.

use crate::auth::Credential;
use crate::error::{Error, Kind};
use crate::repository::{Access, Repository};
use crate::token::{self, Challenge};
use crate::upload::BlobSource;
use crate::{retry, url};
use seaworthy_oci::{Digest, Reference};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, ResponseExt as _, SendBody};

/// The most an answer that is no blob may hold, in bytes (distribution limits manifests to 4 MiB).
const ANSWER_LIMIT: u64 = 16 << 20;
/// How often one call fetches a new token before the registry is believed to mean no.
const TOKENS_PER_CALL: u32 = 4;

/// Where plain HTTP is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// To registries on this machine only.
    #[default]
    Auto,
    /// Also to these hosts, each with its port as in a reference.
    Also(Vec<String>),
    /// Nowhere.
    Never,
}

/// Bytes that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The blob.
    pub digest: Digest,
    /// Bytes moved since the last report; an attempt begun anew counts again.
    pub bytes: u64,
    /// The blob's size.
    pub total: u64,
    /// Whether the blob is complete (sent, mounted or found there).
    pub done: bool,
}

/// Receives progress, from several threads.
pub type ProgressFn = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How a client behaves. `Options::default()` is what a command-line user expects.
#[derive(Clone, Default)]
pub struct Options {
    /// Where plain HTTP is spoken.
    pub plain_http: PlainHttp,
    /// Certificate authorities in PEM files, beside the system's (`SSL_CERT_FILE` and `SSL_CERT_DIR` are respected).
    pub ca: Vec<PathBuf>,
    /// Refuses every request.
    pub offline: bool,
    /// Told about bytes that moved.
    pub progress: Option<ProgressFn>,
    /// Credentials by host, before any stored ones.
    pub credentials: BTreeMap<String, Credential>,
    /// Files with credentials; `None` means the usual places.
    pub auth_files: Option<Vec<PathBuf>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("plain_http", &self.plain_http)
            .field("ca", &self.ca)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

/// A client for any number of registries; threads may share it.
pub struct Client {
    options: Options,
    plain: Agent,
    secure: OnceLock<Agent>,
    /// The value of `Authorization`, by origin and scope.
    authorizations: Mutex<BTreeMap<(String, String), String>>,
    /// Why stored credentials could not be read, by origin; told only when the registry then says no.
    problems: Mutex<BTreeMap<String, String>>,
    /// The greatest request body known to pass, by origin.
    chunk_limits: Mutex<BTreeMap<String, u64>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("options", &self.options).finish_non_exhaustive()
    }
}

/// One request. What it sends can be sent again.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) payload: Payload<'a>,
    /// Token scopes, separated by spaces.
    pub(crate) scope: &'a str,
    pub(crate) action: &'static str,
    /// Whether failures that pass are tried again here; uploads need a new session instead.
    pub(crate) again: bool,
}

/// What a request carries.
pub(crate) enum Payload<'a> {
    None,
    Bytes(&'a [u8]),
    Part { source: &'a dyn BlobSource, from: u64, length: u64, blob: &'a seaworthy_oci::Descriptor },
}

/// What [`Client::fetch`] got.
pub(crate) enum Fetched {
    /// A good answer's headers and body.
    Whole(HeaderMap, Vec<u8>),
    /// An answer of another status.
    Other(Response<Body>),
}

impl Client {
    /// A client. Nothing is read and no connection made before the first request.
    pub fn new(options: Options) -> Self {
        let plain = Agent::new_with_config(base_config().proxy(None).build());
        Self {
            options,
            plain,
            secure: OnceLock::new(),
            authorizations: Mutex::default(),
            problems: Mutex::default(),
            chunk_limits: Mutex::default(),
        }
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The repository of a reference.
    pub fn repository<'a>(&'a self, reference: &Reference, access: Access) -> Repository<'a> {
        Repository::new(self, reference, access)
    }

    /// `https://host`, or `http://host` where that is allowed.
    pub(crate) fn base(&self, domain: &str) -> String {
        let host = if domain == "docker.io" { "registry-1.docker.io" } else { domain };
        let plain = match &self.options.plain_http {
            PlainHttp::Never => false,
            PlainHttp::Auto => url::is_loopback(domain),
            PlainHttp::Also(hosts) => url::is_loopback(domain) || hosts.iter().any(|host| host == domain),
        };
        format!("{}://{host}", if plain { "http" } else { "https" })
    }

    pub(crate) fn report(&self, progress: &Progress) {
        if let Some(report) = &self.options.progress {
            report(progress);
        }
    }

    pub(crate) fn chunk_limit(&self, origin: &str) -> Option<u64> {
        self.chunk_limits.lock().unwrap_or_else(PoisonError::into_inner).get(origin).copied()
    }

    pub(crate) fn set_chunk_limit(&self, origin: &str, bytes: u64) {
        let mut limits = self.chunk_limits.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = limits.entry(origin.to_owned()).or_insert(bytes);
        *limit = (*limit).min(bytes);
    }

    /// Sends a request until it is answered: fetches tokens, waits out overload. Any other status is an answer.
    pub(crate) fn send(&self, call: &Call<'_>) -> Result<Response<Body>, Error> {
        let fail = |kind| Error::new(call.action, &call.url, kind);
        if self.options.offline {
            return Err(fail(Kind::Offline));
        }
        let origin = url::origin(&call.url).to_owned();
        let key = (origin, call.scope.to_owned());
        let mut tokens = 0;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let last = attempt >= retry::ATTEMPTS || !call.again;
            let authorization = self.authorization(&key);
            let mut answer = match self.once(call, authorization.as_deref()) {
                Ok(answer) => answer,
                Err(kind) => {
                    let error = fail(kind);
                    if last || !error.retryable() {
                        return Err(error);
                    }
                    std::thread::sleep(retry::backoff(attempt));
                    continue;
                }
            };
            let code = answer.status().as_u16();
            // A storage service that a download was redirected to must not learn the registry's credentials.
            let asked_elsewhere = url::origin(&answer.get_uri().to_string()) != key.0;
            if code == 401 && tokens < TOKENS_PER_CALL && !asked_elsewhere {
                let challenge = answer
                    .headers()
                    .get_all("www-authenticate")
                    .iter()
                    .filter_map(|value| value.to_str().ok().and_then(token::parse))
                    .max_by_key(|challenge| matches!(challenge, Challenge::Bearer { .. }));
                let words = drain(&mut answer);
                let Some(challenge) = challenge else { return Err(fail(Kind::Denied(words))) };
                // A static credential that was refused once is refused again.
                if challenge == Challenge::Basic && authorization.is_some() {
                    return Err(fail(Kind::Denied(words)));
                }
                tokens += 1;
                attempt -= 1;
                let value = self.authorize(call, &challenge, &words)?;
                self.authorizations.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), value);
                continue;
            }
            if retry::is_retryable(code) && !last {
                let asked = retry::asked_for(answer.headers());
                if asked.is_some_and(|wait| wait > retry::LONGEST) {
                    return Ok(answer);
                }
                drain(&mut answer);
                std::thread::sleep(asked.unwrap_or_default().max(retry::backoff(attempt)));
                continue;
            }
            if matches!(code, 401 | 403)
                && let Some(problem) = self.problem(&key.0)
            {
                drain(&mut answer);
                return Err(fail(Kind::Credentials(problem)));
            }
            return Ok(answer);
        }
    }

    pub(crate) fn note_problem(&self, origin: &str, problem: String) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert(origin.to_owned(), problem);
    }

    pub(crate) fn problem(&self, origin: &str) -> Option<String> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).get(origin).cloned()
    }

    /// Sends a request and reads its answer whole; one that breaks off is asked for again.
    pub(crate) fn fetch(&self, call: &Call<'_>) -> Result<Fetched, Error> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let answer = self.send(call)?;
            if answer.status().as_u16() != 200 {
                return Ok(Fetched::Other(answer));
            }
            let headers = answer.headers().clone();
            match read_all(answer) {
                Ok(bytes) => return Ok(Fetched::Whole(headers, bytes)),
                Err(kind @ Kind::Transport(_)) if attempt >= retry::ATTEMPTS => {
                    return Err(Error::new(call.action, &call.url, kind));
                }
                Err(Kind::Transport(_)) => std::thread::sleep(retry::backoff(attempt)),
                Err(kind) => return Err(Error::new(call.action, &call.url, kind)),
            }
        }
    }

    fn authorization(&self, key: &(String, String)) -> Option<String> {
        self.authorizations.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Sends a request once.
    pub(crate) fn once(&self, call: &Call<'_>, authorization: Option<&str>) -> Result<Response<Body>, Kind> {
        let agent = self.agent(&call.url)?;
        let transport = |error| Kind::Transport(Box::new(error));
        let mut request = Request::builder().method(call.method.clone()).uri(&call.url);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let bad = |error: ureq::http::Error| Kind::Transport(Box::new(ureq::Error::Http(error)));
        match &call.payload {
            Payload::None => agent.run(request.body(()).map_err(bad)?).map_err(transport),
            Payload::Bytes(bytes) => agent.run(request.body(*bytes).map_err(bad)?).map_err(transport),
            Payload::Part { source, from, length, blob } => {
                let reader = source.open(*from).map_err(Kind::Io)?;
                let mut reader = Counted { inner: reader.take(*length), client: self, blob, failed: None };
                request = request.header("content-length", length.to_string());
                let body = SendBody::from_reader(&mut reader);
                let answer = agent.run(request.body(body).map_err(bad)?);
                // A file that cannot be read is no fault of the network.
                match reader.failed.take() {
                    Some(error) => Err(Kind::Io(error)),
                    None => answer.map_err(transport),
                }
            }
        }
    }

    fn agent(&self, url: &str) -> Result<&Agent, Kind> {
        let host = url::origin(url).split_once("://").map_or("", |(_, host)| host);
        if url.starts_with("http://") && url::is_loopback(host) {
            return Ok(&self.plain);
        }
        if let Some(agent) = self.secure.get() {
            return Ok(agent);
        }
        // Roots are loaded late: the system's bundle takes longer to read than a push to loopback.
        let mut roots: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|der| Certificate::from_der(der.as_ref()).to_owned())
            .collect();
        for path in &self.options.ca {
            let pem = std::fs::read(path)
                .map_err(|error| Kind::Credentials(format!("{}: {error}", path.display())))?;
            let before = roots.len();
            roots.extend(ureq::tls::parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            }));
            if roots.len() == before {
                return Err(Kind::Credentials(format!("{}: no certificate in it", path.display())));
            }
        }
        let roots = if roots.is_empty() { RootCerts::WebPki } else { RootCerts::Specific(Arc::new(roots)) };
        let tls = TlsConfig::builder().root_certs(roots).build();
        let agent = Agent::new_with_config(base_config().tls_config(tls).build());
        Ok(self.secure.get_or_init(|| agent))
    }
}

fn base_config() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("seaworthy/", env!("CARGO_PKG_VERSION")))
        // What is compared with a digest must not be decoded on the way.
        .accept_encoding("identity")
        .max_redirects(5)
        .max_redirects_will_error(true)
        .max_idle_connections_per_host(8)
        .timeout_connect(Some(Duration::from_secs(15)))
        // A registry may copy a whole blob in its storage before it answers the closing PUT.
        .timeout_recv_response(Some(Duration::from_mins(5)))
        .timeout_await_100(Some(Duration::from_secs(1)))
}

/// Reads what is left of an answer, so that its connection can be used again, and shortens it for an error message.
pub(crate) fn drain(answer: &mut Response<Body>) -> String {
    let mut bytes = Vec::new();
    let mut body = answer.body_mut().as_reader().take(64 << 10);
    // Half an answer is enough for a message.
    let _ = body.read_to_end(&mut bytes);
    words(&bytes)
}

/// An answer's body, bounded.
pub(crate) fn read_all(answer: Response<Body>) -> Result<Vec<u8>, Kind> {
    let mut bytes = Vec::new();
    let mut body = answer.into_body().into_reader().take(ANSWER_LIMIT + 1);
    body.read_to_end(&mut bytes).map_err(|error| Kind::Transport(Box::new(ureq::Error::Io(error))))?;
    if bytes.len() as u64 > ANSWER_LIMIT {
        return Err(Kind::Protocol(format!("it is larger than {} MiB", ANSWER_LIMIT >> 20)));
    }
    Ok(bytes)
}

/// The status of an answer that is not welcome, as an error.
pub(crate) fn refuse(action: &'static str, target: &str, mut answer: Response<Body>) -> Error {
    let code = answer.status().as_u16();
    let message = drain(&mut answer);
    let kind = match code {
        404 => Kind::NotFound,
        401 | 403 => Kind::Denied(message),
        _ => Kind::Status { code, message },
    };
    Error::new(action, target, kind)
}

/// The messages of the distribution specification's error body; nothing of anything else, which may be a web page.
fn words(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return String::new() };
    let Some(errors) = value.get("errors").and_then(serde_json::Value::as_array) else {
        return String::new();
    };
    let text = |error: &serde_json::Value, key: &str| {
        error.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let all: Vec<String> = errors
        .iter()
        .take(3)
        .map(|error| match (text(error, "code"), text(error, "message")) {
            (code, message) if message.is_empty() => code,
            (code, message) if code.is_empty() => message,
            (code, message) => format!("{code}: {message}"),
        })
        .collect();
    all.join("; ").chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Reports what passes and remembers why reading failed.
struct Counted<'a, R> {
    inner: R,
    client: &'a Client,
    blob: &'a seaworthy_oci::Descriptor,
    failed: Option<std::io::Error>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(count) => {
                if count > 0 {
                    let (digest, total) = (self.blob.digest.clone(), self.blob.size);
                    self.client.report(&Progress { digest, bytes: count as u64, total, done: false });
                }
                Ok(count)
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let copy = std::io::Error::new(error.kind(), error.to_string());
                self.failed = Some(error);
                Err(copy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_speak_and_web_pages_do_not() {
        assert_eq!(words(br#"{"errors":[{"code":"DENIED","message":"no\n"}]}"#), "DENIED: no");
        assert_eq!(words(b"<html>"), "");
        assert_eq!(words(br#"{"errors":{}}"#), "");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let client = Client::new(Options::default());
        assert_eq!(client.base("127.0.0.1:5000"), "http://127.0.0.1:5000");
        assert_eq!(client.base("docker.io"), "https://registry-1.docker.io");
        assert_eq!(client.base("registry.example:5000"), "https://registry.example:5000");
        let options = Options {
            plain_http: PlainHttp::Also(vec!["registry.example:5000".to_owned()]),
            ..Options::default()
        };
        assert_eq!(Client::new(options).base("registry.example:5000"), "http://registry.example:5000");
    }
}
