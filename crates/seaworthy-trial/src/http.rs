//! A small HTTP/1.1 client over a stream that already leads into a container.
//!
//! Client crates open their own sockets; here the socket comes from another network namespace, and a request
//! must be sendable in two halves around a signal.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Largest answer that is read.
const MOST: usize = 8 * 1024 * 1024;

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Method.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Port in the container; the default applies when absent.
    pub(crate) port: Option<u16>,
    /// Headers.
    pub(crate) headers: Vec<(String, String)>,
    /// Body.
    pub(crate) body: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Status.
    pub(crate) status: u16,
    /// Headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Body; bytes that are no UTF-8 are replaced.
    pub(crate) body: String,
}

impl Request {
    /// Reads `GET /path` or `GET :8080/path`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let usage = || format!("`{text}` is no request; write it like `GET /healthz` or `GET :8080/healthz`");
        let (method, target) = text.trim().split_once(' ').ok_or_else(usage)?;
        let target = target.trim();
        if method.is_empty()
            || !method.bytes().all(|b| b.is_ascii_uppercase())
            || target.contains(char::is_whitespace)
        {
            return Err(usage());
        }
        let (port, path) = match target.strip_prefix(':') {
            Some(rest) => {
                let slash = rest.find('/').unwrap_or(rest.len());
                (Some(rest[..slash].parse().map_err(|_| usage())?), &rest[slash..])
            }
            None => (None, target),
        };
        let path = if path.is_empty() { "/" } else { path };
        if !path.starts_with('/') {
            return Err(usage());
        }
        Ok(Self { method: method.to_owned(), path: path.to_owned(), port, ..Self::default() })
    }

    /// The method and path, for people.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Head and body as sent. The body is separate so that it can be sent late.
    pub(crate) fn wire(&self) -> (String, String) {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: seaworthy\r\nConnection: close\r\n",
            self.method, self.path
        );
        let mut typed = false;
        for (name, value) in &self.headers {
            // A line break in a configured value must not make a second header.
            let clean: String = value.chars().filter(|c| !c.is_control()).collect();
            typed |= name.eq_ignore_ascii_case("content-type");
            head = head + name + ": " + &clean + "\r\n";
        }
        let body = self.body.clone().unwrap_or_default();
        if self.body.is_some() {
            if !typed {
                head.push_str("Content-Type: application/json\r\n");
            }
            head = head + "Content-Length: " + &body.len().to_string() + "\r\n";
        }
        head.push_str("\r\n");
        (head, body)
    }
}

/// Sends a whole request and reads the answer.
pub(crate) fn ask(mut stream: TcpStream, request: &Request, limit: Duration) -> io::Result<Answer> {
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let (head, body) = request.wire();
    stream.write_all((head + &body).as_bytes())?;
    read_answer(&mut stream, request, limit)
}

/// Reads an answer to its end: by length, by chunks, or to the end of the stream.
pub(crate) fn read_answer(stream: &mut TcpStream, request: &Request, limit: Duration) -> io::Result<Answer> {
    // The length that an answer to HEAD names is that of a body that does not come.
    let bodiless = request.method == "HEAD";
    let end = Instant::now() + limit;
    let mut bytes = Vec::new();
    let mut piece = [0_u8; 16 * 1024];
    loop {
        if let Some(answer) = parse(&bytes, false, bodiless) {
            return Ok(answer);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no complete answer in time"));
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "no complete answer in time"));
            }
            Err(error) => return Err(error),
        }
        if bytes.len() > MOST {
            return Err(io::Error::other("the answer is larger than 8 MiB"));
        }
    }
    let closed = || {
        io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed without a complete answer")
    };
    parse(&bytes, true, bodiless).ok_or_else(closed)
}

/// An answer, once the bytes hold a whole one.
fn parse(bytes: &[u8], closed: bool, bodiless: bool) -> Option<Answer> {
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[head_end + 4..];
    if (100..200).contains(&status) {
        return parse(rest, closed, bodiless);
    }
    let header =
        |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let body = if bodiless || status == 204 || status == 304 {
        Vec::new()
    } else if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        chunks(rest)?
    } else if let Some(length) = header("content-length").and_then(|value| value.parse::<usize>().ok()) {
        rest.get(..length)?.to_vec()
    } else if closed {
        rest.to_vec()
    } else {
        return None;
    };
    Some(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The body of a chunked answer, once its last chunk is there.
fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|window| window == b"\r\n")?;
        let line = std::str::from_utf8(&rest[..line_end]).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        rest = &rest[line_end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_read_as_written() {
        let request = Request::parse("GET :8080/healthz?x=1").unwrap();
        assert_eq!((request.port, request.path.as_str()), (Some(8080), "/healthz?x=1"));
        for bad in ["", "GET", "get /x", "GET x", "GET :x/", "GET /a b"] {
            assert!(Request::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_header_value_cannot_add_a_header() {
        let mut request = Request::parse("GET /").unwrap();
        request.headers.push(("A".to_owned(), "b\r\nC: d".to_owned()));
        assert!(!request.wire().0.contains("\r\nC:"));
    }

    #[test]
    fn answers_end_by_length_by_chunk_or_by_close() {
        let by_length = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(parse(by_length, false, false).unwrap().body, "hi");
        assert!(parse(&by_length[..by_length.len() - 1], false, false).is_none());
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        assert_eq!(parse(chunked, false, false).unwrap().body, "hi");
        assert_eq!(parse(&by_length[..by_length.len() - 2], false, true).unwrap().body, "");
        let to_end = b"HTTP/1.1 500 No\r\n\r\nx";
        assert!(parse(to_end, false, false).is_none());
        assert_eq!(parse(to_end, true, false).unwrap().status, 500);
        assert_eq!(
            parse(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 N\r\n\r\n", false, false).unwrap().status,
            204
        );
    }

    #[test]
    fn hostile_chunk_sizes_do_not_panic() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhi\r\n";
        assert!(parse(bytes, true, false).is_none());
    }
}
