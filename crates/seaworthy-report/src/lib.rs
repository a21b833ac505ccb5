//! Renders findings: terminal, JSON, SARIF, JUnit, Markdown, HTML and CI formats; SPDX documents.
//!
//! Every renderer is a pure function from a [`Report`] to text: no I/O, no clock, no printing, the same
//! bytes for the same input. Whatever comes out of an image, a log or a file name is escaped before it
//! reaches a reader, so that no name can move a cursor, forge a line or run a script.

mod concise;
pub mod cyclonedx;
mod diff;
mod format;
mod frame;
mod github;
mod gitlab;
mod html;
mod inventory;
mod json;
mod jsonl;
mod junit;
mod license;
mod markdown;
mod redact;
mod sarif;
pub mod scan;
pub mod score;
mod sentence;
pub mod spdx;
mod spoken;
mod structure;
pub mod terminal;
mod text;
mod view;

pub use diff::of_edits as unified_diff;
pub use format::{Format, UnknownFormat};
pub use sentence::verdict_sentence;
pub use text::{escape, escape_block};

use seaworthy_finding::Report;
use std::fmt;

/// Reads a file of the project for a code frame; nothing where it cannot be read.
pub type Sources<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The Markdown page of a rule; nothing where it has none.
pub type Pages<'a> = &'a dyn Fn(&str) -> Option<&'static str>;

/// How to render.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Whether the terminal formats use ANSI colours.
    pub color: bool,
    /// Width of the terminal in columns.
    pub width: usize,
    /// 0 shows what matters, 1 every check, 2 the findings that do not count too.
    pub verbose: u8,
    /// Whether the terminal understands OSC 8 hyperlinks.
    pub hyperlinks: bool,
    /// Texts of the project's files, for frames and diffs. [`render`] masks the values that findings about
    /// secrets mark.
    pub sources: Sources<'a>,
    /// Greatest number of findings the terminal details; the least severe are left out first.
    pub max_findings: Option<usize>,
    /// Path of the project's root inside its repository, empty where they are the same; CI formats need
    /// paths relative to the repository.
    pub repository_prefix: &'a str,
    /// The file findings without a place in a file are pinned to by formats that demand one.
    pub fallback_path: &'a str,
    /// Where rule pages are: a rule's name is appended. Nothing: no links.
    pub rule_url: Option<&'a str>,
    /// The pages of rules, for formats whose readers show help beside a finding.
    pub pages: Pages<'a>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            verbose: 0,
            hyperlinks: false,
            sources: &|_| None,
            max_findings: None,
            repository_prefix: "",
            fallback_path: "Dockerfile",
            rule_url: None,
            pages: &|_| None,
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("color", &self.color)
            .field("width", &self.width)
            .field("verbose", &self.verbose)
            .field("max_findings", &self.max_findings)
            .finish_non_exhaustive()
    }
}

/// A report could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A fact of the report has no JSON form.
    #[error("a fact of the report has no JSON form")]
    Json(#[from] serde_json::Error),
}

/// A text with `***` in place of whatever looks like a secret in it.
pub fn without_secrets(text: &str) -> String {
    let mut out = text.to_owned();
    for span in spoken::spans(text).into_iter().rev() {
        out.replace_range(span, "***");
    }
    out
}

/// Renders a report.
///
/// # Errors
/// A fact of the report has no JSON form.
pub fn render(report: &Report, format: Format, options: &Options<'_>) -> Result<String, RenderError> {
    // A report goes further than the files it quotes, so neither its findings nor its frames repeat a secret.
    let secrets = redact::secrets(report, options.sources);
    let masked = |path: &str| (options.sources)(path).map(|text| redact::source(&text, &secrets));
    let shows_source = matches!(format, Format::Terminal | Format::Markdown | Format::Html);
    let readable = Options { sources: &masked, ..*options };
    let copy = redact::findings(report, &secrets, shows_source);
    let options = if shows_source { &readable } else { options };
    let report = copy.as_ref().unwrap_or(report);
    Ok(match format {
        Format::Terminal => terminal::screen(report, options),
        Format::Concise => concise::render(report, options),
        Format::Json => json::render(report)?,
        Format::Jsonl => jsonl::render(report)?,
        Format::Sarif => sarif::render(report, options)?,
        Format::Junit => junit::render(report),
        Format::Gitlab => gitlab::render(report, options)?,
        Format::Github => github::render(report, options),
        Format::Markdown => markdown::render(report, options),
        Format::Html => html::render(report, options)?,
    })
}
