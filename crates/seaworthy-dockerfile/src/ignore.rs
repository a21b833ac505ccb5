//! Ignore files (`.dockerignore`): reading and matching.
//!
//! A path is ignored when the last pattern that matches it or one of its parents has no `!`. The patterns are
//! those of moby/patternmatcher, which turns them into regular expressions; its odd corners are kept, because a
//! build context is cut by them.

use seaworthy_finding::Span;

use crate::pattern::{Matcher, clean, is_valid};

/// One line of an ignore file.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The cleaned pattern, with `!` in front when it includes again.
    pub text: String,
    /// True when the line includes again what earlier ones ignore.
    pub negated: bool,
    /// The line's text in the file without surrounding blanks.
    pub span: Span,
    /// How many `/`-separated parts the pattern has.
    parts: usize,
    matcher: Result<Matcher, PatternError>,
}

/// Why a pattern cannot be used; BuildKit refuses the whole ignore file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Brackets or escapes that do not close.
    #[error("the pattern {0:?} has an unclosed bracket or a lone backslash; escape it with a backslash")]
    Syntax(String),
    /// A set that holds nothing, such as `[z-a]`; BuildKit fails when it first compares a path with it.
    #[error("the pattern {0:?} has a set that cannot be compiled; write its range from low to high")]
    Set(String),
    /// `!` alone.
    #[error("'!' needs a pattern behind it")]
    LoneExclamation,
}

/// A read ignore file.
#[derive(Debug, Clone, Default)]
pub struct IgnoreFile {
    /// The patterns in order.
    pub patterns: Vec<Pattern>,
}

/// Which patterns matched a directory, for the paths below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentMatches(Vec<bool>);

/// Reads the text of an ignore file.
#[must_use]
pub fn read(text: &str) -> IgnoreFile {
    let mut patterns = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begin = start;
        start += line.len();
        let (body, begin) = match line.strip_prefix('\u{feff}') {
            Some(rest) if begin == 0 => (rest, begin + '\u{feff}'.len_utf8()),
            _ => (line, begin),
        };
        // A comment begins in the first column only.
        if body.starts_with('#') {
            continue;
        }
        let trimmed = body.trim();
        if trimmed.is_empty() {
            continue;
        }
        let at = begin + (body.len() - body.trim_start().len());
        let span = Span { start: at, end: at + trimmed.len() };
        let (negated, rest) = match trimmed.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, trimmed),
        };
        let mut cleaned = if rest.is_empty() { String::new() } else { clean(rest) };
        if cleaned.len() > 1 && cleaned.starts_with('/') {
            cleaned.remove(0);
        }
        patterns.push(pattern(&cleaned, negated, span));
    }
    IgnoreFile { patterns }
}

/// Builds one pattern from cleaned text without its `!`.
fn pattern(body: &str, negated: bool, span: Span) -> Pattern {
    let text = if negated { format!("!{body}") } else { body.to_owned() };
    let matcher = if negated && body.is_empty() {
        Err(PatternError::LoneExclamation)
    } else if !is_valid(body) {
        Err(PatternError::Syntax(text.clone()))
    } else {
        Matcher::new(body).ok_or_else(|| PatternError::Set(text.clone()))
    };
    Pattern { text, negated, span, parts: body.split('/').count(), matcher }
}

impl Pattern {
    fn matches(&self, path: &str) -> Result<bool, PatternError> {
        self.matcher.as_ref().map(|matcher| matcher.matches(path)).map_err(Clone::clone)
    }

    /// Why the pattern cannot be used.
    #[must_use]
    pub fn error(&self) -> Option<&PatternError> {
        self.matcher.as_ref().err()
    }
}

impl IgnoreFile {
    /// Patterns that come from elsewhere, such as `COPY --exclude`; spans are empty.
    #[must_use]
    pub fn from_patterns<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let none = Span { start: 0, end: 0 };
        let patterns = patterns
            .into_iter()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| {
                let cleaned = clean(text);
                match cleaned.strip_prefix('!') {
                    Some(rest) => pattern(rest, true, none),
                    None => pattern(&cleaned, false, none),
                }
            })
            .collect();
        Self { patterns }
    }

    /// Whether any line includes again.
    #[must_use]
    pub fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.negated)
    }

    /// The first pattern for which BuildKit refuses the file before it looks at any path.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn check(&self) -> Result<(), PatternError> {
        let refused = |error: &&PatternError| !matches!(error, PatternError::Set(_));
        self.patterns.iter().find_map(|pattern| pattern.error().filter(refused).cloned()).map_or(Ok(()), Err)
    }

    /// Whether a build context leaves a path out: `path` is relative and slash-separated. The answer is the one of
    /// a walk from the root, each level with its parent's result.
    ///
    /// # Errors
    /// A pattern cannot be used.
    pub fn matches(&self, path: &str) -> Result<bool, PatternError> {
        self.check()?;
        let path = clean(path);
        if path == "." {
            return Ok(false);
        }
        let mut parent: Option<ParentMatches> = None;
        for (end, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
            let (_, level) = self.matches_below(&path[..end], parent.as_ref())?;
            parent = Some(level);
        }
        self.matches_below(&path, parent.as_ref()).map(|(ignored, _)| ignored)
    }

    /// One step of a walk: the answer for `path`, and what to hand on to the paths below it. `parent` is what the
    /// directory above gave, `None` in the root.
    ///
    /// # Errors
    /// A pattern cannot be used.
    pub fn matches_below(
        &self,
        path: &str,
        parent: Option<&ParentMatches>,
    ) -> Result<(bool, ParentMatches), PatternError> {
        let mut ignored = false;
        let mut level = vec![false; self.patterns.len()];
        for (at, pattern) in self.patterns.iter().enumerate() {
            let inherited = parent.and_then(|parent| parent.0.get(at)).copied().unwrap_or(false);
            // A pattern that would not change the answer is not asked, and so not handed on either.
            if !inherited && pattern.negated != ignored {
                continue;
            }
            let matched = inherited
                || pattern.matches(path)?
                || parent.is_none() && parents(path).any(|dir| pattern.matches(dir) == Ok(true));
            level[at] = matched;
            if matched {
                ignored = !pattern.negated;
            }
        }
        Ok((ignored, ParentMatches(level)))
    }

    /// The answer from the path and all of its parents without a walk.
    ///
    /// # Errors
    /// A pattern cannot be used.
    pub fn matches_or_parent(&self, path: &str) -> Result<bool, PatternError> {
        self.judge(path, |pattern, path| parents(path).any(|dir| pattern.matches(dir) == Ok(true)))
    }

    /// The answer of the matcher's old entry, which looks at one parent only: the one with as many parts as the
    /// pattern. Tools that are not BuildKit still use it.
    ///
    /// # Errors
    /// A pattern cannot be used.
    pub fn matches_one_parent(&self, path: &str) -> Result<bool, PatternError> {
        self.judge(path, |pattern, path| {
            parents(path).nth(pattern.parts - 1).is_some_and(|dir| pattern.matches(dir) == Ok(true))
        })
    }

    fn judge(&self, path: &str, parent: impl Fn(&Pattern, &str) -> bool) -> Result<bool, PatternError> {
        self.check()?;
        let mut ignored = false;
        for pattern in self.patterns.iter().filter(|pattern| !pattern.text.is_empty()) {
            if pattern.negated == ignored && (pattern.matches(path)? || parent(pattern, path)) {
                ignored = !pattern.negated;
            }
        }
        Ok(ignored)
    }
}

/// The directories above a path, the topmost first.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}
