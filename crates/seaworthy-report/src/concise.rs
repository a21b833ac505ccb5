//! One line per finding, for editors and `grep`, and the verdict.

use crate::Options;
use crate::sentence::verdict_sentence;
use crate::text::escape;
use crate::view::{loudness, place, repository_path, worst_first};
use seaworthy_finding::{Location, Report};
use std::fmt::Write as _;

/// Renders `path:line:column: error[rule]: message` per finding, by file and line.
pub(crate) fn render(report: &Report, options: &Options<'_>) -> String {
    let mut findings = worst_first(report);
    findings.sort_by_key(|finding| match &finding.location {
        Location::File { path, line, column, .. } => (0, path.clone(), *line, *column),
        other => (1, place(other), 0, 0),
    });
    let mut out = String::new();
    for finding in findings {
        let at = match &finding.location {
            Location::File { path, line, column, .. } => {
                format!("{}:{line}:{column}", escape(&repository_path(options.repository_prefix, path)))
            }
            other => place(other),
        };
        let word = loudness(report, finding).word();
        let _ = writeln!(out, "{at}: {word}[{}]: {}", escape(&finding.rule), escape(&finding.message));
    }
    let _ = writeln!(out, "{}", verdict_sentence(report));
    out
}
