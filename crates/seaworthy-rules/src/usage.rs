//! What came of the waivers and of the comments that silence findings.

use crate::Dialect;
use seaworthy_finding::Span;

/// What came of one waiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaiverUse {
    /// Its place in the policy, from 1.
    pub number: usize,
    /// The rule it names.
    pub rule: String,
    /// The path it is for.
    pub path: Option<String>,
    /// The digest of the secret it is for.
    pub sha256: Option<String>,
    /// The last day it holds, where it names one, as `2027-03-01`.
    pub expires: Option<String>,
    /// Whether that day is over.
    pub expired: bool,
    /// Whether it lacks a reason.
    pub without_reason: bool,
    /// Whether its rule was evaluated, so that its use can be judged.
    pub evaluated: bool,
    /// Findings it accepted, or would have accepted.
    pub matched: usize,
}

/// What came of one comment that silences findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionUse {
    /// The file.
    pub path: String,
    /// The comment.
    pub span: Span,
    /// Whose form it has.
    pub dialect: Dialect,
    /// Whether it gives a reason.
    pub explained: bool,
    /// Named rules that silenced nothing although they were evaluated, or that do not exist.
    pub unused: Vec<String>,
}

/// What came of all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The waivers.
    pub waivers: Vec<WaiverUse>,
    /// The comments.
    pub suppressions: Vec<SuppressionUse>,
}
