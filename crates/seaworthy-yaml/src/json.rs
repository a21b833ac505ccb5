//! JSON with places (RFC 8259), as the same tree.

use crate::{Kind, MAX_DEPTH, Node, YamlError};
use seaworthy_finding::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The value of a JSON text, and every problem. Duplicate keys are problems; the first one counts.
pub fn read(text: &str) -> (Option<Rc<Node>>, Vec<YamlError>) {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, errors: Vec::new() };
    // A byte order mark is no part of the text.
    if text.starts_with('\u{feff}') {
        reader.at = 3;
    }
    let root = match reader.value(0) {
        Ok(node) => {
            reader.blank();
            if reader.at < reader.bytes.len() {
                reader.fault("the text goes on behind its value");
            }
            Some(node)
        }
        Err(Stop(node)) => node,
    };
    (root, reader.errors)
}

/// The reading ended at an error that is noted already; what was read of the value so far.
struct Stop(Option<Rc<Node>>);

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    errors: Vec<YamlError>,
}

type Read<T> = Result<T, Stop>;

impl Reader<'_> {
    fn blank(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fault(&mut self, message: &str) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = self.at + rest.chars().next().map_or(0, char::len_utf8);
        self.errors.push(YamlError {
            span: Span::new(self.at, end),
            message: message.to_owned(),
            first: None,
        });
    }

    fn stop<T>(&mut self, message: &str) -> Read<T> {
        self.fault(message);
        Err(Stop(None))
    }

    fn node(&self, start: usize, kind: Kind) -> Rc<Node> {
        Rc::new(Node { span: Span::new(start, self.at), kind, tag: None, shared: false, flow: true })
    }

    fn value(&mut self, depth: usize) -> Read<Rc<Node>> {
        self.blank();
        let start = self.at;
        match self.bytes.get(self.at) {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                self.stop(&format!("nested more than {MAX_DEPTH} levels deep"))
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => {
                let value = self.string()?;
                Ok(self.node(start, Kind::Scalar { value, plain: false }))
            }
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'-' => {
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
                {
                    self.at += 1;
                }
                let value = self.text[start..self.at].to_owned();
                if matches!(value.as_str(), "true" | "false" | "null") || is_number(&value) {
                    return Ok(self.node(start, Kind::Scalar { value, plain: true }));
                }
                self.errors.push(YamlError {
                    span: Span::new(start, self.at),
                    message: format!("`{value}` is no JSON; a text stands in double quotes"),
                    first: None,
                });
                Err(Stop(None))
            }
            Some(_) => self.stop("expected a value"),
            None => self.stop("the text ends where a value is expected"),
        }
    }

    fn array(&mut self, depth: usize) -> Read<Rc<Node>> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blank();
            if self.bytes.get(self.at) == Some(&b']') && items.is_empty() {
                self.at += 1;
                return Ok(self.node(start, Kind::Seq(items)));
            }
            match self.value(depth + 1) {
                Ok(item) => items.push(item),
                Err(Stop(item)) => {
                    items.extend(item);
                    return Err(Stop(Some(self.node(start, Kind::Seq(items)))));
                }
            }
            self.blank();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(self.node(start, Kind::Seq(items)));
                }
                _ => {
                    self.fault("expected `,` or `]`");
                    return Err(Stop(Some(self.node(start, Kind::Seq(items)))));
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Read<Rc<Node>> {
        let start = self.at;
        self.at += 1;
        let mut pairs: Vec<(Rc<Node>, Rc<Node>)> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        loop {
            self.blank();
            if self.bytes.get(self.at) == Some(&b'}') && pairs.is_empty() {
                self.at += 1;
                return Ok(self.node(start, Kind::Map(pairs)));
            }
            let from = self.at;
            let broken = if self.bytes.get(self.at) == Some(&b'"') {
                match self.string() {
                    Ok(name) => {
                        let key = self.node(from, Kind::Scalar { value: name.clone(), plain: false });
                        self.blank();
                        if self.bytes.get(self.at) == Some(&b':') {
                            self.at += 1;
                            let (value, broken) = match self.value(depth + 1) {
                                Ok(value) => (Some(value), false),
                                Err(Stop(value)) => (value, true),
                            };
                            if let Some(first) = seen.get(&name).copied() {
                                let message = format!("the key `{name}` stands here twice; remove one");
                                self.errors.push(YamlError { span: key.span, message, first: Some(first) });
                            } else {
                                seen.insert(name.clone(), key.span);
                                pairs.extend(value.map(|value| (key, value)));
                            }
                            broken
                        } else {
                            self.fault("expected `:`");
                            true
                        }
                    }
                    Err(_) => true,
                }
            } else {
                self.fault("expected a key in double quotes");
                true
            };
            self.blank();
            match self.bytes.get(self.at) {
                _ if broken => return Err(Stop(Some(self.node(start, Kind::Map(pairs))))),
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(self.node(start, Kind::Map(pairs)));
                }
                _ => {
                    self.fault("expected `,` or `}`");
                    return Err(Stop(Some(self.node(start, Kind::Map(pairs)))));
                }
            }
        }
    }

    /// A string from its opening quote on.
    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(ch) = rest.chars().next() else { return self.stop("the string is not closed") };
            match ch {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => {
                    self.at += 1;
                    let Some(ch) = self.escape() else { return self.stop("no such escape in JSON") };
                    out.push(ch);
                }
                '\0'..='\x1f' => return self.stop("the string is not closed on its line"),
                ch => {
                    out.push(ch);
                    self.at += ch.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let ch = match self.bytes.get(self.at)? {
            byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.unit(self.at + 1)?;
                self.at += 5;
                if !(0xd800..0xdc00).contains(&high) {
                    return Some(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let low = self
                    .text
                    .get(self.at..)
                    .filter(|rest| rest.starts_with("\\u"))
                    .and_then(|_| self.unit(self.at + 2));
                let Some(low) = low.filter(|low| (0xdc00..0xe000).contains(low)) else {
                    return Some(char::REPLACEMENT_CHARACTER);
                };
                self.at += 6;
                return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        };
        self.at += 1;
        Some(ch)
    }

    /// Four hexadecimal digits.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Whether a word is a number of JSON.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) =
        word.split_once(['e', 'E']).map_or((word, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, part) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && part.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_places_and_duplicate_keys_are_told() {
        let text = r#"{"a": [1, -2.5e3, true, null, "x\u00e9\ud83d\ude00\/"], "b": {}, "a": 2}"#;
        let (root, errors) = read(text);
        let root = root.unwrap();
        let items = root.get("a").unwrap();
        assert_eq!(items.items().len(), 5);
        assert_eq!(items.items()[4].text(), Some("x\u{e9}\u{1f600}/"));
        assert_eq!(items.items()[1].span.of(text), "-2.5e3");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].span.of(text), "\"a\"");
    }

    #[test]
    fn broken_texts_give_what_was_read_and_where_it_stops() {
        for text in [
            "", "{", "[1,", "{\"a\"", "{\"a\":}", "[1 2]", "01", "\"\\x\"", "\"a\nb\"", "{} {}", "yes",
            "[,]", "{a: 1}",
        ] {
            assert_eq!(read(text).1.len(), 1, "{text}");
        }
        let (root, _) = read("{\"a\": 1, \"b\": [1, 2");
        assert_eq!(root.unwrap().get("a").unwrap().text(), Some("1"));
        assert_eq!(read(&"[".repeat(5000)).1.len(), 1);
    }
}
