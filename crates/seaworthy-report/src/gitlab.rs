//! GitLab code quality: an array of issues with unique fingerprints.

use crate::Options;
use crate::text::escape;
use crate::view::{artifact, fingerprints, place, repository_path, worst_first};
use seaworthy_finding::{Location, Report, Severity};
use serde_json::{Value, json};

/// Renders the findings that count. One without a place in a file is pinned to line 1 of the fallback file.
pub(crate) fn render(report: &Report, options: &Options<'_>) -> Result<String, serde_json::Error> {
    // The order of the report decides how equal identities are numbered, the order shown does not.
    let findings: Vec<_> = report.open().collect();
    let prints = fingerprints(&findings);
    let issues: Vec<Value> = worst_first(report)
        .into_iter()
        .filter_map(|finding| {
            let at = findings.iter().position(|other| std::ptr::eq(*other, finding))?;
            let (line, aside) = match &finding.location {
                Location::File { line, .. } => ((*line).max(1), String::new()),
                other => (1, format!(" ({})", place(other))),
            };
            let path = repository_path(options.repository_prefix, artifact(finding, options.fallback_path));
            Some(json!({
                "description": format!("{}{aside}", escape(&finding.message)),
                "check_name": escape(&finding.rule),
                "fingerprint": prints[at],
                "severity": severity(finding.severity),
                "location": {"path": path, "lines": {"begin": line}},
            }))
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&issues)?;
    text.push('\n');
    Ok(text)
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}
