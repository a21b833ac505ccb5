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
    let text = std::fs::read_to_string(&file).map_err(|error| {
        Failure::new(ExitCode::Error, format!("failed to read `{}`: {error}", file.display()))
    })?;
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            ExitCode::Error,
            format!("failed to read `{}`: it is no Seaworthy report: {error}", file.display()),
        )
    })?;
    if report.schema != SCHEMA {
        return Err(Failure::new(
            ExitCode::Error,
            format!("`{}` has schema `{}`, expected `{SCHEMA}`", file.display(), report.schema),
        ));
    }
    let root = Path::new(&report.subject);
    let root = if root.is_dir() { root } else { Path::new(".") };
    output::write(shell, global, &Policy::default(), &report, root)
}
