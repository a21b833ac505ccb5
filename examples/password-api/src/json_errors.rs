//! Gives JSON bodies to the answers that the protocol layer makes by itself.
//!
//! hyper answers a request that is not valid HTTP without asking the service, with an empty body, and has no
//! hook to change that. Such an answer is recognised where it is written: one write that holds exactly the
//! head of an error without `content-type`. A response of the service always has that field, and its bodies
//! are JSON, which holds no raw line ends, so neither can be mistaken for one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream on which bare error heads become JSON responses.
#[derive(Debug)]
pub struct JsonErrors<T> {
    inner: T,
    /// What is written in place of the recognised head, and how much of it has been.
    substitute: Option<(Vec<u8>, usize)>,
}

impl<T> JsonErrors<T> {
    /// Wraps a stream.
    pub fn new(inner: T) -> Self {
        Self { inner, substitute: None }
    }
}

/// Returns the JSON response that replaces a bare error head.
fn substitute(written: &[u8]) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(written).ok()?.strip_suffix("\r\n\r\n")?;
    let (status_line, fields) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = status_line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?;
    let typed = fields.lines().any(|field| field.to_ascii_lowercase().starts_with("content-type:"));
    if typed || head.contains("\r\n\r\n") || !status.starts_with(['4', '5']) {
        return None;
    }
    let message = match status {
        "414" => "the request's target is too long",
        "431" => "the request's head is too large",
        _ => "the request is not valid HTTP",
    };
    let body = serde_json::json!({ "error": { "code": "invalid_request", "message": message } }).to_string();
    let response = format!(
        "{status_line}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    Some(response.into_bytes())
}

impl<T: AsyncWrite + Unpin> JsonErrors<T> {
    /// Writes the substitute to its end, then reports the original as written.
    fn poll_substitute(&mut self, cx: &mut Context<'_>, original: usize) -> Poll<io::Result<usize>> {
        while let Some((bytes, done)) = &mut self.substitute {
            if *done == bytes.len() {
                self.substitute = None;
                break;
            }
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &bytes[*done..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *done += written;
        }
        Poll::Ready(Ok(original))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for JsonErrors<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.substitute.is_none() {
            self.substitute = substitute(buf).map(|bytes| (bytes, 0));
        }
        if self.substitute.is_some() {
            return self.poll_substitute(cx, buf.len());
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = bufs.iter().filter(|buf| !buf.is_empty());
        if let (Some(only), None) = (filled.next(), filled.next()) {
            return self.poll_write(cx, only);
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for JsonErrors<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::{JsonErrors, substitute};

    const BARE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    #[test]
    fn only_bare_error_heads_are_replaced() {
        assert!(substitute(BARE).is_some());
        for other in [
            b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(),
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n",
            b"{\"outputs\":[\"HTTP/1.1 400 x\"]}",
            b"\xff\r\n\r\n",
            b"",
        ] {
            assert!(substitute(other).is_none(), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn the_substitute_is_written_whole_through_a_narrow_stream() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let text = runtime.block_on(async {
            let (near, mut far) = tokio::io::duplex(7);
            let writer = async move {
                let mut near = JsonErrors::new(near);
                near.write_all(BARE).await.unwrap();
            };
            let mut text = String::new();
            let (_, read) = tokio::join!(writer, far.read_to_string(&mut text));
            read.unwrap();
            text
        });
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "invalid_request");
    }
}
