//! JSON-RPC messages over standard input and output, as the language server protocol frames them.

use serde_json::{Value, json};
use std::io::{self, BufRead, Read as _};

/// A larger message is none that an editor sends.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The protocol's and JSON-RPC's numbers of what went wrong.
pub(super) mod code {
    pub(crate) const PARSE: i32 = -32700;
    pub(crate) const INVALID_REQUEST: i32 = -32600;
    pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
    pub(crate) const INVALID_PARAMS: i32 = -32602;
    pub(crate) const NOT_INITIALIZED: i32 = -32002;
    pub(crate) const CANCELLED: i32 = -32800;
}

/// What the client sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Incoming {
    /// It wants an answer.
    Request { id: Value, method: String, params: Value },
    /// It wants none.
    Notification { method: String, params: Value },
    /// An answer to something we asked; we ask nothing.
    Response,
    /// A message that is no JSON, or no JSON-RPC.
    Broken,
}

/// Reads one message; nothing at the end of the input.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.by_ref().take(8192).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<u64>().ok();
        }
    }
    let Some(length) = length.filter(|length| *length <= LONGEST) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message without a usable Content-Length"));
    };
    let mut body = Vec::new();
    if input.by_ref().take(length).read_to_end(&mut body)? as u64 != length {
        return Ok(None);
    }
    Ok(Some(parse(&body)))
}

fn parse(body: &[u8]) -> Incoming {
    let Ok(Value::Object(mut message)) = serde_json::from_slice::<Value>(body) else {
        return Incoming::Broken;
    };
    let params = message.remove("params").unwrap_or(Value::Null);
    match (message.remove("method"), message.remove("id")) {
        (Some(Value::String(method)), None) => Incoming::Notification { method, params },
        (Some(Value::String(method)), Some(id)) => Incoming::Request { id, method, params },
        (None, Some(_)) => Incoming::Response,
        _ => Incoming::Broken,
    }
}

/// A message with its header.
pub(super) fn frame(message: &Value) -> String {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// An answer.
pub(super) fn result(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

/// An answer that says why there is none.
pub(super) fn error(id: &Value, code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

/// Something the client did not ask for.
pub(super) fn notification(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Incoming> {
        let mut input = io::Cursor::new(text.to_owned());
        std::iter::from_fn(|| read(&mut input).unwrap()).collect()
    }

    #[test]
    fn messages_are_taken_apart_whatever_their_headers() {
        let text = "content-length: 37\r\nContent-Type: x\r\n\r\n{\"id\":1,\"method\":\"a\",\"params\":[\"\u{e9}\"]}Content-Length: 14\r\n\r\n{\"method\":\"b\"}Content-Length: 8\r\n\r\n{\"id\":3}Content-Length: 2\r\n\r\n[]Content-Length: 99\r\n\r\n{";
        let read = all(text);
        assert_eq!(read.len(), 4, "{read:?}");
        assert!(matches!(&read[0], Incoming::Request { method, .. } if method == "a"));
        assert!(
            matches!(&read[1], Incoming::Notification { method, params } if method == "b" && params.is_null())
        );
        assert_eq!(read[2..], [Incoming::Response, Incoming::Broken]);
        assert!(super::read(&mut io::Cursor::new("X: y\r\n\r\n{}")).is_err());
    }

    #[test]
    fn a_frame_reads_back() {
        let message = notification("x", &json!({"text": "\u{1F40B}"}));
        assert!(matches!(&all(&frame(&message))[..], [Incoming::Notification { .. }]));
    }
}
