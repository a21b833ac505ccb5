//! Errors that say whose fault it is, where it happened, and whether trying again may help.

use std::fmt;
use std::io;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ours or the caller's: a missing file, wrong credentials, `--offline`.
    Ours,
    /// The registry's: it refused, or answered something that is not allowed.
    Theirs,
    /// The way between: name resolution, TLS, a broken connection.
    Transport,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    /// The registry answered with an error status.
    #[error("the registry answered {code}{}", detail(.message))]
    Status {
        /// HTTP status code.
        code: u16,
        /// The registry's own words, shortened; empty where it said nothing.
        message: String,
    },
    /// The repository, tag, manifest or blob does not exist.
    #[error("not found")]
    NotFound,
    /// The registry wants other credentials.
    #[error("access was denied{}", detail(.0))]
    Denied(String),
    /// The connection failed.
    #[error("the connection failed")]
    Transport(#[source] Box<ureq::Error>),
    /// A local file or stream failed.
    #[error("reading or writing failed")]
    Io(#[source] io::Error),
    /// What arrived is not what its digest promises.
    #[error("the content does not match its digest: expected {expected}, got {got}")]
    Digest {
        /// The digest asked for.
        expected: String,
        /// The digest of what arrived.
        got: String,
    },
    /// What arrived has another size than promised.
    #[error("the content has {got} bytes instead of {expected}")]
    Size {
        /// Bytes promised.
        expected: u64,
        /// Bytes that arrived.
        got: u64,
    },
    /// An answer breaks the protocol.
    #[error("the answer is unusable: {0}")]
    Protocol(String),
    /// Attachments were accepted but do not appear in the list of referrers.
    #[error("the registry lost attachments it had accepted: {0}")]
    Lost(String),
    /// Network access is switched off.
    #[error("network access is switched off (`--offline`)")]
    Offline,
    /// A credential helper, a file with credentials or a certificate authority's file failed.
    #[error("credentials or certificates cannot be read: {0}")]
    Credentials(String),
}

/// A failed request to a registry.
#[derive(Debug)]
pub struct Error {
    /// What was being done, as in `upload blob`.
    pub action: &'static str,
    /// The URL, without credentials and without its query.
    pub url: String,
    /// What went wrong.
    pub kind: Kind,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at {}: {}", self.action, self.url, self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The kind is part of the text above, so only what lies behind it is the source.
        self.kind.source()
    }
}

impl Error {
    pub(crate) fn new(action: &'static str, url: &str, kind: Kind) -> Self {
        Self { action, url: crate::url::shown(url), kind }
    }

    /// Whose fault it is.
    pub fn side(&self) -> Side {
        match &self.kind {
            Kind::Transport(error) if is_local(error) => Side::Ours,
            Kind::Transport(_) => Side::Transport,
            Kind::Io(_) | Kind::Offline | Kind::Credentials(_) | Kind::Denied(_) => Side::Ours,
            Kind::NotFound => Side::Ours,
            Kind::Status { code: 400 | 405 | 413 | 415, .. } => Side::Ours,
            Kind::Status { .. }
            | Kind::Digest { .. }
            | Kind::Size { .. }
            | Kind::Protocol(_)
            | Kind::Lost(_) => Side::Theirs,
        }
    }

    /// Whether the same call may succeed later. The client has already tried several times.
    pub fn retryable(&self) -> bool {
        match &self.kind {
            Kind::Status { code, .. } => crate::retry::is_retryable(*code),
            Kind::Transport(error) => !is_local(error) && !is_refused_tls(error),
            Kind::Size { .. } | Kind::Lost(_) => true,
            _ => false,
        }
    }

    /// Whether the thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind, Kind::NotFound)
    }

    /// What to do next, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        let text = match &self.kind {
            Kind::Denied(_) => "log in with `docker login` or `podman login`, or check the token's scopes",
            Kind::Offline => "run again without `--offline`",
            Kind::Status { code: 429, .. } => {
                "the registry limits requests; authenticated users have higher limits"
            }
            Kind::Status { code: 413, .. } => "a proxy before the registry limits the size of a request",
            Kind::Status { code: 405, .. } => "the registry does not allow this operation",
            Kind::Status { code: 500..=599, .. } => "the registry has a problem of its own; try again later",
            Kind::NotFound => {
                "check the name; some registries also answer `not found` to callers without access"
            }
            Kind::Digest { .. } => "the content was changed on its way or in the registry's storage",
            Kind::Lost(_) => "run the command again when no other process attaches to the same image",
            Kind::Transport(error) => match &**error {
                ureq::Error::HostNotFound => "check the registry's host name",
                ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
                    "name the registry's certificate authority in `SSL_CERT_FILE`"
                }
                ureq::Error::Io(error) if is_tls(error) && error.to_string().contains("certificate") => {
                    "name the registry's certificate authority in `SSL_CERT_FILE`"
                }
                ureq::Error::Io(error) if is_tls(error) => "check whether the registry speaks plain HTTP",
                ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    "nothing listens there; is the registry running?"
                }
                ureq::Error::Io(error) if error.to_string().contains("lookup address") => {
                    "check the registry's host name"
                }
                _ => "check the network and the registry's address",
            },
            Kind::Io(_)
            | Kind::Size { .. }
            | Kind::Protocol(_)
            | Kind::Credentials(_)
            | Kind::Status { .. } => {
                return None;
            }
        };
        Some(text.to_owned())
    }
}

/// Failures of ureq that no waiting can cure.
fn is_local(error: &ureq::Error) -> bool {
    matches!(
        error,
        ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
            | ureq::Error::InvalidProxyUrl
            | ureq::Error::RequireHttpsOnly(_)
            | ureq::Error::Pem(_)
    )
}

/// A TLS handshake that failed for a reason that stays: a certificate nobody vouches for, or no TLS at all.
fn is_refused_tls(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => true,
        ureq::Error::Io(error) => is_tls(error),
        _ => false,
    }
}

/// rustls hides its errors in `InvalidData`; nothing else on a connection uses that kind.
fn is_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData && error.get_ref().is_some()
}

fn detail(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}
