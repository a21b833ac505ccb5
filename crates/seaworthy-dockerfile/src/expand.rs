//! Variable expansion and quote removal exactly as BuildKit does both.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::glob;

/// Why a word cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A quote without its partner.
    #[error("the {0} quote has no partner; close it, or escape it to mean the character")]
    UnmatchedQuote(&'static str),
    /// `${name` without `}`.
    #[error("a substitution lacks its closing '}}'; write ${{name}}")]
    MissingBrace,
    /// `${name/pattern` without a second `/`.
    #[error("a replacement lacks its second '/'; write ${{name/pattern/replacement}}")]
    MissingSlash,
    /// `${}`, `${{` or `${:`.
    #[error("a substitution has no name; write ${{name}}")]
    BadSubstitution,
    /// An operator the language does not have.
    #[error("the operator {0:?} does not exist here; use one of :- - :+ + :? ? # ## % %% / //")]
    UnsupportedModifier(String),
    /// A pattern with an escape it cannot have.
    #[error("the pattern {0:?} has an escape that means nothing; only * ? \\ }} and / can be escaped")]
    InvalidPattern(String),
    /// `${name?message}` of a variable without a value.
    #[error("{name}: {message}")]
    Required {
        /// The variable.
        name: String,
        /// The text behind `?`, or a general one.
        message: String,
    },
    /// More substitutions inside each other than anyone writes.
    #[error("substitutions are nested too deeply; use an ARG for a part")]
    TooDeep,
}

/// How quotes, escapes and unset variables are treated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four switches that are set independently of each other")]
pub struct Mode {
    /// Keep quotes.
    pub raw_quotes: bool,
    /// Keep escape characters.
    pub raw_escapes: bool,
    /// Leave references to unset variables as they are.
    pub skip_unset: bool,
    /// Quotes are plain characters, as in heredoc bodies.
    pub skip_quotes: bool,
}

impl Mode {
    /// Arguments of instructions.
    pub const WORD: Self =
        Self { raw_quotes: false, raw_escapes: false, skip_unset: false, skip_quotes: false };
    /// Bodies of heredocs of COPY and ADD.
    pub const HEREDOC: Self =
        Self { raw_quotes: false, raw_escapes: false, skip_unset: false, skip_quotes: true };
}

/// An expanded word with the variables it asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The word as one text.
    pub text: String,
    /// The same split at white space that was neither quoted nor escaped.
    pub words: Vec<String>,
    /// Names that had a value, the empty one included.
    pub matched: BTreeSet<String>,
    /// Names that had none.
    pub unmatched: BTreeSet<String>,
}

/// Expands `word` to one text.
///
/// # Errors
/// See [`ExpandError`].
pub fn expand(
    word: &str,
    env: &dyn Fn(&str) -> Option<String>,
    escape: char,
    mode: Mode,
) -> Result<String, ExpandError> {
    if is_plain(word, escape) {
        return Ok(word.to_owned());
    }
    expand_full(word, env, escape, mode).map(|expansion| expansion.text)
}

/// Expands `word` and splits the outcome into words, as BuildKit does for EXPOSE.
///
/// # Errors
/// See [`ExpandError`].
pub fn expand_list(
    word: &str,
    env: &dyn Fn(&str) -> Option<String>,
    escape: char,
    mode: Mode,
) -> Result<Vec<String>, ExpandError> {
    expand_full(word, env, escape, mode).map(|expansion| expansion.words)
}

/// Expands `word` and says which variables were asked for.
///
/// # Errors
/// See [`ExpandError`].
pub fn expand_full(
    word: &str,
    env: &dyn Fn(&str) -> Option<String>,
    escape: char,
    mode: Mode,
) -> Result<Expansion, ExpandError> {
    if is_plain(word, escape) {
        let words = word.split_whitespace().map(str::to_owned).collect();
        return Ok(Expansion { text: word.to_owned(), words, ..Expansion::default() });
    }
    let mut lexer = Lexer::new(word, env, escape, mode);
    let out = lexer.until(None, mode.raw_escapes, 0)?;
    Ok(Expansion {
        text: out.text,
        words: out.words.into_iter().map(|(word, _)| word).collect(),
        matched: lexer.matched,
        unmatched: lexer.unmatched,
    })
}

/// Whether a word means itself whatever the mode: nothing in it is expanded, quoted or escaped.
pub(crate) fn is_plain(word: &str, escape: char) -> bool {
    !word.bytes().any(|byte| matches!(byte, b'$' | b'<' | b'\'' | b'"') || char::from(byte) == escape)
}

/// The words of a text with quotes and escapes kept, each with its range; `None` when the text cannot be read.
pub(crate) fn raw_words(text: &str, escape: char) -> Option<Vec<(String, Range<usize>)>> {
    let mode = Mode { raw_quotes: true, raw_escapes: true, skip_unset: true, skip_quotes: false };
    Lexer::new(text, &|_| None, escape, mode).until(None, true, 0).ok().map(|out| out.words)
}

/// Deeper nesting of `${…}` is refused so that no input exhausts the stack.
const MAX_DEPTH: usize = 64;

/// Bytes a word takes from variables: a value that would make it more has none, so that lines such as `ENV A=$A$A` do
/// not double a text until the memory is full.
const MOST: usize = 64 * 1024;

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    env: &'a dyn Fn(&str) -> Option<String>,
    escape: char,
    mode: Mode,
    matched: BTreeSet<String>,
    unmatched: BTreeSet<String>,
    /// How many texts inside of `${…}` were read.
    nested: usize,
    /// Bytes that variables may still bring.
    left: usize,
}

/// What was read so far: one text, and the same cut into words.
#[derive(Default)]
struct Out {
    text: String,
    words: Vec<(String, Range<usize>)>,
    word: String,
    start: Option<usize>,
    end: usize,
}

impl Out {
    /// Text whose white space separates words.
    fn plain(&mut self, text: &str, range: &Range<usize>) {
        for ch in text.chars() {
            if ch.is_whitespace() { self.finish() } else { self.raw(ch, range) }
        }
    }

    /// A character that belongs to the current word whatever it is.
    fn raw(&mut self, ch: char, range: &Range<usize>) {
        self.begin(range);
        self.word.push(ch);
    }

    fn begin(&mut self, range: &Range<usize>) {
        self.start.get_or_insert(range.start);
        self.end = range.end;
    }

    /// BuildKit loses what it has of a word when a substitution with an operator follows in it. Only EXPOSE
    /// and the search for heredocs look at words.
    fn forget_if(&mut self, nested: bool) {
        if nested {
            self.word.clear();
            self.start = None;
        }
    }

    fn finish(&mut self) {
        if let Some(start) = self.start
            && !self.word.is_empty()
        {
            self.words.push((std::mem::take(&mut self.word), start..self.end));
            self.start = None;
        }
    }
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, env: &'a dyn Fn(&str) -> Option<String>, escape: char, mode: Mode) -> Self {
        Self {
            text,
            at: 0,
            env,
            escape,
            mode,
            matched: BTreeSet::new(),
            unmatched: BTreeSet::new(),
            nested: 0,
            left: MOST,
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let ch = self.peek()?;
        self.at += ch.len_utf8();
        Some(ch)
    }

    /// Reads up to `stop`, which is taken but not part of the outcome; `None` means the end of the text.
    fn until(&mut self, stop: Option<char>, raw_escapes: bool, depth: usize) -> Result<Out, ExpandError> {
        if depth > MAX_DEPTH {
            return Err(ExpandError::TooDeep);
        }
        self.nested += usize::from(stop.is_some());
        let outer = std::mem::replace(&mut self.mode.raw_escapes, raw_escapes);
        let out = self.read_until(stop, depth);
        self.mode.raw_escapes = outer;
        out
    }

    fn read_until(&mut self, stop: Option<char>, depth: usize) -> Result<Out, ExpandError> {
        let mut out = Out::default();
        while let Some(ch) = self.peek() {
            let start = self.at;
            let nested = self.nested;
            if Some(ch) == stop {
                self.next();
                out.finish();
                return Ok(out);
            }
            if ch == '$' {
                let value = self.dollar(depth)?;
                out.text.push_str(&value);
                out.forget_if(self.nested != nested);
                out.plain(&value, &(start..self.at));
            } else if ch == '<' {
                let text = self.angle();
                out.text.push_str(text);
                out.begin(&(start..self.at));
                out.word.push_str(text);
            } else if matches!(ch, '\'' | '"') && !self.mode.skip_quotes {
                let value = if ch == '"' { self.double(depth)? } else { self.single()? };
                out.text.push_str(&value);
                out.forget_if(self.nested != nested);
                out.begin(&(start..self.at));
                out.word.push_str(&value);
            } else {
                self.next();
                if ch != self.escape {
                    out.text.push(ch);
                    out.plain(ch.encode_utf8(&mut [0; 4]), &(start..self.at));
                    continue;
                }
                if self.mode.raw_escapes {
                    out.text.push(ch);
                    out.raw(ch, &(start..self.at));
                }
                // An escape at the very end stands for nothing.
                let Some(escaped) = self.next() else { break };
                out.text.push(escaped);
                out.raw(escaped, &(start..self.at));
            }
        }
        if stop.is_some() {
            // The caller knows which sign is missing.
            return Err(ExpandError::MissingBrace);
        }
        out.finish();
        Ok(out)
    }

    /// `<`, or `<<` with the blanks behind it, which belong to the word so that `<< EOF` is one.
    fn angle(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let length = match rest.strip_prefix("<<") {
            Some(tail) => 2 + tail.len() - tail.trim_start_matches([' ', '\t', '\r']).len(),
            None => 1,
        };
        self.at += length;
        &rest[..length]
    }

    fn single(&mut self) -> Result<String, ExpandError> {
        let mut value = String::new();
        let keep = self.mode.raw_quotes;
        value.extend(self.next().filter(|_| keep));
        loop {
            match self.next() {
                None => return Err(ExpandError::UnmatchedQuote("single")),
                Some('\'') => {
                    value.extend(keep.then_some('\''));
                    return Ok(value);
                }
                Some(ch) => value.push(ch),
            }
        }
    }

    fn double(&mut self, depth: usize) -> Result<String, ExpandError> {
        let mut value = String::new();
        let keep = self.mode.raw_quotes;
        value.extend(self.next().filter(|_| keep));
        loop {
            match self.peek() {
                None => return Err(ExpandError::UnmatchedQuote("double")),
                Some('"') => {
                    self.next();
                    value.extend(keep.then_some('"'));
                    return Ok(value);
                }
                Some('$') => value.push_str(&self.dollar(depth)?),
                Some(ch) => {
                    self.next();
                    if ch != self.escape {
                        value.push(ch);
                        continue;
                    }
                    if self.mode.raw_escapes {
                        value.push(ch);
                    }
                    match self.peek() {
                        None => {}
                        // Only these can be escaped here; any other escape character stands for itself.
                        Some(next) if next == '"' || next == '$' || next == self.escape => {
                            self.next();
                            value.push(next);
                        }
                        Some(_) => value.push(ch),
                    }
                }
            }
        }
    }

    fn lookup(&mut self, name: &str) -> Option<String> {
        let value = (self.env)(name).filter(|value| value.len() <= self.left);
        self.left -= value.as_ref().map_or(0, String::len);
        let set = if value.is_some() { &mut self.matched } else { &mut self.unmatched };
        set.insert(name.to_owned());
        value
    }

    fn dollar(&mut self, depth: usize) -> Result<String, ExpandError> {
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.lookup(&name) {
                None if self.mode.skip_unset => format!("${name}"),
                value => value.unwrap_or_default(),
            });
        }
        self.next();
        match self.peek() {
            None => return Err(ExpandError::MissingBrace),
            Some('{' | '}' | ':') => return Err(ExpandError::BadSubstitution),
            Some(_) => {}
        }
        let name = self.name();
        let Some(operator) = self.next() else {
            return Err(ExpandError::MissingBrace);
        };
        match operator {
            '}' => Ok(match self.lookup(&name) {
                None if self.mode.skip_unset => format!("${{{name}}}"),
                value => value.unwrap_or_default(),
            }),
            ':' => {
                let sign = self.next();
                let operator: String = [':'].into_iter().chain(sign).collect();
                self.default_or_strip(&name, sign, &operator, true, depth)
            }
            '+' | '-' | '?' | '#' | '%' => {
                self.default_or_strip(&name, Some(operator), &operator.to_string(), false, depth)
            }
            // Many short matches may be replaced by one long text each.
            '/' => {
                Ok(Some(self.replace(&name, depth)?).filter(|text| text.len() <= MOST).unwrap_or_default())
            }
            other => Err(ExpandError::UnsupportedModifier(other.to_string())),
        }
    }

    fn default_or_strip(
        &mut self,
        name: &str,
        sign: Option<char>,
        operator: &str,
        colon: bool,
        depth: usize,
    ) -> Result<String, ExpandError> {
        let strips = matches!(sign, Some('#' | '%'));
        let word = self.until(Some('}'), strips, depth + 1)?.text;
        let value = self.lookup(name);
        if value.is_none() && self.mode.skip_unset {
            return Ok(format!("${{{name}{operator}{word}}}"));
        }
        let usable = value.clone().filter(|value| !(colon && value.is_empty()));
        match sign {
            Some('-') => Ok(usable.unwrap_or(word)),
            Some('+') => Ok(if usable.is_some() { word } else { String::new() }),
            Some('?') => usable.ok_or_else(|| ExpandError::Required {
                name: name.to_owned(),
                message: if !word.is_empty() {
                    word
                } else if value.is_none() {
                    "is not allowed to be unset".to_owned()
                } else {
                    "is not allowed to be empty".to_owned()
                },
            }),
            Some(sign @ ('#' | '%')) if !colon => {
                let (pattern, greedy) = match word.strip_prefix(sign) {
                    Some(rest) => (rest, true),
                    None => (word.as_str(), false),
                };
                let value = value.unwrap_or_default();
                let pattern = glob::Pattern::new(pattern)?;
                Ok(if sign == '#' {
                    pattern.strip_prefix(&value, greedy)
                } else {
                    pattern.strip_suffix(&value, greedy)
                })
            }
            _ => Err(ExpandError::UnsupportedModifier(operator.to_owned())),
        }
    }

    fn replace(&mut self, name: &str, depth: usize) -> Result<String, ExpandError> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.until(Some('/'), true, depth + 1).map_err(|error| {
            if error == ExpandError::MissingBrace { ExpandError::MissingSlash } else { error }
        })?;
        let replacement = self.until(Some('}'), true, depth + 1)?.text;
        let value = self.lookup(name);
        if value.is_none() && self.mode.skip_unset {
            let slashes = if all { "//" } else { "/" };
            return Ok(format!("${{{name}{slashes}{}/{replacement}}}", pattern.text));
        }
        let pattern = glob::Pattern::new(&pattern.text)?;
        Ok(pattern.replace(&value.unwrap_or_default(), &replacement, all))
    }

    /// A name: letters, digits and `_`; digits alone when it begins with one; or one special character.
    fn name(&mut self) -> String {
        let length = name_length(&self.text[self.at..]);
        let name = self.text[self.at..self.at + length].to_owned();
        self.at += length;
        name
    }
}

/// The length in bytes of the variable name a text begins with, 0 when it begins with none.
pub(crate) fn name_length(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    if matches!(first, '@' | '*' | '#' | '?' | '-' | '$' | '!') {
        return 1;
    }
    let digits = first.is_ascii_digit();
    let fits = |ch: char| ch.is_ascii_digit() || !digits && (ch.is_alphabetic() || ch == '_');
    text.find(|ch: char| !fits(ch)).unwrap_or(text.len())
}
