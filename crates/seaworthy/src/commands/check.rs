//! `seaworthy check`: the static rules over a repository, and their fixes.

use super::select::Selection;
use super::{baseline, bases, mend, pin, watch};
use crate::cli::{CheckArgs, Global, PersonaArg};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages::{self, STATIC};
use seaworthy_facts::Facts;
use seaworthy_finding::{CheckStatus, ExitCode, Family, Finding, Location, Report};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A larger file from standard input is none that a person wrote.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Checks projects or single files.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &CheckArgs) -> Result<ExitCode, Failure> {
    // Formats and names are read before any work, so that a mistyped one costs nothing.
    output::targets(global)?;
    let selection = Selection::new(&args.select, &args.ignore)?;
    if args.watch {
        return watch::exec(shell, global, args);
    }
    let mut parts = Joined::default();
    let mut changes = false;
    for path in &args.paths {
        let Some(mut part) = Part::new(shell, global, args, path, &selection)? else { continue };
        if args.fix || args.diff {
            changes |= part.mend(shell, global, args, &selection)?;
        }
        parts.add(part, args);
    }
    if args.diff {
        return Ok(if changes { ExitCode::Findings } else { ExitCode::Clean });
    }
    let mut whole = parts.whole(args)?;
    selection.apply(&mut whole.report);
    if let Some(file) = &args.baseline {
        if args.write_baseline {
            let count = baseline::write(file, &whole.report)?;
            shell.progress("Baseline", &format!("{} in `{}`", plural(count, "finding"), file.display()));
        }
        whole.known(shell, file)?;
    }
    if args.fix && whole.overlay.is_some() {
        // What came from standard input goes to standard output: the file, not a report on it.
        let code = whole.report.exit_code(output::fail_on(global, &whole.config.policy));
        return Ok(if global.exit_zero { ExitCode::Clean } else { code });
    }
    let (overlay, root) = (whole.overlay.as_ref(), whole.root.as_path());
    let sources = |path: &str| match overlay {
        Some((name, text)) => (name == path).then(|| text.clone()),
        None => std::fs::read_to_string(root.join(path)).ok(),
    };
    output::write_of(shell, global, &whole.config.policy, &whole.report, root, &sources)
}

/// The whole result as text, for `--watch`.
pub(crate) fn rendered(shell: &Shell, global: &Global, args: &CheckArgs) -> Result<String, Failure> {
    let selection = Selection::new(&args.select, &args.ignore)?;
    let mut parts = Joined::default();
    for path in &args.paths {
        if let Some(part) = Part::new(shell, global, args, path, &selection)? {
            parts.add(part, args);
        }
    }
    let mut whole = parts.whole(args)?;
    selection.apply(&mut whole.report);
    if let Some(file) = &args.baseline {
        whole.known(shell, file)?;
    }
    // The time of a run, and how long each rule took, are no change.
    for check in &mut whole.report.checks {
        check.ms = 0;
    }
    whole.report.created = String::new();
    let root = whole.root.as_path();
    output::text(shell, global, &whole.report, &|path| std::fs::read_to_string(root.join(path)).ok())
}

/// One path of the command line.
struct Part {
    /// Paths of the report are relative to it.
    root: PathBuf,
    config: Config,
    /// What was read; its project is always there.
    facts: Facts,
    report: Report,
    /// Name and text of what came from standard input.
    overlay: Option<(String, String)>,
    /// The path as it was named.
    subject: String,
}

impl Part {
    /// Reads and checks a path; nothing where there is nothing to check.
    fn new(
        shell: &Shell,
        global: &Global,
        args: &CheckArgs,
        path: &Path,
        selection: &Selection,
    ) -> Result<Option<Self>, Failure> {
        let from_input = path == Path::new("-");
        let named = if from_input {
            args.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("Dockerfile"))
        } else {
            path.to_owned()
        };
        let config = Config::load(global, &named)?;
        let subject = named.display().to_string();
        let (root, project, overlay) = if from_input {
            let text = standard_input()?;
            let name = subject.trim_start_matches("./").to_owned();
            (PathBuf::from("."), seaworthy_project::from_text(&name, text.clone()), Some((name, text)))
        } else {
            let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let root = if path.is_dir() { path } else { parent };
            (root.to_owned(), stages::collect(path)?, None)
        };
        stages::note_unread(shell, &project);
        if project.is_empty() {
            if args.paths.len() > 1 {
                shell.note(&format!("nothing to check in `{subject}`"));
            }
            return Ok(None);
        }
        let bases = args.bases.then(|| bases::look_up(shell, global, &config, &project));
        let facts = Facts { project: Some(project), bases, ..Facts::default() };
        let report = Report::new("check", "", String::new());
        let mut part = Self { root, config, facts, report, overlay, subject };
        part.report = part.evaluate(global, &part.facts, selection);
        Ok(Some(part))
    }

    fn evaluate(&self, global: &Global, facts: &Facts, selection: &Selection) -> Report {
        let families: Vec<Family> = STATIC.into_iter().chain([Family::Policy]).collect();
        let mut global = global.clone();
        if selection.is_named() {
            global.persona = PersonaArg::Auditor;
        }
        stages::report(&global, &self.config, self.config.image(), facts, &families, "check", &self.subject)
    }

    /// Proves the fixes, then writes them or shows them; gives whether anything changes.
    fn mend(
        &mut self,
        shell: &Shell,
        global: &Global,
        args: &CheckArgs,
        selection: &Selection,
    ) -> Result<bool, Failure> {
        let Some(project) = &self.facts.project else { return Ok(false) };
        let texts: BTreeMap<String, String> = match &self.overlay {
            Some((name, text)) => BTreeMap::from([(name.clone(), text.clone())]),
            None => mend::writable(shell, &self.root, project),
        };
        let mut findings = self.report.findings.clone();
        if args.pin {
            pin::offer(shell, global, &mut findings, &|path| texts.get(path).cloned());
        }
        let evaluate = |facts: &Facts| self.evaluate(global, facts, selection).findings;
        let proved = mend::prove(project, &findings, &texts, selection, args.unsafe_fixes, &evaluate);
        let changes = !proved.files.is_empty();
        mend::tell(shell, if args.diff { "would fix" } else { "fixed" }, &proved.files, &proved.refused);
        if args.diff {
            for file in &proved.files {
                let patch = seaworthy_report::unified_diff(&file.path, &file.before, &file.edits);
                shell.out(&patch)?;
            }
            return Ok(changes);
        }
        if let Some((_, text)) = &mut self.overlay {
            if let Some(file) = proved.files.first() {
                file.after.clone_into(text);
            }
            shell.out_exactly(text)?;
        } else {
            mend::write(&self.root, &proved.files)?;
        }
        // What is reported is what is left.
        let after = proved.files.iter().map(|file| (file.path.clone(), file.after.clone())).collect();
        self.facts.project = Some(seaworthy_project::with_texts(project, &after));
        self.report = self.evaluate(global, &self.facts, selection);
        Ok(changes)
    }

    /// Sets aside what the baseline lists.
    fn known(&mut self, shell: &Shell, file: &Path) -> Result<(), Failure> {
        let stale = baseline::apply(file, &mut self.report)?;
        for (rule, path) in stale.entries.iter().take(10) {
            shell.note(&format!(
                "the baseline lists `{rule}` in `{}`, which is no longer found",
                seaworthy_report::escape(path)
            ));
        }
        if stale.entries.len() > 10 {
            shell.note(&format!(
                "the baseline lists {} more that are no longer found",
                stale.entries.len() - 10
            ));
        }
        if !stale.entries.is_empty() {
            shell.note("`--write-baseline` takes them out");
        }
        Ok(())
    }
}

/// Several paths as one result, with paths as the user would write them. What was read of a path is dropped here.
#[derive(Default)]
struct Joined {
    whole: Option<Part>,
    subjects: Vec<String>,
    /// Where the check of a rule is in the whole report.
    places: BTreeMap<String, usize>,
}

impl Joined {
    fn add(&mut self, mut part: Part, args: &CheckArgs) {
        part.facts = Facts::default();
        if args.paths.len() == 1 {
            self.whole = Some(part);
            return;
        }
        let prefix = part.root.to_string_lossy().trim_start_matches("./").trim_end_matches('/').to_owned();
        if !prefix.is_empty() && prefix != "." {
            for finding in &mut part.report.findings {
                under(finding, &prefix);
            }
        }
        part.root = PathBuf::from(".");
        self.subjects.push(part.subject.clone());
        if let Some(whole) = &mut self.whole {
            whole.overlay = whole.overlay.take().or(part.overlay);
            merge(&mut whole.report, part.report, &mut self.places);
        } else {
            let checks = part.report.checks.iter().enumerate();
            self.places = checks.map(|(at, check)| (check.rule.clone(), at)).collect();
            self.whole = Some(part);
        }
    }

    fn whole(self, args: &CheckArgs) -> Result<Part, Failure> {
        let Some(mut whole) = self.whole else {
            let named: Vec<String> = args.paths.iter().map(|path| format!("`{}`", path.display())).collect();
            let message = format!("nothing to check in {}", named.join(", "));
            return Err(Failure::new(ExitCode::NothingToCheck, message).hint(
                "looked for Dockerfiles, ignore files, compose files, workflows, pipelines and Markdown documents",
            ));
        };
        if args.paths.len() > 1 {
            whole.report.subject = self.subjects.join(" ");
            whole.report.decided_by.clear();
            whole.report.decide();
        }
        Ok(whole)
    }
}

/// Adds a report to another: a check is as bad as the worse of the two.
fn merge(whole: &mut Report, part: Report, places: &mut BTreeMap<String, usize>) {
    const fn rank(status: CheckStatus) -> u8 {
        match status {
            CheckStatus::NotApplicable => 0,
            CheckStatus::Pass => 1,
            CheckStatus::NotRun => 2,
            CheckStatus::Warn => 3,
            CheckStatus::Fail => 4,
            CheckStatus::Error => 5,
        }
    }
    for (at, check) in part.checks.into_iter().enumerate() {
        // Most reports list the same rules at the same places.
        let same = whole.checks.get(at).is_some_and(|known| known.rule == check.rule);
        let at = if same { Some(at) } else { places.get(&check.rule).copied() };
        match at.and_then(|at| whole.checks.get_mut(at)) {
            None => {
                places.insert(check.rule.clone(), whole.checks.len());
                whole.checks.push(check);
            }
            Some(known) => {
                let findings = known.findings + check.findings;
                let ms = known.ms.saturating_add(check.ms);
                if (rank(check.status), check.level) > (rank(known.status), known.level) {
                    *known = check;
                }
                known.findings = findings;
                known.ms = ms;
            }
        }
    }
    whole.findings.extend(part.findings);
}

/// Puts a directory before the paths of a finding.
fn under(finding: &mut Finding, prefix: &str) {
    if let Location::File { path, .. } = &mut finding.location {
        *path = format!("{prefix}/{path}");
    }
    if let Some(fix) = &mut finding.fix {
        fix.path = format!("{prefix}/{}", fix.path);
    }
}

fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::of("read standard input", &error))?;
    if bytes.len() as u64 > LONGEST {
        let message = "standard input is larger than 4 MiB";
        return Err(Failure::new(ExitCode::Error, message).hint("name the project instead of one file"));
    }
    String::from_utf8(bytes).map_err(|_| {
        Failure::new(ExitCode::Error, "standard input is not UTF-8").hint("name the file instead")
    })
}

/// `1 file`, `2 files`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
