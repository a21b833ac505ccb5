//! GitHub workflow commands: annotations on the lines of a pull request.

use crate::Options;
use crate::sentence::verdict_sentence;
use crate::text::{escape, escape_block};
use crate::view::{Loudness, loudness, place, repository_path, worst_first};
use seaworthy_finding::{CheckStatus, Finding, Location, Report};
use std::fmt::Write as _;

/// Renders one command per finding, the worst first, since only the first ten of a step are shown; then
/// what was not run, then the verdict.
pub(crate) fn render(report: &Report, options: &Options<'_>) -> String {
    let mut out = String::new();
    for finding in worst_first(report) {
        let command = match loudness(report, finding) {
            Loudness::Error => "error",
            Loudness::Warning => "warning",
            Loudness::Info => "notice",
        };
        let _ = writeln!(
            out,
            "::{command} {}title={}::{}",
            position(finding, options),
            property(&escape(&finding.rule)),
            data(&body(finding))
        );
    }
    for check in report.checks.iter().filter(|check| check.gate && check.status == CheckStatus::NotRun) {
        let text = format!("{}: not run: {}", escape(&check.title), escape(&check.reason));
        let _ = writeln!(out, "::warning title={}::{}", property(&escape(&check.rule)), data(&text));
    }
    let _ = writeln!(out, "::notice title=Seaworthy::{}", data(&verdict_sentence(report)));
    out
}

/// `file=…,line=…,`; columns only where the place lies in one line, since GitHub drops the others.
fn position(finding: &Finding, options: &Options<'_>) -> String {
    let Location::File { path, line, column, end_line, end_column, .. } = &finding.location else {
        return String::new();
    };
    let path = property(&escape(&repository_path(options.repository_prefix, path)));
    let mut out = format!("file={path},line={line},endLine={},", (*end_line).max(*line));
    if line == end_line {
        let _ = write!(out, "col={column},endColumn={},", (*end_column).max(*column));
    }
    out
}

fn body(finding: &Finding) -> String {
    let mut text = escape_block(&finding.message);
    if !matches!(finding.location, Location::File { .. } | Location::Project) {
        let _ = write!(text, " ({})", place(&finding.location));
    }
    for (name, more) in [("why", &finding.why), ("help", &finding.help)] {
        if !more.is_empty() {
            let _ = write!(text, "\n{name}: {}", escape_block(more.trim_end()));
        }
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
