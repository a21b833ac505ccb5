//! `seaworthy check`: the static rules over a repository, and their fixes.

use crate::cli::{CheckArgs, Global};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages::{self, STATIC};
use seaworthy_facts::Facts;
use seaworthy_finding::{ExitCode, Family, Report, apply_edits};
use std::path::Path;

/// Checks projects or single files.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &CheckArgs) -> Result<ExitCode, Failure> {
    // Formats are read before any work, so that a mistyped one costs nothing.
    output::targets(global)?;
    let mut worst = ExitCode::NothingToCheck;
    for path in &args.paths {
        let code = one(shell, global, args, path)?;
        worst = match (worst, code) {
            (ExitCode::NothingToCheck, code) => code,
            (worst, ExitCode::NothingToCheck) => worst,
            (worst, code) if code.code() > worst.code() => code,
            (worst, _) => worst,
        };
    }
    Ok(worst)
}

fn one(shell: &Shell, global: &Global, args: &CheckArgs, path: &Path) -> Result<ExitCode, Failure> {
    let config = Config::load(global, path)?;
    let root = if path.is_dir() {
        path
    } else {
        path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
    };
    let mut report = check(Some(shell), global, &config, path)?;
    let Some(mut report) = report.take() else {
        return Err(Failure::new(
            ExitCode::NothingToCheck,
            format!("nothing to check in `{}`", path.display()),
        )
        .hint("looked for Dockerfiles, ignore files, compose files and Markdown documents"));
    };
    if args.fix || args.diff {
        let fixes = seaworthy_rules::fixes(&report.findings, args.unsafe_fixes);
        let mut changed = 0;
        for file in &fixes {
            let full = root.join(&file.path);
            let before =
                std::fs::read_to_string(&full).map_err(|error| Failure::file("read", &full, &error))?;
            let after = apply_edits(&before, &file.edits)
                .map_err(|error| Failure::of(&format!("fix `{}`", file.path), &error))?;
            if args.diff {
                shell.out(&seaworthy_report::unified_diff(&file.path, &before, &file.edits))?;
            } else {
                output::write_file(&full, after.as_bytes())?;
            }
            changed += file.edits.len();
        }
        let verb = if args.diff { "would fix" } else { "fixed" };
        let done = match changed {
            0 => "nothing to fix".to_owned(),
            _ => format!("{verb} {} in {}", plural(changed, "place"), plural(fixes.len(), "file")),
        };
        shell.progress("Fix", &done);
        if args.diff {
            return Ok(if fixes.is_empty() { ExitCode::Clean } else { ExitCode::Findings });
        }
        // What is reported is what is left.
        if let Some(after) = check(None, global, &config, path)? {
            report = after;
        }
    }
    output::write(shell, global, &config.policy, &report, root)
}

/// Runs the static rules; nothing where there is nothing to check.
fn check(
    shell: Option<&Shell>,
    global: &Global,
    config: &Config,
    path: &Path,
) -> Result<Option<Report>, Failure> {
    let project = stages::collect(path)?;
    if let Some(shell) = shell {
        stages::note_unread(shell, &project);
    }
    if project.is_empty() {
        return Ok(None);
    }
    let facts = Facts { project: Some(project), ..Facts::default() };
    let families: Vec<Family> = STATIC.into_iter().chain([Family::Policy]).collect();
    Ok(Some(stages::report(
        global,
        config,
        config.image(),
        &facts,
        &families,
        "check",
        &path.display().to_string(),
    )))
}

/// `1 file`, `2 files`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
