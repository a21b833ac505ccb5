//! Flavor lines: what is common to every rule.

use crate::csv;
use crate::{Error, js};

/// When `latest` is published too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Latest {
    /// As the first rule that makes a tag would have it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Prefix and suffix of every tag, and `latest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flavor {
    /// When `latest` is published too.
    pub latest: Latest,
    /// Stands before every tag; may hold expressions.
    pub prefix: String,
    /// Whether `latest` has the prefix too.
    pub prefix_latest: bool,
    /// Stands behind every tag; may hold expressions.
    pub suffix: String,
    /// Whether `latest` has the suffix too.
    pub suffix_latest: bool,
}

impl Flavor {
    /// Reads flavor lines; a later one wins.
    ///
    /// # Errors
    /// When a line has a word that means nothing.
    pub fn read<S: AsRef<str>>(lines: &[S]) -> Result<Self, Error> {
        let mut flavor = Self::default();
        for line in lines {
            let line = line.as_ref();
            // What `onlatest` is about.
            let mut about = None;
            for field in csv::fields(line)? {
                let mut parts = field.split('=').map(js::trim);
                let (key, Some(value)) = (parts.next().unwrap_or_default().to_lowercase(), parts.next())
                else {
                    return Err(Error::line(line, format!("`{field}` has no value")));
                };
                match (key.as_str(), value) {
                    ("latest", "auto") => flavor.latest = Latest::Auto,
                    ("latest", "true") => flavor.latest = Latest::Always,
                    ("latest", "false") => flavor.latest = Latest::Never,
                    ("prefix", _) => {
                        value.clone_into(&mut flavor.prefix);
                        about = Some(true);
                    }
                    ("suffix", _) => {
                        value.clone_into(&mut flavor.suffix);
                        about = Some(false);
                    }
                    ("onlatest", "true" | "false") => match about {
                        Some(true) => flavor.prefix_latest = value == "true",
                        Some(false) => flavor.suffix_latest = value == "true",
                        None => {}
                    },
                    ("latest" | "onlatest", _) => {
                        return Err(Error::line(line, format!("`{value}` is no value of `{key}`")));
                    }
                    _ => return Err(Error::line(line, format!("a flavor has no `{key}`"))),
                }
            }
        }
        Ok(flavor)
    }

    /// Whether `latest` is published, given what the rule says.
    pub(crate) fn latest(&self, auto: bool) -> bool {
        match self.latest {
            Latest::Auto => auto,
            Latest::Always => true,
            Latest::Never => false,
        }
    }
}
