//! Writes a report in the formats that were asked for.

use crate::cli::{Global, PersonaArg, SeverityArg};
use crate::failure::Failure;
use crate::interrupt::interrupted;
use crate::shell::Shell;
use seaworthy_finding::{ExitCode, Persona, Policy, Report, Severity};
use seaworthy_report::{Format, Options};
use std::path::{Path, PathBuf};

/// So many findings fit on a screen that somebody reads.
const SHOWN: usize = 100;

/// One `--format`: the format and the file, where one is named.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    format: Format,
    file: Option<PathBuf>,
}

/// Reads every `--format`.
pub(crate) fn targets(global: &Global) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for text in &global.format {
        let (name, file) = text
            .split_once('=')
            .map_or((text.as_str(), None), |(name, file)| (name, Some(PathBuf::from(file))));
        let format = name.parse().map_err(|error| {
            let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            Failure::new(ExitCode::Error, format!("{error}"))
                .hint(format!("known formats: {}", names.join(", ")))
        })?;
        targets.push(Target { format, file });
    }
    Ok(targets)
}

/// Whether standard output is for the terminal format.
pub(crate) fn on_terminal(targets: &[Target]) -> bool {
    !targets.iter().any(|target| target.file.is_none() && target.format != Format::Terminal)
}

/// Renders and writes a report, and gives the exit code.
pub(crate) fn write(
    shell: &Shell,
    global: &Global,
    policy: &Policy,
    report: &Report,
    root: &Path,
) -> Result<ExitCode, Failure> {
    write_of(shell, global, policy, report, root, &|path| std::fs::read_to_string(root.join(path)).ok())
}

/// The same, with the texts of the files from elsewhere.
pub(crate) fn write_of(
    shell: &Shell,
    global: &Global,
    policy: &Policy,
    report: &Report,
    root: &Path,
    sources: seaworthy_report::Sources<'_>,
) -> Result<ExitCode, Failure> {
    let targets = targets(global)?;
    let prefix = repository_prefix(root);
    let render = |format: Format, color: bool| {
        let options = Options {
            color,
            width: shell.width,
            verbose: shell.verbose,
            sources,
            repository_prefix: if in_repository(format) { &prefix } else { "" },
            // A screen is for reading; the files have everything.
            max_findings: (format == Format::Terminal && shell.verbose == 0).then_some(SHOWN),
            pages: &seaworthy_rules::page,
            ..Options::default()
        };
        seaworthy_report::render(report, format, &options)
            .map_err(|error| Failure::of("render the report", &error))
    };
    for target in &targets {
        if let Some(file) = &target.file {
            let text = render(target.format, false)?;
            write_file(file, text.as_bytes())?;
        }
    }
    let mut stdout: Vec<Format> =
        targets.iter().filter(|target| target.file.is_none()).map(|target| target.format).collect();
    if stdout.is_empty() {
        stdout.push(Format::Terminal);
    }
    let only_sarif = stdout == [Format::Sarif];
    for format in stdout {
        if shell.quiet < 2 || format != Format::Terminal {
            shell.out(&render(
                format,
                shell.color_out && matches!(format, Format::Terminal | Format::Concise),
            )?)?;
        }
    }
    if let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) {
        append(Path::new(&file), &render(Format::Markdown, false)?)?;
    }
    // Consumers of SARIF expect a non-zero exit only when the tool itself failed.
    if global.exit_zero || only_sarif {
        return Ok(ExitCode::Clean);
    }
    Ok(report.exit_code(fail_on(global, policy)))
}

/// A report as text in the first format that goes to standard output.
pub(crate) fn text(
    shell: &Shell,
    global: &Global,
    report: &Report,
    sources: seaworthy_report::Sources<'_>,
) -> Result<String, Failure> {
    let targets = targets(global)?;
    let format =
        targets.iter().find(|target| target.file.is_none()).map_or(Format::Terminal, |one| one.format);
    let options = Options {
        color: shell.color_out && matches!(format, Format::Terminal | Format::Concise),
        width: shell.width,
        verbose: shell.verbose,
        sources,
        max_findings: (format == Format::Terminal && shell.verbose == 0).then_some(SHOWN),
        pages: &seaworthy_rules::page,
        ..Options::default()
    };
    seaworthy_report::render(report, format, &options)
        .map_err(|error| Failure::of("render the report", &error))
}

/// Where the pages of the rules are, below the repository this was built from; nothing while that is no real place.
pub(crate) fn rule_url() -> Option<&'static str> {
    const PAGES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules/");
    (!env!("CARGO_PKG_REPOSITORY").is_empty() && !PAGES.contains(".invalid/")).then_some(PAGES)
}

/// Whether a format is read by something that knows only paths of the repository.
const fn in_repository(format: Format) -> bool {
    matches!(format, Format::Sarif | Format::Github | Format::Gitlab)
}

/// Where a directory is inside its repository: empty at the top, and where there is no repository.
fn repository_prefix(root: &Path) -> String {
    let Ok(full) = std::fs::canonicalize(root) else { return String::new() };
    let top = full.ancestors().find(|dir| dir.join(".git").exists());
    let inside = top.and_then(|top| full.strip_prefix(top).ok());
    inside.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The threshold of the exit code.
pub(crate) fn fail_on(global: &Global, policy: &Policy) -> Severity {
    match global.fail_on {
        Some(SeverityArg::Info) => Severity::Info,
        Some(SeverityArg::Low) => Severity::Low,
        Some(SeverityArg::Medium) => Severity::Medium,
        Some(SeverityArg::High) => Severity::High,
        Some(SeverityArg::Critical) => Severity::Critical,
        None => policy.fail_on.unwrap_or(Severity::High),
    }
}

/// The rules' options from the flags.
pub(crate) fn rule_options(global: &Global) -> seaworthy_rules::Options {
    let persona = match global.persona {
        PersonaArg::Regular => Persona::Regular,
        PersonaArg::Pedantic => Persona::Pedantic,
        PersonaArg::Auditor => Persona::Auditor,
    };
    let date = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let part = |value: i8| u8::try_from(value).unwrap_or(1);
    let today = (u16::try_from(date.year()).unwrap_or(1970), part(date.month()), part(date.day()));
    seaworthy_rules::Options { persona, today, ..seaworthy_rules::Options::default() }
}

/// Whether a command that knows the terminal and JSON only is to write JSON.
pub(crate) fn wants_json(global: &Global, command: &str) -> Result<bool, Failure> {
    match global.format.as_slice() {
        [] => Ok(false),
        [format] if format == "terminal" => Ok(false),
        [format] if format == "json" => Ok(true),
        _ => Err(Failure::new(ExitCode::Error, format!("`{command}` has no such format"))
            .hint("known formats: terminal, json")),
    }
}

/// The current time, RFC 3339 in UTC, whole seconds.
pub(crate) fn now() -> String {
    let second = jiff::Timestamp::now().as_second();
    jiff::Timestamp::from_second(second)
        .map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |at| at.to_string())
}

/// Writes a file as a whole or not at all. One that was there keeps its mode and its owner; what a link points to is
/// written, not the link; a pipe or a device is written into.
pub(crate) fn write_file(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if interrupted() {
        return Err(Failure::interrupted());
    }
    let failed = |error: std::io::Error| Failure::file("write", file, &error);
    let target = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let known = std::fs::metadata(&target).ok();
    if known.as_ref().is_some_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return std::fs::write(&target, bytes).map_err(failed);
    }
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let part = dir.join(format!(".{name}.{}.part", std::process::id()));
    let result = write_part(&part, known.as_ref(), bytes).and_then(|()| std::fs::rename(&part, &target));
    if result.is_err() {
        // The half-written file must not stay; the first error is the one to tell.
        let _ = std::fs::remove_file(&part);
    }
    result.map_err(failed)
}

/// Writes the file that takes the other's place.
fn write_part(part: &Path, known: Option<&std::fs::Metadata>, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;
    let mut out = std::fs::File::create(part)?;
    out.write_all(bytes)?;
    if let Some(known) = known {
        let own = out.metadata()?;
        if (own.uid(), own.gid()) != (known.uid(), known.gid()) {
            // Only root may give a file away; for anybody else the new file is theirs, as it is with an editor.
            let _ = std::os::unix::fs::fchown(&out, Some(known.uid()), Some(known.gid()));
        }
        out.set_permissions(known.permissions())?;
    }
    Ok(())
}

fn append(file: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let open = std::fs::OpenOptions::new().create(true).append(true).open(file);
    open.and_then(|mut out| out.write_all(text.as_bytes()))
        .map_err(|error| Failure::file("write", file, &error))
}
