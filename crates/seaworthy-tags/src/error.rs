//! Why a rule is refused as a whole.

/// A line, an expression or a switch that cannot be used; nothing is evaluated then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line is no CSV record.
    #[error("`{line}`: {problem}")]
    Record {
        /// The line.
        line: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A rule, an image or a flavor line has a word in it that means nothing, or lacks one.
    #[error("`{line}`: {problem}")]
    Line {
        /// The line.
        line: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An expression in braces cannot be read or evaluated.
    #[error("`{expression}`: {problem}")]
    Expression {
        /// The whole expression.
        expression: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A regular expression cannot be read.
    #[error("`{pattern}` is no regular expression: {problem}")]
    Pattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A regular expression matched without its first group, which is the version.
    #[error("`{pattern}` has no group 1 that matches `{text}`")]
    NoGroup {
        /// The expression.
        pattern: String,
        /// What it was tried on.
        text: String,
    },
    /// The length of short commit ids is no number.
    #[error("the length `{text}` of short commit ids is no number")]
    ShortSha {
        /// What was given.
        text: String,
    },
}

impl Error {
    pub(crate) fn line(line: &str, problem: impl Into<String>) -> Self {
        Self::Line { line: line.to_owned(), problem: problem.into() }
    }

    pub(crate) fn expression(expression: &str, problem: impl Into<String>) -> Self {
        Self::Expression { expression: expression.to_owned(), problem: problem.into() }
    }
}
