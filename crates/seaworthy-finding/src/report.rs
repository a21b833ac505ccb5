//! The result of a command: findings, checks, stages and the verdict; the stable JSON.

use crate::{Category, ExitCode, Finding, FindingStatus, Level, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the JSON schema, stable within a major version.
pub const SCHEMA: &str = "seaworthy/1";

/// How a rule ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStatus {
    /// It ran and found nothing.
    Pass,
    /// It found something at level `fail`.
    Fail,
    /// It found something at level `warn` or `info`.
    Warn,
    /// It could not run; `reason` says why.
    NotRun,
    /// There is nothing it applies to; `reason` says why.
    NotApplicable,
    /// The rule itself broke; `reason` says how.
    Error,
}

impl CheckStatus {
    /// The words of the house: passed, failed, warned, not run, not applicable, error.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::Fail => "failed",
            Self::Warn => "warning",
            Self::NotRun => "not run",
            Self::NotApplicable => "not applicable",
            Self::Error => "error",
        }
    }
}

/// How one rule ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The rule's name.
    pub rule: String,
    /// What holds when it passes, or the failing condition when it does not.
    pub title: String,
    /// How it ended.
    pub status: CheckStatus,
    /// Why it did not run, does not apply or broke; or what was observed when it passed.
    #[serde(default)]
    pub reason: String,
    /// Milliseconds the observation or the rule took.
    pub ms: u64,
    /// Where it counts.
    pub category: Category,
    /// Its weight in the category's score.
    pub weight: u32,
    /// Whether it decides the verdict by itself.
    pub gate: bool,
    /// The level the policy gives it.
    pub level: Level,
    /// Number of findings that count.
    pub findings: usize,
}

/// How a stage of `ship` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageStatus {
    /// Done, nothing failed.
    Done,
    /// Done, with failed checks.
    Failed,
    /// Could not run; `reason` says why.
    NotRun,
}

/// One stage of a command, as it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageReport {
    /// The stage's name: `check`, `build`, `inspect`, `test`, `publish`.
    pub name: String,
    /// How it ended.
    pub status: StageStatus,
    /// What it achieved in one line, or why it did not run.
    pub summary: String,
    /// Wall time in milliseconds.
    pub ms: u64,
}

/// The verdict, decided by gates and never by an average.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check that counts passed.
    Fit,
    /// Only warnings.
    FitWithWarnings,
    /// A gate could not be run, so fitness was not proven.
    NotProven,
    /// A check at level `fail` failed.
    NotFit,
}

impl Verdict {
    /// The words shown to people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Fit => "FIT",
            Self::FitWithWarnings => "FIT WITH WARNINGS",
            Self::NotProven => "NOT PROVEN",
            Self::NotFit => "NOT FIT",
        }
    }
}

/// Numbers for the footer of every screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks with warnings.
    pub warned: usize,
    /// Checks that could not run.
    pub not_run: usize,
    /// Checks with nothing to apply to.
    pub not_applicable: usize,
    /// Rules that broke.
    pub errors: usize,
    /// Findings silenced by comments.
    pub suppressed: usize,
    /// Findings accepted by waivers.
    pub waived: usize,
    /// Findings hidden by persona or minimum severity.
    pub hidden: usize,
    /// Findings the baseline lists.
    #[serde(default)]
    pub baselined: usize,
}

/// The whole result of a command: what every renderer reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The tool's version.
    pub version: String,
    /// The command that made it, such as `ship`.
    pub command: String,
    /// What was looked at: a path or a reference.
    pub subject: String,
    /// When it was made, RFC 3339 in UTC.
    pub created: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The names of the checks that decided a verdict other than fit.
    pub decided_by: Vec<String>,
    /// The stages of `ship`; empty for single commands.
    #[serde(default)]
    pub stages: Vec<StageReport>,
    /// Every finding, those that do not count included.
    pub findings: Vec<Finding>,
    /// Every rule that was evaluated.
    pub checks: Vec<Check>,
    /// Facts worth keeping beside the findings: digests, sizes, times; by stage.
    #[serde(default)]
    pub facts: BTreeMap<String, serde_json::Value>,
}

impl Report {
    /// An empty report of a command about a subject.
    pub fn new(command: &str, subject: &str, created: String) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command.to_owned(),
            subject: subject.to_owned(),
            created,
            verdict: Verdict::Fit,
            decided_by: Vec::new(),
            stages: Vec::new(),
            findings: Vec::new(),
            checks: Vec::new(),
            facts: BTreeMap::new(),
        }
    }

    /// Findings that count.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.status == FindingStatus::Open)
    }

    /// Decides the verdict from the checks and the stages, and notes what decided it.
    ///
    /// A failed check at level `fail`, or a rule that broke, or a stage that failed, means not fit. A gate that was not run, or a stage
    /// that was not run, means not proven: nothing unproven ever ends as fit.
    pub fn decide(&mut self) {
        let names = |keep: &dyn Fn(&Check) -> bool| -> Vec<String> {
            self.checks.iter().filter(|check| keep(check)).map(|check| check.rule.clone()).collect()
        };
        let mut failed = names(&|check| matches!(check.status, CheckStatus::Fail | CheckStatus::Error));
        if failed.is_empty() {
            let stage = self.stages.iter().filter(|stage| stage.status == StageStatus::Failed);
            failed.extend(stage.map(|stage| stage.name.clone()));
        }
        let mut unproven =
            names(&|check| check.gate && check.status == CheckStatus::NotRun && check.level != Level::Off);
        if unproven.is_empty() {
            let stage = self.stages.iter().filter(|stage| stage.status == StageStatus::NotRun);
            unproven.extend(stage.map(|stage| stage.name.clone()));
        }
        let warned = names(&|check| check.status == CheckStatus::Warn && check.level >= Level::Warn);
        (self.verdict, self.decided_by) = if !failed.is_empty() {
            (Verdict::NotFit, failed)
        } else if !unproven.is_empty() {
            (Verdict::NotProven, unproven)
        } else if !warned.is_empty() {
            (Verdict::FitWithWarnings, warned)
        } else {
            (Verdict::Fit, Vec::new())
        };
    }

    /// The numbers of the footer.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for check in &self.checks {
            match check.status {
                CheckStatus::Pass => counts.passed += 1,
                CheckStatus::Fail => counts.failed += 1,
                CheckStatus::Warn => counts.warned += 1,
                CheckStatus::NotRun => counts.not_run += 1,
                CheckStatus::NotApplicable => counts.not_applicable += 1,
                CheckStatus::Error => counts.errors += 1,
            }
        }
        for finding in &self.findings {
            match finding.status {
                FindingStatus::Open => {}
                FindingStatus::Suppressed => counts.suppressed += 1,
                FindingStatus::Waived => counts.waived += 1,
                FindingStatus::Hidden => counts.hidden += 1,
                FindingStatus::Baselined => counts.baselined += 1,
            }
        }
        counts
    }

    /// Passed and total weight of a category, or nothing when a weighted check of it was not run or broke.
    pub fn score(&self, category: Category) -> Option<u32> {
        let mut passed = 0;
        let mut total = 0;
        for check in self.checks.iter().filter(|check| check.category == category && check.weight > 0) {
            match check.status {
                CheckStatus::Pass => passed += check.weight,
                CheckStatus::Fail | CheckStatus::Warn => {}
                CheckStatus::NotApplicable => continue,
                CheckStatus::NotRun | CheckStatus::Error => return None,
            }
            total += check.weight;
        }
        (total > 0).then(|| passed * 100 / total)
    }

    /// The exit code: findings at or above the threshold, a failed check or an unproven gate give 1.
    pub fn exit_code(&self, fail_on: Severity) -> ExitCode {
        let bad = matches!(self.verdict, Verdict::NotFit | Verdict::NotProven);
        let above = self.open().any(|finding| finding.severity >= fail_on);
        if bad || above { ExitCode::Findings } else { ExitCode::Clean }
    }
}
