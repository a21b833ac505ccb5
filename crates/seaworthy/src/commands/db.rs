//! `seaworthy db import|update|status`.

mod status;
mod update;

use crate::advisories;
use crate::cli::{DbAction, DbArgs, DbImportArgs, Global};
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use seaworthy_advisories::{ImportError, Imported, Index, Limits, Meta, SourceMeta};
use seaworthy_finding::{ExitCode, format_bytes, format_ms};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Makes, updates or describes the database.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &DbArgs) -> Result<ExitCode, Failure> {
    match &args.action {
        DbAction::Import(args) => import(shell, args),
        DbAction::Update(args) => update::exec(shell, global, args),
        DbAction::Status(args) => status::exec(shell, global, args),
    }
}

fn import(shell: &Shell, args: &DbImportArgs) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    let imported = read(&args.paths)?;
    let sources = imported.report.sources.clone();
    let file = advisories::place(&args.db);
    let (meta, bytes) = store(shell, &file, imported, sources)?;
    tell(shell, &file, &meta, bytes, begun)?;
    Ok(ExitCode::Clean)
}

/// Reads exports.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Imported, Failure> {
    seaworthy_advisories::import(paths, Limits::default()).map_err(|error| {
        let failure = Failure::of("import", &error);
        match error {
            ImportError::Nothing { .. } | ImportError::Broken { .. } => {
                failure.hint("name OSV exports: a .zip of an ecosystem, a directory of .json, or .ndjson")
            }
            ImportError::Read { .. } | ImportError::TooLarge { .. } => failure,
        }
    })
}

/// Writes the database; it takes the place of the one before by one rename.
pub(crate) fn store(
    shell: &Shell,
    file: &Path,
    imported: Imported,
    sources: Vec<SourceMeta>,
) -> Result<(Meta, usize), Failure> {
    let Imported { advisories, enrichment, report } = imported;
    for problem in &report.problems {
        shell.note(&format!("left out {}", seaworthy_report::escape(problem)));
    }
    let named = report.problems.len() as u64;
    if report.counts.unreadable > named {
        shell.note(&format!("left out {} more that are no advisories", report.counts.unreadable - named));
    }
    let meta = Meta {
        created: output::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sources,
        withdrawn: report.counts.withdrawn,
        git_only: report.counts.git_only,
        repeated: report.counts.repeated,
        unreadable: report.counts.unreadable,
        ..Meta::default()
    };
    let written = seaworthy_advisories::write_index(advisories, meta, &enrichment);
    let bytes = written.map_err(|error| Failure::of("make the database of advisories", &error))?;
    let length = bytes.len();
    put(file, &bytes)?;
    let index = Index::from_bytes(bytes, file).map_err(|error| advisories::failure(&error))?;
    Ok((index.meta().clone(), length))
}

/// Puts a database in its place.
pub(crate) fn put(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::create_dir_all(dir).map_err(|error| Failure::file("make", dir, &error))?;
    }
    output::write_file(file, bytes)
}

/// Says what was made.
pub(crate) fn tell(
    shell: &Shell,
    file: &Path,
    meta: &Meta,
    bytes: usize,
    begun: Instant,
) -> Result<(), Failure> {
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let text = format!(
        "{}\n  {}\n  written to {} in {}\n",
        status::sentence(meta),
        status::left_out(meta),
        file.display(),
        format_ms(ms)
    );
    let text = text.replacen('\n', &format!(" in {}\n", format_bytes(bytes as u64)), 1);
    if shell.quiet < 2 { shell.out(&text) } else { Ok(()) }
}
