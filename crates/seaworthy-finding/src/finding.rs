//! The finding: what is wrong, where, why it matters, what to do, and how it is known.

use crate::{Fix, Span};
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; never fails anything.
    Info,
    /// Style or small cost.
    Low,
    /// Should be changed.
    Medium,
    /// Must be changed before production.
    High,
    /// Leaks, breaks or cannot run.
    Critical,
}

impl Severity {
    /// The word used in every renderer.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// A hint to look.
    Low,
    /// Probably right.
    Medium,
    /// Observed or certain from the text.
    High,
}

/// Who wants to see a rule's findings (after zizmor's personas).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persona {
    /// High signal; the default.
    Regular,
    /// Smells too.
    Pedantic,
    /// Everything, false positives expected.
    Auditor,
}

/// Where a finding stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Location {
    /// Bytes of a file of the repository. Lines and columns are 1-based, columns count characters.
    File {
        /// Path relative to the project's root.
        path: String,
        /// Byte offsets.
        span: Span,
        /// First line.
        line: usize,
        /// First column.
        column: usize,
        /// Last line.
        end_line: usize,
        /// Column one past the last character.
        end_column: usize,
    },
    /// A path in a layer, or the layer itself when `path` is empty.
    Layer {
        /// The layer's digest.
        layer: String,
        /// The path in the image.
        path: String,
    },
    /// A field of the image's configuration, such as `config.User`.
    Config {
        /// The field.
        field: String,
    },
    /// Something observed in a run, such as `stop`.
    Observation {
        /// The behaviour.
        name: String,
    },
    /// A reference in a registry or a layout.
    Registry {
        /// The reference.
        reference: String,
    },
    /// The project as a whole.
    Project,
}

/// What kind of proof an evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A command anyone can run to see the same.
    Command,
    /// What was observed.
    Observation,
    /// Lines of a log or a file, with secrets redacted.
    Excerpt,
}

/// One piece of proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of proof it is.
    pub kind: EvidenceKind,
    /// The proof itself.
    pub text: String,
}

/// Whether a finding counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingStatus {
    /// It counts.
    #[default]
    Open,
    /// A comment in the file silences it.
    Suppressed,
    /// A waiver of the policy accepts it.
    Waived,
    /// The chosen persona or minimum severity hides it.
    Hidden,
    /// It was there before: the baseline lists it.
    Baselined,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: String,
    /// The rule's summary.
    pub title: String,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure the rule is here.
    pub confidence: Confidence,
    /// Whether it counts.
    #[serde(default)]
    pub status: FindingStatus,
    /// What is wrong, with the names and numbers of this case.
    pub message: String,
    /// Why it matters; one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do; one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Where it is.
    pub location: Location,
    /// How it is known.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// An exact change, where one is known.
    pub fix: Option<Fix>,
    /// Names of the same check in other tools.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Why a suppressed or waived finding does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Finding {
    /// A stable identity that survives moved lines: rule, place and message without numbers.
    pub fn identity(&self) -> String {
        let place = match &self.location {
            Location::File { path, .. } => path.clone(),
            Location::Layer { path, .. } => path.clone(),
            Location::Config { field } => field.clone(),
            Location::Observation { name } => name.clone(),
            Location::Registry { reference } => reference.clone(),
            Location::Project => String::new(),
        };
        let words: String = self.message.chars().filter(|c| !c.is_ascii_digit()).collect();
        format!("{}\u{1f}{place}\u{1f}{words}", self.rule)
    }
}
