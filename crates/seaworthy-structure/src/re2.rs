//! Go's regular expressions in the syntax of the `regex` crate.
//!
//! Both are RE2's kind: no look-around, no back-references, time linear in the text. What differs is the spelling of rare
//! things (Go's `regexp/syntax` documentation): `\Q…\E`, octal escapes, escaped punctuation such as `\<`, a `{` that counts
//! nothing, `[` within a class, ASCII meaning of `\d`, `\s`, `\w` and `\b`. Each is written anew; the rest passes as it is.

use regex::{Regex, RegexBuilder};
use std::fmt::Write as _;

/// Largest count of a repetition, as in Go.
const MOST: u32 = 1000;

/// Compiles an expression as Go would.
///
/// # Errors
/// Why Go would refuse it, in words.
pub(crate) fn compile(source: &str) -> Result<Regex, String> {
    let translated =
        Translator { rest: source, out: String::with_capacity(source.len() + 8), repeated: 0 }.run()?;
    RegexBuilder::new(&translated).size_limit(32 << 20).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large when compiled".to_owned(),
        error => reason(&error.to_string()),
    })
}

/// The last line of the crate's own explanation, which says what is wrong.
fn reason(text: &str) -> String {
    let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(text).trim();
    let last = last.strip_prefix("error: ").unwrap_or(last);
    if last.contains("look-around") {
        "look-ahead and look-behind are not part of RE2".to_owned()
    } else {
        last.to_owned()
    }
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
    /// 1 behind a repetition, 2 behind a lazy one: Go lets no other repetition follow.
    repeated: u8,
}

impl Translator<'_> {
    fn run(mut self) -> Result<String, String> {
        while let Some(ch) = self.next() {
            let before = std::mem::take(&mut self.repeated);
            match ch {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '{' => self.count(before)?,
                '*' | '+' | '?' => self.repeat(ch, before)?,
                '(' if self.rest.starts_with('?') => self.group()?,
                // In Go these are themselves everywhere outside of an extended expression, which Go does not have.
                '#' | ' ' | '\n' | '\t' => self.literal(ch),
                ch => self.out.push(ch),
            }
        }
        Ok(self.out)
    }

    fn next(&mut self) -> Option<char> {
        let ch = self.rest.chars().next()?;
        self.rest = &self.rest[ch.len_utf8()..];
        Some(ch)
    }

    fn literal(&mut self, ch: char) {
        if ch.is_ascii_punctuation() && !matches!(ch, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(ch);
    }

    /// `(?`: names, flags, and what RE2 does not have.
    fn group(&mut self) -> Result<(), String> {
        for look in ["?=", "?!", "?<=", "?<!"] {
            if self.rest.starts_with(look) {
                return Err(format!("`({look}` is look-around, which is not part of RE2"));
            }
        }
        if self.rest.starts_with("?P<") || self.rest.starts_with("?<") {
            self.out.push('(');
            return Ok(());
        }
        let end = self.rest.find([':', ')']).ok_or("a group is not closed")?;
        let flags = &self.rest[1..end];
        if flags.is_empty() && self.rest[end..].starts_with(')') {
            return Err("missing argument to repetition operator: `?`".to_owned());
        }
        if let Some(unknown) = flags.chars().find(|flag| !"imsU-".contains(*flag)) {
            return Err(format!("`(?{unknown}` is not part of RE2"));
        }
        self.out.push('(');
        self.out.push_str(&self.rest[..end]);
        self.rest = &self.rest[end..];
        Ok(())
    }

    /// `*`, `+` and `?`.
    fn repeat(&mut self, ch: char, before: u8) -> Result<(), String> {
        self.repeated = match (before, ch) {
            (0, _) => 1,
            (1, '?') => 2,
            _ => return Err(format!("invalid nested repetition operator: `{ch}`")),
        };
        self.out.push(ch);
        Ok(())
    }

    /// `{`: a count where it is one, else itself.
    fn count(&mut self, before: u8) -> Result<(), String> {
        let counts = self.rest.find('}').and_then(|end| {
            let inner = &self.rest[..end];
            let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
            let number = |text: &str| {
                let canonical = text == "0" || !text.starts_with('0');
                (canonical && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty())
                    .then(|| text.parse::<u32>().unwrap_or(u32::MAX))
            };
            let least = number(least)?;
            let most = if most.is_empty() { least } else { number(most)? };
            Some((end, least, most))
        });
        let Some((end, least, most)) = counts else {
            self.out.push_str("\\{");
            return Ok(());
        };
        if least > MOST || most > MOST {
            return Err(format!("a repetition counts to {MOST} at most"));
        }
        if before > 0 {
            return Err("invalid nested repetition operator: `{`".to_owned());
        }
        self.repeated = 1;
        self.out.push('{');
        self.out.push_str(&self.rest[..=end]);
        self.rest = &self.rest[end + 1..];
        Ok(())
    }

    /// What follows a backslash.
    fn escape(&mut self, class: bool) -> Result<(), String> {
        let Some(ch) = self.next() else { return Err("trailing backslash at the end".to_owned()) };
        match ch {
            'Q' if !class => {
                let (text, after) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                for ch in text.chars() {
                    self.literal(ch);
                }
                self.rest = after;
            }
            'E' if !class => {}
            'd' => self.set(class, "0-9", false),
            'D' => self.set(class, "0-9", true),
            's' => self.set(class, "\\t\\n\\x0C\\r ", false),
            'S' => self.set(class, "\\t\\n\\x0C\\r ", true),
            'w' => self.set(class, "0-9A-Za-z_", false),
            'W' => self.set(class, "0-9A-Za-z_", true),
            'b' if !class => self.out.push_str("(?-u:\\b)"),
            'B' if !class => self.out.push_str("(?-u:\\B)"),
            'A' if !class => self.out.push_str("\\A"),
            'z' if !class => self.out.push_str("\\z"),
            'a' => self.out.push_str("\\x07"),
            'f' => self.out.push_str("\\x0C"),
            't' | 'n' | 'r' | 'v' => {
                self.out.push('\\');
                self.out.push(ch);
            }
            'x' | 'p' | 'P' => {
                self.out.push('\\');
                self.out.push(ch);
            }
            '1'..='7' if !self.rest.starts_with(|ch: char| ('0'..='7').contains(&ch)) => {
                return Err(format!("`\\{ch}` is a back-reference, which is not part of RE2"));
            }
            '0'..='7' => {
                let more = self.rest.chars().take(2).take_while(|ch| ('0'..='7').contains(ch)).count();
                let (digits, after) = self.rest.split_at(more);
                let value = digits
                    .bytes()
                    .fold(u32::from(ch) - u32::from('0'), |value, digit| value * 8 + u32::from(digit - b'0'));
                self.rest = after;
                // Writing to a string cannot fail.
                let _ = write!(self.out, "\\x{{{value:x}}}");
            }
            ch if ch.is_ascii_punctuation() => self.literal(ch),
            ch => return Err(format!("invalid escape sequence: `\\{ch}`")),
        }
        Ok(())
    }

    /// One of Perl's classes with its ASCII meaning.
    fn set(&mut self, class: bool, members: &str, negated: bool) {
        // Within a class a class of its own may stand, which `regex` joins to it.
        let (open, close) = match (class, negated) {
            (true, false) => ("", ""),
            (_, true) => ("[^", "]"),
            (false, false) => ("[", "]"),
        };
        for part in [open, members, close] {
            self.out.push_str(part);
        }
    }

    /// `[…]`.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if let Some(after) = self.rest.strip_prefix('^') {
            self.rest = after;
            self.out.push('^');
        }
        let mut first = true;
        loop {
            if let Some(end) = self.rest.strip_prefix("[:").and_then(|rest| rest.find(":]")) {
                let name = &self.rest[..end + 4];
                self.out.push_str(name);
                self.rest = &self.rest[end + 4..];
                first = false;
                continue;
            }
            let Some(ch) = self.next() else { return Err("missing closing `]`".to_owned()) };
            match ch {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '-' => {
                    // A dash at either end is itself; `regex` reads `--` otherwise.
                    let edge = first || self.rest.starts_with(']');
                    self.out.push_str(if edge { "\\-" } else { "-" });
                }
                '[' | ']' | '&' | '~' | '^' | '#' => {
                    self.out.push('\\');
                    self.out.push(ch);
                }
                ch => self.out.push(ch),
            }
            first = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn what_go_spells_otherwise_means_the_same() {
        for (pattern, text, matches) in [
            ("^a{,2}$", "a{,2}", true),
            ("x{", "x{", true),
            ("a{2}", "aa", true),
            (r"\Qa.b\E", "axb", false),
            (r"\Qa.b\E", "a.b", true),
            (r"\<b\>", "<b>", true),
            (r"\101\x42", "AB", true),
            (r"[[a]", "[", true),
            (r"^[a&&b]+$", "a&b", true),
            (r"^\d$", "\u{663}", false),
            (r"^[\d]$", "5", true),
            (r"^[^\d]$", "x", true),
            (r"^[\D]$", "5", false),
            (r"\bé", "aé", true),
            (r"a.b", "a\nb", false),
            (r"(?s)a.b", "a\nb", true),
            (r"^b$", "a\nb", false),
            (r"(?m)^b$", "a\nb", true),
            (r"[[:alpha:]_-]+$", "ab_-", true),
            (r"^[a-]$", "-", true),
            (r"a b#c", "a b#c", true),
            (r"(?P<n>x)(?<m>y)(?i:Z)", "xyz", true),
            (r"^([^<>]+? <[^@>]+@[^>]+>(, )?)+$", "N <a@b>", true),
            (r"\.(?:-(x))?\$", ".$", true),
            (r"\_\-\/", "_-/", true),
            ("DPkg::Pre-Install-Pkgs \"\";", "DPkg::Pre-Install-Pkgs \"\";", true),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "(?!x)hi", "(?<=a)b", r"(a)\1", "a{1001}", "(", "a**", "*a", "[", r"\", r"\y", "[b-a]", "(?x)a",
            r"\Z", "(?#c)",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        assert!(compile("(?!x)hi").is_err_and(|error| error.contains("look-around")));
    }
}
