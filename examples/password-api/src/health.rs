//! The `health` subcommand: asks the running service for `GET /healthz`, over TLS when it speaks TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::{ClientConnection, StreamOwned};

use crate::config::{ConfigError, HealthTarget};
use crate::tls;

/// How long the whole check may take; below the timeout of the image's `HEALTHCHECK`.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The largest answer read, in bytes.
const MAX_ANSWER: u64 = 16 * 1024;

/// Why the service does not count as healthy.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// No connection, or it broke or took too long.
    #[error("no answer to GET /healthz: {0}")]
    Connection(#[from] io::Error),
    /// The certificate file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// TLS could not be set up.
    #[error("TLS failed: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// Something else than 200 and `{"status":"ok"}` came back.
    #[error("GET /healthz did not answer 200 with status ok")]
    Answer,
}

/// Connects, asks and judges the answer.
pub fn check(target: &HealthTarget) -> Result<(), HealthError> {
    let end = Instant::now() + TIMEOUT;
    let stream = TcpStream::connect_timeout(&target.address, TIMEOUT)?;
    let stream = Deadline { stream, end };
    let answer = match &target.cert {
        None => exchange(stream)?,
        Some(cert) => {
            let config = tls::pinned_client(cert)?;
            let client = ClientConnection::new(config, target.address.ip().into())?;
            exchange(StreamOwned::new(client, stream))?
        }
    };
    if is_ok(&answer) { Ok(()) } else { Err(HealthError::Answer) }
}

/// A socket whose reads and writes share one deadline: per-call timeouts alone would let a trickling
/// server keep the check alive.
struct Deadline {
    stream: TcpStream,
    end: Instant,
}

impl Deadline {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.end.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Read for Deadline {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buf)
    }
}

impl Write for Deadline {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn exchange(mut stream: impl Read + Write) -> io::Result<Vec<u8>> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(MAX_ANSWER).read_to_end(&mut answer) {
        // A TLS peer may close without saying so; what it sent before is judged all the same.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(answer),
    }
}

fn is_ok(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    head.starts_with("HTTP/1.1 200 ") && body["status"] == "ok"
}

#[cfg(test)]
mod tests {
    use super::is_ok;

    #[test]
    fn only_200_with_status_ok_is_healthy() {
        assert!(is_ok(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n{\"status\":\"ok\"}"));
        assert!(!is_ok(b"HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":\"ok\"}"));
        assert!(!is_ok(b"HTTP/1.1 200 OK\r\n\r\n<html>"));
        assert!(!is_ok(b"HTTP/1.1 200 OK\r\n\r\n{\"status\":\"bad\"}"));
        assert!(!is_ok(b""));
        assert!(!is_ok(b"\xff\xff"));
    }
}
