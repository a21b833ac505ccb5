//! One line of rules: `type=semver,pattern={{version}},enable=…`.

use crate::Error;
use crate::csv;
use crate::js;
use std::collections::BTreeMap;

/// What a rule makes its tag of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scheduled run.
    Schedule,
    /// A semantic version.
    Semver,
    /// A version of Python's.
    Pep440,
    /// A part of the git tag.
    Match,
    /// The newest state of a branch.
    Edge,
    /// The name of the branch, tag or pull request.
    Ref,
    /// A text.
    Raw,
    /// The commit.
    Sha,
}

impl Kind {
    const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Schedule, "schedule", "1000"),
        (Self::Semver, "semver", "900"),
        (Self::Pep440, "pep440", "900"),
        (Self::Match, "match", "800"),
        (Self::Edge, "edge", "700"),
        (Self::Ref, "ref", "600"),
        (Self::Raw, "raw", "200"),
        (Self::Sha, "sha", "100"),
    ];

    fn row(self) -> (&'static str, &'static str) {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or(("raw", "200"), |row| (row.1, row.2))
    }

    /// The word after `type=`.
    pub fn word(self) -> &'static str {
        self.row().0
    }
}

/// A rule with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it makes a tag of.
    pub kind: Kind,
    /// Its attributes by name, in lower case.
    pub attributes: BTreeMap<String, String>,
    /// The line as written.
    pub line: String,
}

/// The rules of an empty list.
const DEFAULTS: [&str; 4] =
    ["type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr"];

/// Reads rules, one from each line, and sorts them by falling priority; without a line, those for schedules and for the
/// names of branches, tags and pull requests.
///
/// # Errors
/// When a line cannot be read.
pub fn rules<S: AsRef<str>>(lines: &[S]) -> Result<Vec<Rule>, Error> {
    let mut rules: Vec<Rule> = if lines.is_empty() {
        DEFAULTS.iter().map(|line| line.parse()).collect::<Result<_, _>>()?
    } else {
        lines.iter().map(|line| line.as_ref().parse()).collect::<Result<_, _>>()?
    };
    js::sort(&mut rules, |left, right| js::number(left.get("priority")) > js::number(right.get("priority")));
    Ok(rules)
}

impl Rule {
    /// An attribute; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    fn fill(&mut self, name: &str, value: &str) {
        self.attributes.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }

    /// Refuses a rule without an attribute, or with another value than those allowed.
    fn require(&self, name: &str, allowed: &[&str]) -> Result<(), Error> {
        let Some(value) = self.attributes.get(name) else {
            return Err(Error::line(&self.line, format!("`type={}` needs `{name}=`", self.kind.word())));
        };
        if allowed.is_empty() || allowed.contains(&value.as_str()) {
            return Ok(());
        }
        let allowed = allowed.join("`, `");
        Err(Error::line(&self.line, format!("`{name}={value}` is none of `{allowed}`")))
    }

    fn complete(&mut self) -> Result<(), Error> {
        match self.kind {
            Kind::Schedule => self.fill("pattern", "nightly"),
            Kind::Semver | Kind::Pep440 => {
                self.require("pattern", &[])?;
                self.fill("value", "");
                self.fill("match", "");
            }
            Kind::Match => {
                self.require("pattern", &[])?;
                self.fill("group", "0");
                if js::number(self.get("group")).is_nan() {
                    return Err(Error::line(
                        &self.line,
                        format!("`group={}` is no number", self.get("group")),
                    ));
                }
                self.fill("value", "");
            }
            Kind::Edge => self.fill("branch", ""),
            Kind::Ref => {
                self.require("event", &["branch", "tag", "pr"])?;
                if self.get("event") == "pr" {
                    self.fill("prefix", "pr-");
                }
            }
            Kind::Raw => self.require("value", &[])?,
            Kind::Sha => {
                self.fill("prefix", "sha-");
                self.fill("format", "short");
                self.require("format", &["short", "long"])?;
            }
        }
        self.fill("enable", "true");
        self.fill("priority", self.kind.row().1);
        Ok(())
    }
}

impl std::str::FromStr for Rule {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self, Error> {
        let mut kind = None;
        let mut attributes = BTreeMap::new();
        for field in csv::fields(line)? {
            // The first `=` divides, unless nothing stands before it.
            match field.split_once('=').filter(|(key, _)| !key.is_empty()) {
                None => {
                    attributes.insert("value".to_owned(), js::trim(&field).to_owned());
                }
                Some((key, value)) => {
                    let (key, value) = (js::trim(key).to_lowercase(), js::trim(value));
                    if key == "type" {
                        let known = Kind::ALL.iter().find(|(_, word, _)| *word == value);
                        let Some((known, ..)) = known else {
                            let words = Kind::ALL.map(|(_, word, _)| word).join("`, `");
                            return Err(Error::line(line, format!("`type={value}` is none of `{words}`")));
                        };
                        kind = Some(*known);
                    } else {
                        attributes.insert(key, value.to_owned());
                    }
                }
            }
        }
        let mut rule = Self { kind: kind.unwrap_or(Kind::Raw), attributes, line: line.to_owned() };
        rule.complete()?;
        Ok(rule)
    }
}
