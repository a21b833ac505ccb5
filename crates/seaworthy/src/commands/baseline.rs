//! The baseline: findings that were there before, so that a repository with many can begin with the new ones.
//!
//! A finding is known by its rule, its file and its message without numbers, so that it survives moved lines. Equal
//! ones are counted: one more than the baseline has is new.

use super::select::recount;
use crate::failure::Failure;
use crate::output;
use seaworthy_finding::{ExitCode, Finding, FindingStatus, Location, Report};
use seaworthy_oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const SCHEMA: &str = "seaworthy-baseline/1";

/// The file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    schema: String,
    findings: Vec<Known>,
}

/// Equal findings. Rule, path and message are for whoever reads the file; the fingerprint decides.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Known {
    fingerprint: String,
    rule: String,
    path: String,
    message: String,
    count: usize,
}

/// What the baseline lists and nothing finds any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stale {
    /// Rule and path of each entry.
    pub(crate) entries: Vec<(String, String)>,
}

/// Sets findings aside that the baseline lists, and gives the entries that match nothing.
pub(crate) fn apply(file: &Path, report: &mut Report) -> Result<Stale, Failure> {
    let baseline = read(file)?;
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for known in &baseline.findings {
        *left.entry(&known.fingerprint).or_default() += known.count;
    }
    for finding in report.findings.iter_mut().filter(|finding| finding.status == FindingStatus::Open) {
        if let Some(count) = left.get_mut(fingerprint(finding).as_str()).filter(|count| **count > 0) {
            *count -= 1;
            finding.status = FindingStatus::Baselined;
            finding.reason = Some(format!("listed in `{}`", file.display()));
        }
    }
    recount(report, "every finding is in the baseline");
    let stale = baseline.findings.iter().filter(|known| left.get(known.fingerprint.as_str()) > Some(&0));
    Ok(Stale { entries: stale.map(|known| (known.rule.clone(), known.path.clone())).collect() })
}

/// Writes every finding that counts into the file, and gives their number.
pub(crate) fn write(file: &Path, report: &Report) -> Result<usize, Failure> {
    let mut known: BTreeMap<(String, String, String), Known> = BTreeMap::new();
    for finding in report.open() {
        let print = fingerprint(finding);
        let path = place(finding);
        known
            .entry((path.to_owned(), finding.rule.clone(), print.clone()))
            .or_insert_with(|| Known {
                fingerprint: print,
                rule: finding.rule.clone(),
                path: path.to_owned(),
                // The file is kept with the sources.
                message: seaworthy_report::without_secrets(&finding.message),
                count: 0,
            })
            .count += 1;
    }
    let findings: Vec<Known> = known.into_values().collect();
    let total = findings.iter().map(|known| known.count).sum();
    let baseline = Baseline { schema: SCHEMA.to_owned(), findings };
    let mut text =
        serde_json::to_string_pretty(&baseline).map_err(|error| Failure::of("write JSON", &error))?;
    text.push('\n');
    output::write_file(file, text.as_bytes())?;
    Ok(total)
}

fn read(file: &Path) -> Result<Baseline, Failure> {
    let hint = "write one with `--write-baseline`";
    let text =
        std::fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error).hint(hint))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| {
        Failure::new(ExitCode::Error, format!("`{}` is no baseline: {error}", file.display())).hint(hint)
    })?;
    if baseline.schema != SCHEMA {
        let message =
            format!("`{}` has the schema `{}`, expected `{SCHEMA}`", file.display(), baseline.schema);
        return Err(Failure::new(ExitCode::Error, message).hint(hint));
    }
    Ok(baseline)
}

fn fingerprint(finding: &Finding) -> String {
    Digest::of(finding.identity().as_bytes()).hex().chars().take(32).collect()
}

fn place(finding: &Finding) -> &str {
    match &finding.location {
        Location::File { path, .. } | Location::Layer { path, .. } => path,
        Location::Config { field } => field,
        Location::Observation { name } => name,
        Location::Registry { reference } => reference,
        Location::Project => "",
    }
}
