//! The names of the output formats.

use seaworthy_finding::did_you_mean;
use std::fmt;
use std::str::FromStr;

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people at a terminal.
    Terminal,
    /// One line per finding.
    Concise,
    /// The stable JSON document.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// GitLab code quality.
    Gitlab,
    /// GitHub workflow commands.
    Github,
    /// Markdown for a step summary or a comment.
    Markdown,
    /// One self-contained page.
    Html,
}

impl Format {
    /// Every format in the order of the help text.
    pub const ALL: [Self; 10] = [
        Self::Terminal,
        Self::Concise,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Junit,
        Self::Gitlab,
        Self::Github,
        Self::Markdown,
        Self::Html,
    ];

    /// The word on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Gitlab => "gitlab",
            Self::Github => "github",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A word that names no format. `Display` suggests the nearest one or lists all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFormat {
    /// The word.
    pub word: String,
    /// What was probably meant.
    pub suggestion: Option<&'static str>,
}

impl fmt::Display for UnknownFormat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "unknown format `{}`", crate::escape(&self.word))?;
        match self.suggestion {
            Some(name) => write!(out, ": did you mean `{name}`?"),
            None => {
                let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
                write!(out, ": known are {}", names.join(", "))
            }
        }
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == word).ok_or_else(|| UnknownFormat {
            word: word.to_owned(),
            suggestion: did_you_mean(word, Self::ALL.iter().map(|format| format.name())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
    }

    #[test]
    fn a_mistyped_name_is_corrected_and_a_strange_one_gets_the_list() {
        assert_eq!(
            "sarfi".parse::<Format>().unwrap_err().to_string(),
            "unknown format `sarfi`: did you mean `sarif`?"
        );
        assert!("yodel".parse::<Format>().unwrap_err().to_string().contains("terminal, concise, json"));
    }
}
