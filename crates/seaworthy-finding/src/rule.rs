//! What is known of a rule before it runs.

use crate::{Applicability, Confidence, Level, Persona, Severity};
use serde::{Deserialize, Serialize};

/// What a rule looks at; also the folder its file lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// The Dockerfile.
    Dockerfile,
    /// The ignore file and the build context.
    Ignore,
    /// Compose files.
    Compose,
    /// CI workflows.
    Workflow,
    /// README and checklists.
    Document,
    /// Two kinds of facts compared: a claim and what is true.
    Claim,
    /// The image's bytes and configuration.
    Image,
    /// What the booted container did.
    Run,
    /// What container-structure-test files ask of the image.
    Structure,
    /// What was published.
    Release,
    /// What is known to be wrong with its packages.
    Scan,
    /// The policy file itself.
    Policy,
}

/// Where a rule counts in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Privileges, secrets, attack surface.
    Security,
    /// How the booted service lives and dies.
    Runtime,
    /// Pins, signatures, provenance, labels.
    SupplyChain,
    /// Bytes and rebuild time.
    Size,
    /// Whether what is written is true.
    Truth,
}

impl Category {
    /// All categories in the order of the report.
    pub const ALL: [Self; 5] = [Self::Security, Self::Runtime, Self::SupplyChain, Self::Size, Self::Truth];

    /// The heading used in every renderer.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Security => "Security",
            Self::Runtime => "Runtime behaviour",
            Self::SupplyChain => "Supply chain",
            Self::Size => "Size and cache",
            Self::Truth => "Truthfulness of documents",
        }
    }
}

/// A rule's metadata; a constant in the rule's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RuleMeta {
    /// The id: a kebab-case noun that states the failing condition.
    pub name: &'static str,
    /// One sentence stating the failing condition; backticks allowed, no final period.
    pub summary: &'static str,
    /// What holds when the rule passes; the title of the passed check.
    pub passes: &'static str,
    /// What it looks at.
    pub family: Family,
    /// Where it counts in the report.
    pub category: Category,
    /// How bad a finding is by default.
    pub severity: Severity,
    /// How sure the rule is of its findings.
    pub confidence: Confidence,
    /// Who wants to see it.
    pub persona: Persona,
    /// Whether a finding, or the rule not having run, decides the verdict by itself.
    pub gate: bool,
    /// The most trusted fix it may offer.
    pub fix: Option<Applicability>,
    /// Version that introduced it; `preview 0.1` while it is in preview.
    pub since: &'static str,
    /// Names of the same check in other tools.
    pub aliases: &'static [&'static str],
    /// Specifications and documents it rests on.
    pub refs: &'static [&'static str],
}

impl RuleMeta {
    /// The level that applies when the policy is silent.
    pub const fn default_level(&self) -> Level {
        match self.severity {
            Severity::Critical | Severity::High => Level::Fail,
            Severity::Medium | Severity::Low => Level::Warn,
            Severity::Info => Level::Info,
        }
    }

    /// The rule's weight in its category's score: 10, 7, 3, 1 or 0 by severity.
    pub const fn weight(&self) -> u32 {
        match self.severity {
            Severity::Critical => 10,
            Severity::High => 7,
            Severity::Medium => 3,
            Severity::Low => 1,
            Severity::Info => 0,
        }
    }
}
