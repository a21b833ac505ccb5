//! JSON arrays of strings, with the place of each string.

use std::ops::Range;

use crate::map::OffsetMap;

/// One string of an array.
#[derive(Debug, Clone)]
pub(crate) struct JsonString {
    /// The string with its quotes in the line.
    pub(crate) range: Range<usize>,
    pub(crate) value: String,
    /// From offsets in `value` to offsets in the line.
    pub(crate) map: OffsetMap,
}

/// What a text that begins with `[` turned out to be.
#[derive(Debug, Clone)]
pub(crate) enum JsonArray {
    /// An array of strings.
    Strings(Vec<JsonString>),
    /// A valid array with an element of another kind, which is in this range.
    Other(Range<usize>),
    /// No valid JSON from this offset on.
    Invalid(usize),
}

/// Deeper nesting than this is no command of anyone's.
const MAX_DEPTH: usize = 200;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

type Read<T> = Result<T, usize>;

/// Reads the array at the start of `range`; `None` when no `[` is there.
pub(crate) fn read_array(text: &str, range: Range<usize>) -> Option<JsonArray> {
    let mut reader = Reader { text, at: range.start, end: range.end };
    reader.skip_space();
    if reader.peek() != Some(b'[') {
        return None;
    }
    Some(reader.array().unwrap_or_else(JsonArray::Invalid))
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        if self.at < self.end { self.text.as_bytes().get(self.at).copied() } else { None }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn array(&mut self) -> Read<JsonArray> {
        self.at += 1;
        let mut strings = Vec::new();
        let mut other = None;
        if !self.eat(b']') {
            loop {
                self.skip_space();
                let start = self.at;
                if self.peek() == Some(b'"') {
                    strings.push(self.string()?);
                } else {
                    self.value(0)?;
                    other.get_or_insert(start..self.at);
                }
                if self.eat(b']') {
                    break;
                }
                if !self.eat(b',') {
                    return Err(self.at);
                }
            }
        }
        // BuildKit reads one whole value: anything behind it makes the text no JSON.
        self.skip_space();
        if self.at < self.end {
            return Err(self.at);
        }
        Ok(other.map_or(JsonArray::Strings(strings), JsonArray::Other))
    }

    fn value(&mut self, depth: usize) -> Read<()> {
        if depth > MAX_DEPTH {
            return Err(self.at);
        }
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'[') => self.members(b']', depth, false),
            Some(b'{') => self.members(b'}', depth, true),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.at),
        }
    }

    fn members(&mut self, close: u8, depth: usize, named: bool) -> Read<()> {
        self.at += 1;
        if self.eat(close) {
            return Ok(());
        }
        loop {
            self.skip_space();
            if named {
                if self.peek() != Some(b'"') {
                    return Err(self.at);
                }
                self.string()?;
                if !self.eat(b':') {
                    return Err(self.at);
                }
            }
            self.value(depth + 1)?;
            if self.eat(close) {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.at);
            }
        }
    }

    fn literal(&mut self, word: &str) -> Read<()> {
        if self.text[self.at..self.end].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.at)
        }
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(start) }
    }

    fn number(&mut self) -> Read<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn string(&mut self) -> Read<JsonString> {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        let mut map = OffsetMap::contiguous(self.at);
        loop {
            let at = self.at;
            let ch = self.text[self.at..self.end].chars().next().ok_or(self.at)?;
            self.at += ch.len_utf8();
            match ch {
                '"' => return Ok(JsonString { range: start..self.at, value, map }),
                '\\' => {
                    let decoded = self.escape()?;
                    map.push(value.len(), at);
                    value.push(decoded);
                    map.push(value.len(), self.at);
                }
                ch if ch < ' ' => return Err(at),
                ch => value.push(ch),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let byte = self.peek().ok_or(self.at)?;
        let decoded = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                let high = self.hex4()?;
                return Ok(self.surrogates(high));
            }
            _ => return Err(self.at),
        };
        self.at += 1;
        Ok(decoded)
    }

    /// Half of a pair alone stands for the replacement character.
    fn surrogates(&mut self, high: u32) -> char {
        if (0xd800..0xdc00).contains(&high) && self.text[self.at..self.end].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            if let Ok(low) = self.hex4()
                && (0xdc00..0xe000).contains(&low)
            {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
            self.at = before;
        }
        char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..(self.at + 4).min(self.end)).ok_or(self.at)?;
        if digits.len() < 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.at);
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.at)
    }
}
