//! `seaworthy report`: renders recorded results.

use crate::cli::{Global, ReportArgs};
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use seaworthy_finding::{ExitCode, Policy, Report, SCHEMA};
use std::path::{Path, PathBuf};

/// Renders a `report.json`.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &ReportArgs) -> Result<ExitCode, Failure> {
    let candidates = ["target/seaworthy/report.json", ".seaworthy/report.json"];
    let file = match &args.file {
        Some(file) => file.clone(),
        None => candidates.iter().map(PathBuf::from).find(|file| file.is_file()).ok_or_else(|| {
            Failure::new(ExitCode::NothingToCheck, "no recorded result here")
                .hint("`seaworthy ship` records one; or name a report.json")
        })?,
    };
    let text = std::fs::read_to_string(&file).map_err(|error| Failure::file("read", &file, &error))?;
    // The schema is looked at before anything else: a report of another one has other fields.
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| no_report(&file, &error))?;
    if let Some(schema) = value.get("schema").and_then(serde_json::Value::as_str)
        && schema != SCHEMA
    {
        let message = format!("`{}` has the schema `{schema}`, expected `{SCHEMA}`", file.display());
        return Err(Failure::new(ExitCode::Error, message).hint("render it with the version that wrote it"));
    }
    let report: Report = serde_json::from_value(value).map_err(|error| no_report(&file, &error))?;
    let root = Path::new(&report.subject);
    let root = if root.is_dir() { root } else { Path::new(".") };
    output::write(shell, global, &Policy::default(), &report, root)
}

fn no_report(file: &Path, error: &serde_json::Error) -> Failure {
    let message = format!("failed to read `{}`: it is no Seaworthy report: {error}", file.display());
    Failure::new(ExitCode::Error, message).hint("name the report.json that `seaworthy ship` writes")
}
