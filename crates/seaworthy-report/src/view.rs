//! What several renderers derive from a report: places in words, order, and the next command.

use crate::text::{escape, short_digest};
use seaworthy_finding::{
    Applicability, Check, CheckStatus, Evidence, EvidenceKind, Finding, FindingStatus, Location, Report,
    Severity, StageStatus, Verdict,
};

/// How loudly a finding is shown: by what it did to its check, else by its severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loudness {
    /// Worth knowing.
    Info,
    /// Should be changed.
    Warning,
    /// Its check failed.
    Error,
}

impl Loudness {
    /// The word before the finding.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How loudly to show a finding of this report.
pub(crate) fn loudness(report: &Report, finding: &Finding) -> Loudness {
    match report.checks.iter().find(|check| check.rule == finding.rule).map(|check| check.status) {
        Some(CheckStatus::Fail) => Loudness::Error,
        Some(CheckStatus::Warn) if finding.severity == Severity::Info => Loudness::Info,
        Some(CheckStatus::Warn) => Loudness::Warning,
        _ => match finding.severity {
            Severity::Info => Loudness::Info,
            Severity::Low | Severity::Medium => Loudness::Warning,
            Severity::High | Severity::Critical => Loudness::Error,
        },
    }
}

/// The place in words, escaped: `Dockerfile:5:5`, `config.User`, `layer sha256:012345678901: /app/.env`.
pub(crate) fn place(location: &Location) -> String {
    match location {
        Location::File { path, line, column, .. } => format!("{}:{line}:{column}", escape(path)),
        Location::Layer { layer, path } if path.is_empty() => format!("layer {}", short_digest(layer)),
        Location::Layer { layer, path } => format!("layer {}: {}", short_digest(layer), escape(path)),
        Location::Config { field } => format!("image config: {}", escape(field)),
        Location::Observation { name } => format!("trial: {}", escape(name)),
        Location::Registry { reference } => escape(reference),
        Location::Project => "the project as a whole".to_owned(),
    }
}

/// The words before a piece of evidence.
pub(crate) const fn evidence_word(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Command => "see for yourself",
        EvidenceKind::Observation => "observed",
        EvidenceKind::Excerpt => "excerpt",
    }
}

/// Evidence by kind, observations first, the command to repeat it last.
pub(crate) fn evidence(finding: &Finding) -> Vec<&Evidence> {
    let rank = |kind| match kind {
        EvidenceKind::Observation => 0,
        EvidenceKind::Excerpt => 1,
        EvidenceKind::Command => 2,
    };
    let mut sorted: Vec<&Evidence> = finding.evidence.iter().collect();
    sorted.sort_by_key(|evidence| rank(evidence.kind));
    sorted
}

/// How far a fix may be trusted, in words.
pub(crate) const fn trust(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe: may change behaviour",
        Applicability::Display => "shown only, never applied by `--fix`",
    }
}

/// Findings that count, the worst first, then by place.
pub(crate) fn worst_first(report: &Report) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = report.open().collect();
    sorted.sort_by(|a, b| {
        (loudness(report, b), b.severity, b.confidence)
            .cmp(&(loudness(report, a), a.severity, a.confidence))
            .then_with(|| order_of_place(&a.location).cmp(&order_of_place(&b.location)))
            .then_with(|| (&a.rule, &a.message).cmp(&(&b.rule, &b.message)))
    });
    sorted
}

fn order_of_place(location: &Location) -> (u8, &str, usize, usize) {
    match location {
        Location::File { path, line, column, .. } => (0, path, *line, *column),
        Location::Config { field } => (1, field, 0, 0),
        Location::Layer { path, .. } => (2, path, 0, 0),
        Location::Observation { name } => (3, name, 0, 0),
        Location::Registry { reference } => (4, reference, 0, 0),
        Location::Project => (5, "", 0, 0),
    }
}

/// Checks of one status, the heaviest first.
pub(crate) fn checks_with(report: &Report, keep: impl Fn(&Check) -> bool) -> Vec<&Check> {
    let mut sorted: Vec<&Check> = report.checks.iter().filter(|check| keep(check)).collect();
    sorted.sort_by(|a, b| (b.gate, b.weight, &a.rule).cmp(&(a.gate, a.weight, &b.rule)));
    sorted
}

/// Findings of a status other than open.
pub(crate) fn set_aside(report: &Report) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.status != FindingStatus::Open).collect()
}

/// Why a finding does not count, in a word.
pub(crate) const fn status_word(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Open => "open",
        FindingStatus::Suppressed => "ignored by a comment",
        FindingStatus::Waived => "waived by the policy",
        FindingStatus::Hidden => "hidden by persona or severity",
        FindingStatus::Baselined => "in the baseline",
    }
}

/// Number of fixes `--fix` applies, and of those `--unsafe-fixes` adds.
pub(crate) fn fixable(report: &Report) -> (usize, usize) {
    let count = |wanted| {
        let fixes = report.open().filter_map(|finding| finding.fix.as_ref());
        fixes.filter(|fix| fix.applicability == wanted).count()
    };
    (count(Applicability::Safe), count(Applicability::Unsafe))
}

/// The command worth typing next, without the `hint:`.
pub(crate) fn next_step(report: &Report) -> Option<String> {
    let (safe, _) = fixable(report);
    let bad = matches!(report.verdict, Verdict::NotFit | Verdict::NotProven);
    if safe > 0 && report.command == "check" {
        return Some("next, `seaworthy check --diff` shows what `--fix` would change".to_owned());
    }
    if bad {
        let rule = report.decided_by.iter().find(|name| report.checks.iter().any(|c| c.rule == **name));
        let stage = report.stages.iter().find(|stage| stage.status != StageStatus::Done);
        return match (report.verdict, rule, stage) {
            (Verdict::NotProven, Some(_), _) => {
                Some("next, `seaworthy doctor` says what is missing on this machine".to_owned())
            }
            (_, Some(rule), _) => Some(format!("next, `seaworthy explain {}`", escape(rule))),
            (Verdict::NotProven, None, Some(_)) => {
                Some("next, `seaworthy doctor` says what is missing on this machine".to_owned())
            }
            (_, None, Some(stage)) => Some(match stage.name.as_str() {
                name @ ("check" | "build") => {
                    format!("next, `seaworthy {name} -v {}` shows more", word(&escape(&report.subject)))
                }
                _ => "next, `seaworthy doctor` says what this machine can do".to_owned(),
            }),
            _ => None,
        };
    }
    let subject = word(&escape(&report.subject));
    match report.command.as_str() {
        "check" => Some(format!("next, `seaworthy ship {subject}` builds, tests and publishes it")),
        "inspect" => Some(format!("next, `seaworthy test {subject}` boots it")),
        "test" => Some(format!("next, `seaworthy publish {subject} REF` publishes it")),
        _ => None,
    }
}

/// A text as one word of a shell.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The file formats that need one pin a finding to: its own, or the fallback.
pub(crate) fn artifact<'a>(finding: &'a Finding, fallback: &'a str) -> &'a str {
    match &finding.location {
        Location::File { path, .. } => path,
        _ => fallback,
    }
}

/// A path relative to the repository: prefix joined, `\` turned, without `./`.
pub(crate) fn repository_path(prefix: &str, path: &str) -> String {
    let joined = format!("{prefix}/{path}").replace('\\', "/");
    let parts = joined.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}

/// A fingerprint for each finding that stays when lines move; equal identities are numbered in the order
/// of the report, so that no two findings share one.
pub(crate) fn fingerprints(findings: &[&Finding]) -> Vec<String> {
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    let salted = findings.iter().map(|finding| {
        let identity = finding.identity();
        let count = seen.entry(identity.clone()).or_insert(0);
        *count += 1;
        let salted = if *count == 1 { identity } else { format!("{identity}\u{1f}{count}") };
        seaworthy_oci::Digest::of(salted.as_bytes()).hex().chars().take(32).collect()
    });
    salted.collect()
}
