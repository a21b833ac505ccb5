//! What hadolint's configuration asks for.

use crate::{SyntaxProblem, TextFile};

/// How grave hadolint's configuration makes a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HadolintLevel {
    /// `style`.
    Style,
    /// `info`.
    Info,
    /// `warning`.
    Warning,
    /// `error`.
    Error,
}

/// What the value of a label has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// Any text.
    Text,
    /// An absolute URL.
    Url,
    /// A moment as RFC 3339 writes it.
    Rfc3339,
    /// An SPDX licence identifier.
    Spdx,
    /// A git commit: 7 or 40 hexadecimal digits.
    Hash,
    /// A semantic version.
    Semver,
    /// An e-mail address.
    Email,
}

/// A `.hadolint.yaml` at the project's root: a configuration people have already, so it is honoured.
#[derive(Clone, Debug)]
pub struct HadolintFact {
    /// The file.
    pub file: TextFile,
    /// What does not read.
    pub problems: Vec<SyntaxProblem>,
    /// `ignored`: codes that are switched off.
    pub ignored: Vec<String>,
    /// `override`: codes and how grave they are.
    pub levels: Vec<(String, HadolintLevel)>,
    /// `trustedRegistries`.
    pub trusted_registries: Vec<String>,
    /// `label-schema`: labels an image has to have, and what their values are.
    pub label_schema: Vec<(String, LabelKind)>,
    /// `strict-labels`: labels outside of the schema are refused.
    pub strict_labels: bool,
    /// `disable-ignore-pragma`: comments silence nothing.
    pub pragmas_off: bool,
    /// `failure-threshold`: what is less grave never fails; `None` inside means nothing ever fails.
    pub threshold: Option<Option<HadolintLevel>>,
}
