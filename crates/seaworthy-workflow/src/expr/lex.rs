//! The words of an expression.

use super::ExprError;
use seaworthy_finding::Span;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Number(f64),
    Text(String),
    /// `.`, `,`, `(`, `)`, `[`, `]`, `*`, `!`, `&&`, `||`, `==`, `!=`, `<`, `<=`, `>`, `>=`
    Sign(&'static str),
}

const SIGNS: [&str; 16] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ".", ",", "*"];

/// Bytes up to the `}}` that closes an expression, past its texts in quotes.
pub fn extent(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    // A quote that is never closed hides the end; the first one is meant then.
    text.find("}}")
}

pub(super) fn lex(text: &str) -> Result<Vec<(Token, Span)>, ExprError> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        if byte.is_ascii_whitespace() {
            at += 1;
        } else if byte == b'\'' {
            let (value, end) = quoted(text, at)?;
            at = end;
            out.push((Token::Text(value), Span::new(start, at)));
        } else if byte.is_ascii_alphabetic() || byte == b'_' {
            while bytes
                .get(at)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            {
                at += 1;
            }
            out.push((Token::Word(text[start..at].to_owned()), Span::new(start, at)));
        } else if byte.is_ascii_digit()
            || (matches!(byte, b'-' | b'+' | b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            let (value, end) = number(text, at)?;
            at = end;
            out.push((Token::Number(value), Span::new(start, at)));
        } else if let Some(sign) = SIGNS.iter().find(|sign| text[at..].starts_with(**sign)) {
            at += sign.len();
            out.push((Token::Sign(sign), Span::new(start, at)));
        } else {
            let ch = text[at..].chars().next().unwrap_or_default();
            let span = Span::new(at, at + ch.len_utf8());
            let message = if ch == '"' {
                "texts in expressions stand in single quotes: `'…'`".to_owned()
            } else {
                format!("`{ch}` has no meaning in an expression")
            };
            return Err(ExprError { span, message });
        }
    }
    Ok(out)
}

fn quoted(text: &str, start: usize) -> Result<(String, usize), ExprError> {
    let mut value = String::new();
    let mut at = start + 1;
    loop {
        let Some(end) = text[at..].find('\'') else {
            let span = Span::new(start, text.len());
            return Err(ExprError { span, message: "a text is not closed by `'`".to_owned() });
        };
        value.push_str(&text[at..at + end]);
        at += end + 1;
        if !text[at..].starts_with('\'') {
            return Ok((value, at));
        }
        // A quote in a text is written twice.
        value.push('\'');
        at += 1;
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers are doubles in the language")]
fn number(text: &str, start: usize) -> Result<(f64, usize), ExprError> {
    let bytes = text.as_bytes();
    let mut at = start + usize::from(matches!(bytes[start], b'-' | b'+'));
    while bytes.get(at).is_some_and(|byte| {
        byte.is_ascii_alphanumeric()
            || *byte == b'.'
            || (matches!(byte, b'-' | b'+') && matches!(bytes[at - 1], b'e' | b'E'))
    }) {
        at += 1;
    }
    let word = &text[start..at];
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(|value| value as f64);
    let value = if let Some(digits) = word.strip_prefix("0x") {
        radix(digits, 16)
    } else if let Some(digits) = word.strip_prefix("0o") {
        radix(digits, 8)
    } else {
        word.parse::<f64>().ok()
    };
    let span = Span::new(start, at);
    value
        .map(|value| (value, at))
        .ok_or_else(|| ExprError { span, message: format!("`{word}` is no number") })
}
