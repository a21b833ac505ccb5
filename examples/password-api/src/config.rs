//! The configuration: read once at start from `USNPW_API_*` variables, complete or refused.
//!
//! An empty variable counts as unset, since compose files cannot unset one. No message repeats a value:
//! a token set in the wrong variable must not reach a log.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::auth::Token;
use crate::secret_file::{self, SecretFileError};

/// The most items one response may hold, whatever the configuration says.
pub const MAX_ITEMS: usize = 512;

/// Looks up an environment variable; a parameter, so that tests need no process environment.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Why the service refuses to start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable without a default is missing.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// No token source at all.
    #[error("USNPW_API_TOKEN_FILE is not set: the service does not start without a token")]
    NoToken,
    /// A variable holds something else than it should.
    #[error("{name} must be {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        expected: String,
    },
    /// Two token sources, or one that is not allowed.
    #[error("{0}")]
    TokenSource(&'static str),
    /// The token itself is not acceptable.
    #[error("the token in {source_name} {problem}")]
    Token {
        /// Where the token came from.
        source_name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A secret file is refused.
    #[error("the file named by {name} {problem}")]
    File {
        /// The variable that names the file.
        name: &'static str,
        /// What is wrong with it.
        problem: SecretFileError,
    },
    /// The address is reachable from other machines and nothing encrypts the token.
    #[error(
        "USNPW_API_HOST is not a loopback address, so USNPW_API_TLS_CERT_FILE and USNPW_API_TLS_KEY_FILE \
         are needed, or USNPW_API_ALLOW_INSECURE_NO_TLS=1 where a proxy ends TLS"
    )]
    TlsNeeded,
    /// Certificate and key do not make a TLS server.
    #[error("{0}")]
    Tls(String),
}

/// Where the certificate chain and the key are.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// PEM file with the certificate chain, the server's own first.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// Limits that apply to what is asked for and answered.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Largest response body, in bytes.
    pub response_bytes: usize,
    /// Most passwords per request.
    pub passwords: usize,
    /// Most usernames per request.
    pub usernames: usize,
    /// Most requests handled at once.
    pub concurrent: usize,
    /// Most requests handled at once for one client.
    pub concurrent_per_client: usize,
}

/// So many events in `window` block a client for `block`.
#[derive(Debug, Clone)]
pub struct Rate {
    /// The number of events.
    pub limit: usize,
    /// The time in which they are counted.
    pub window: Duration,
    /// The time for which the client is then refused.
    pub block: Duration,
}

/// Everything the service needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose.
    pub address: SocketAddr,
    /// The bearer token.
    pub token: Token,
    /// Set when the service itself speaks TLS.
    pub tls: Option<TlsFiles>,
    /// Sizes and counts.
    pub limits: Limits,
    /// How long a client may take to send a request's head, its body, or to read the response.
    pub socket_timeout: Duration,
    /// Failed authentications.
    pub auth_failures: Rate,
    /// Requests.
    pub requests: Rate,
    /// One JSON line per request on stdout.
    pub access_log: bool,
    /// Adds the line and column to the message about broken JSON.
    pub verbose_errors: bool,
}

impl Config {
    /// Reads the environment. `cli_token` is the value of `--token`.
    pub fn from_env(lookup: Lookup<'_>, cli_token: Option<String>) -> Result<Self, ConfigError> {
        let env = Env(lookup);
        let host = host(&env)?;
        let address = SocketAddr::new(host, port(&env)?);
        let token = token(&env, cli_token)?;
        let tls = tls_files(&env)?;
        let insecure = env.flag("USNPW_API_ALLOW_INSECURE_NO_TLS")?;
        if tls.is_none() && !host.to_canonical().is_loopback() && !insecure {
            return Err(ConfigError::TlsNeeded);
        }
        let limits = Limits {
            body_bytes: env.integer("USNPW_API_MAX_BODY_BYTES", 16_384, 256..=1_048_576)?,
            response_bytes: env.integer("USNPW_API_MAX_RESPONSE_BYTES", 4_194_304, 1024..=4_194_304)?,
            passwords: env.integer("USNPW_API_MAX_PASSWORD_COUNT", MAX_ITEMS, 1..=MAX_ITEMS)?,
            usernames: env.integer("USNPW_API_MAX_USERNAME_COUNT", MAX_ITEMS, 1..=MAX_ITEMS)?,
            concurrent: env.integer("USNPW_API_MAX_CONCURRENT_REQUESTS", 256, 1..=4096)?,
            concurrent_per_client: env.integer(
                "USNPW_API_MAX_CONCURRENT_REQUESTS_PER_CLIENT",
                32,
                1..=4096,
            )?,
        };
        Ok(Self {
            address,
            token,
            tls,
            limits,
            socket_timeout: env.seconds("USNPW_API_SOCKET_TIMEOUT_SECONDS", 5, 1..=60)?,
            auth_failures: Rate {
                limit: env.integer("USNPW_API_AUTH_FAIL_LIMIT", 16, 1..=1000)?,
                window: env.seconds("USNPW_API_AUTH_FAIL_WINDOW_SECONDS", 60, 1..=3600)?,
                block: env.seconds("USNPW_API_AUTH_BLOCK_SECONDS", 300, 1..=86_400)?,
            },
            requests: Rate {
                limit: env.integer("USNPW_API_REQUEST_RATE_LIMIT", 240, 1..=10_000)?,
                window: env.seconds("USNPW_API_REQUEST_RATE_WINDOW_SECONDS", 10, 1..=3600)?,
                block: env.seconds("USNPW_API_REQUEST_RATE_BLOCK_SECONDS", 30, 1..=86_400)?,
            },
            access_log: env.flag("USNPW_API_ACCESS_LOG")?,
            verbose_errors: env.flag("USNPW_API_VERBOSE_ERRORS")?,
        })
    }
}

/// What `health` needs: where the service listens, and the certificate it shows.
#[derive(Debug, Clone)]
pub struct HealthTarget {
    /// The address to connect to.
    pub address: SocketAddr,
    /// The certificate file, when the service speaks TLS.
    pub cert: Option<PathBuf>,
}

impl HealthTarget {
    /// Reads the few variables that matter; the token is not among them.
    pub fn from_env(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let env = Env(lookup);
        let host = match host(&env)? {
            // A service that listens everywhere is asked on loopback.
            IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            host => host,
        };
        let port = port(&env)?;
        if port == 0 {
            let expected = "the port of the running service, not 0".to_owned();
            return Err(ConfigError::Invalid { name: "USNPW_API_PORT", expected });
        }
        let cert = tls_files(&env)?.map(|files| files.cert);
        Ok(Self { address: SocketAddr::new(host, port), cert })
    }
}

fn host(env: &Env<'_>) -> Result<IpAddr, ConfigError> {
    let name = "USNPW_API_HOST";
    let text = env.text(name)?.ok_or(ConfigError::Missing(name))?;
    text.parse().map_err(|_| ConfigError::Invalid {
        name,
        expected: "an IP address such as 127.0.0.1, 0.0.0.0 or ::1".to_owned(),
    })
}

fn port(env: &Env<'_>) -> Result<u16, ConfigError> {
    Ok(env.integer("USNPW_API_PORT", 8080, 0..=65_535)? as u16)
}

fn tls_files(env: &Env<'_>) -> Result<Option<TlsFiles>, ConfigError> {
    match (env.path("USNPW_API_TLS_CERT_FILE"), env.path("USNPW_API_TLS_KEY_FILE")) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (Some(_), None) => Err(ConfigError::Missing("USNPW_API_TLS_KEY_FILE")),
        (None, Some(_)) => Err(ConfigError::Missing("USNPW_API_TLS_CERT_FILE")),
    }
}

/// Finds the one token source. Two sources are refused rather than ranked.
fn token(env: &Env<'_>, cli_token: Option<String>) -> Result<Token, ConfigError> {
    let file = env.path("USNPW_API_TOKEN_FILE");
    let variable = env.text("USNPW_API_TOKEN")?;
    let allow_env = env.flag("USNPW_API_ALLOW_ENV_TOKEN")?;
    let allow_cli = env.flag("USNPW_API_ALLOW_CLI_TOKEN")?;
    let (text, source_name) = match (file, variable, cli_token) {
        (None, None, None) => return Err(ConfigError::NoToken),
        (Some(path), None, None) => (read_token(&path)?, "the file named by USNPW_API_TOKEN_FILE"),
        (None, Some(_), None) if !allow_env => {
            return Err(ConfigError::TokenSource(
                "USNPW_API_TOKEN is set, but a token in the environment needs USNPW_API_ALLOW_ENV_TOKEN=1; \
                 prefer USNPW_API_TOKEN_FILE",
            ));
        }
        (None, Some(text), None) => (text, "USNPW_API_TOKEN"),
        (None, None, Some(_)) if !allow_cli => {
            return Err(ConfigError::TokenSource(
                "a token on the command line needs USNPW_API_ALLOW_CLI_TOKEN=1; prefer USNPW_API_TOKEN_FILE",
            ));
        }
        (None, None, Some(text)) => (text, "--token"),
        _ => {
            return Err(ConfigError::TokenSource(
                "more than one token source is set; keep USNPW_API_TOKEN_FILE and remove the others",
            ));
        }
    };
    Token::new(&text).map_err(|problem| ConfigError::Token { source_name, problem })
}

fn read_token(path: &Path) -> Result<String, ConfigError> {
    secret_file::read(path).map_err(|problem| ConfigError::File { name: "USNPW_API_TOKEN_FILE", problem })
}

/// Typed access to the environment.
struct Env<'a>(Lookup<'a>);

impl Env<'_> {
    fn raw(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.raw(name).map(PathBuf::from)
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        self.raw(name)
            .map(|value| value.into_string())
            .transpose()
            .map_err(|_| ConfigError::Invalid { name, expected: "valid UTF-8".to_owned() })
    }

    fn integer(
        &self,
        name: &'static str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        let Some(text) = self.text(name)? else { return Ok(default) };
        // Only digits: `parse` alone would also take a leading plus sign.
        let number = if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None };
        number.filter(|number| range.contains(number)).ok_or_else(|| ConfigError::Invalid {
            name,
            expected: format!("an integer from {} to {}", range.start(), range.end()),
        })
    }

    fn seconds(
        &self,
        name: &'static str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<Duration, ConfigError> {
        Ok(Duration::from_secs(self.integer(name, default, range)? as u64))
    }

    fn flag(&self, name: &'static str) -> Result<bool, ConfigError> {
        match self.text(name)?.as_deref() {
            None | Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(_) => Err(ConfigError::Invalid { name, expected: "1 or 0".to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::time::Duration;

    use super::{Config, ConfigError, HealthTarget};

    const TOKEN: &str = "0123456789abcdef01234567";

    fn lookup<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| pairs.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    }

    /// A configuration that starts, with `more` set on top.
    fn config(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut pairs = vec![
            ("USNPW_API_HOST", "127.0.0.1"),
            ("USNPW_API_TOKEN", TOKEN),
            ("USNPW_API_ALLOW_ENV_TOKEN", "1"),
        ];
        pairs.extend(more);
        Config::from_env(&lookup(&pairs), None)
    }

    fn refused(more: &[(&str, &str)]) -> String {
        let message = config(more).unwrap_err().to_string();
        assert!(!message.contains(TOKEN), "{message}");
        assert!(!message.contains('\n'), "{message}");
        message
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = config(&[]).unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:8080");
        assert_eq!(config.limits.body_bytes, 16_384);
        assert_eq!(config.limits.response_bytes, 4 * 1024 * 1024);
        assert_eq!((config.limits.passwords, config.limits.usernames), (512, 512));
        assert_eq!((config.limits.concurrent, config.limits.concurrent_per_client), (256, 32));
        assert_eq!(config.socket_timeout, Duration::from_secs(5));
        assert_eq!(config.auth_failures.limit, 16);
        assert_eq!(config.auth_failures.window, Duration::from_secs(60));
        assert_eq!(config.auth_failures.block, Duration::from_secs(300));
        assert_eq!(config.requests.limit, 240);
        assert_eq!(config.requests.window, Duration::from_secs(10));
        assert_eq!(config.requests.block, Duration::from_secs(30));
        assert!(!config.access_log && !config.verbose_errors && config.tls.is_none());
    }

    #[test]
    fn the_bind_address_has_no_silent_default() {
        assert_eq!(refused(&[("USNPW_API_HOST", "")]), "USNPW_API_HOST is not set");
        assert!(
            refused(&[("USNPW_API_HOST", "localhost")]).starts_with("USNPW_API_HOST must be an IP address")
        );
    }

    #[test]
    fn a_token_source_is_needed_and_only_one() {
        let none = Config::from_env(&lookup(&[("USNPW_API_HOST", "127.0.0.1")]), None).unwrap_err();
        assert!(none.to_string().contains("USNPW_API_TOKEN_FILE is not set"));
        assert!(refused(&[("USNPW_API_ALLOW_ENV_TOKEN", "0")]).contains("needs USNPW_API_ALLOW_ENV_TOKEN=1"));
        assert!(refused(&[("USNPW_API_TOKEN_FILE", "/x")]).contains("more than one token source"));
        assert!(refused(&[("USNPW_API_TOKEN", "short")]).contains("shorter than 24"));
        let missing = [("USNPW_API_HOST", "127.0.0.1"), ("USNPW_API_TOKEN_FILE", "/nonexistent/token")];
        let missing = Config::from_env(&lookup(&missing), None).unwrap_err().to_string();
        assert!(missing.contains("USNPW_API_TOKEN_FILE cannot be read"), "{missing}");
    }

    #[test]
    fn a_token_on_the_command_line_needs_consent() {
        let pairs = [("USNPW_API_HOST", "127.0.0.1")];
        let refused = Config::from_env(&lookup(&pairs), Some(TOKEN.to_owned())).unwrap_err().to_string();
        assert!(refused.contains("USNPW_API_ALLOW_CLI_TOKEN=1") && !refused.contains(TOKEN));
        let pairs = [("USNPW_API_HOST", "127.0.0.1"), ("USNPW_API_ALLOW_CLI_TOKEN", "1")];
        assert!(Config::from_env(&lookup(&pairs), Some(TOKEN.to_owned())).is_ok());
    }

    #[test]
    fn other_machines_are_served_by_tls_or_on_explicit_request() {
        for host in ["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"] {
            assert!(
                refused(&[("USNPW_API_HOST", host)]).contains("USNPW_API_ALLOW_INSECURE_NO_TLS=1"),
                "{host}"
            );
            assert!(config(&[("USNPW_API_HOST", host), ("USNPW_API_ALLOW_INSECURE_NO_TLS", "1")]).is_ok());
        }
        for host in ["::1", "127.9.9.9", "::ffff:127.0.0.1"] {
            assert!(config(&[("USNPW_API_HOST", host)]).is_ok(), "{host}");
        }
        assert_eq!(refused(&[("USNPW_API_TLS_CERT_FILE", "/c")]), "USNPW_API_TLS_KEY_FILE is not set");
        assert_eq!(refused(&[("USNPW_API_TLS_KEY_FILE", "/k")]), "USNPW_API_TLS_CERT_FILE is not set");
    }

    #[test]
    fn numbers_and_switches_are_strict() {
        for value in ["0x10", "-1", "+1", "65536", "8080 ", TOKEN, "99999999999999999999999"] {
            assert_eq!(
                refused(&[("USNPW_API_PORT", value)]),
                "USNPW_API_PORT must be an integer from 0 to 65535"
            );
        }
        assert!(refused(&[("USNPW_API_MAX_PASSWORD_COUNT", "513")]).ends_with("from 1 to 512"));
        assert!(refused(&[("USNPW_API_AUTH_FAIL_LIMIT", "0")]).ends_with("from 1 to 1000"));
        assert_eq!(refused(&[("USNPW_API_ACCESS_LOG", "maybe")]), "USNPW_API_ACCESS_LOG must be 1 or 0");
        assert!(config(&[("USNPW_API_ACCESS_LOG", "true")]).unwrap().access_log);
    }

    #[test]
    fn health_asks_where_the_service_listens() {
        let target = |host: &str, port: &str| {
            HealthTarget::from_env(&lookup(&[("USNPW_API_HOST", host), ("USNPW_API_PORT", port)]))
                .map(|target| target.address.to_string())
        };
        assert_eq!(target("0.0.0.0", "").unwrap(), "127.0.0.1:8080");
        assert_eq!(target("::", "81").unwrap(), "[::1]:81");
        assert_eq!(target("192.0.2.1", "81").unwrap(), "192.0.2.1:81");
        assert!(target("127.0.0.1", "0").is_err());
    }
}
