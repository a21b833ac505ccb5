//! What the user says: lists of lines.

use crate::Error;
use crate::csv::{self, Quotes};
use crate::js;

/// The action's inputs. Every list has one entry for a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Repositories.
    pub images: Vec<String>,
    /// Rules.
    pub tags: Vec<String>,
    /// What is common to the rules.
    pub flavor: Vec<String>,
    /// Labels, `key=value`, with expressions.
    pub labels: Vec<String>,
    /// Annotations, `key=value`, with expressions.
    pub annotations: Vec<String>,
}

/// Reads a text as a list: one entry from each line, without lines that begin with `#` and without empty ones; commas
/// stay, and quotes around a field go.
///
/// # Errors
/// When a quote is opened and not closed.
pub fn list(text: &str) -> Result<Vec<String>, Error> {
    let read = csv::records(js::trim(text), Quotes::Relaxed, Some('#'));
    let records = read.map_err(|problem| Error::Record { line: text.to_owned(), problem })?;
    let entries = records.into_iter().map(|record| record.join(","));
    Ok(entries.filter(|entry| !entry.is_empty()).map(|entry| js::trim(&entry).to_owned()).collect())
}
