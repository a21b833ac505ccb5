//! Findings, rule metadata, verdicts, the policy model and the stable JSON types.
//!
//! Everything a user's script may rely on is defined here: the finding object, the check object,
//! the verdict, the exit codes and the schema of `seaworthy.toml`. The crate does no I/O.

mod edit;
mod exit;
mod expectation;
mod finding;
mod policy;
mod profile;
mod report;
mod rule;
mod size;
mod span;
mod suggest;

pub use edit::{Applicability, Edit, Fix, Overlap, apply_edits, compose_edits};
pub use exit::ExitCode;
pub use expectation::{CommandExpectation, Expectation, ServiceConfig};
pub use finding::{Confidence, Evidence, EvidenceKind, Finding, FindingStatus, Location, Persona, Severity};
pub use policy::{
    Budget, BuildConfig, Command, EnvValue, HealthConfig, ImageConfig, Level, Policy, PolicyError,
    PublishConfig, RuleSetting, RustConfig, ScanConfig, SecretFile, SignConfig, TestConfig, Variant, Waiver,
};
pub use profile::{Profile, profiles};
pub use report::{Check, CheckStatus, Counts, Report, SCHEMA, StageReport, StageStatus, Verdict};
pub use rule::{Category, Family, RuleMeta};
pub use size::{format_bytes, format_ms, parse_bytes, parse_duration_ms};
pub use span::{LineIndex, Span};
pub use suggest::{did_you_mean, distance};
