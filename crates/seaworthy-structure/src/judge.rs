//! Holds an image against a file.

use crate::command::{self, Answer, Commands, Environment};
use crate::expand::expand;
use crate::metadata::variables;
use crate::mode::{from_ls, ls, mode_string};
use crate::model::{ContentTest, ExistenceTest, Kind, RunOptions, Suite, Test};
use crate::view::{Container, Files};
use crate::{license, metadata};
use seaworthy_facts::{StructureFile, StructureOutcome, StructureProblem, StructureTest};
use seaworthy_finding::Span;
use seaworthy_oci::ContainerConfig;

/// The image.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its configuration.
    pub config: &'a ContainerConfig,
    /// Its files.
    pub files: &'a dyn Files,
    /// Where its programs run.
    pub commands: &'a dyn Commands,
}

/// What the caller gives and allows.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The value of a variable of the caller's environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file of the caller, or why it cannot be read.
    pub file: &'a dyn Fn(&str) -> Result<String, String>,
    /// Whether directories of the host may be mounted.
    pub allow_binds: bool,
}

/// Longest output of a command in the results, in bytes.
const KEPT: usize = 8 << 10;

/// Runs every test of a file; a refused file runs none.
pub fn judge(
    suite: &Suite,
    subject: &Subject<'_>,
    caller: &Caller<'_>,
    tell: &mut dyn FnMut(&StructureTest),
) -> StructureFile {
    let mut file = StructureFile {
        path: suite.file.path.clone(),
        text: suite.file.text.clone(),
        problems: suite.problems.clone(),
        tests: Vec::new(),
    };
    if suite.refused() {
        return file;
    }
    let container = Container::new(subject.files, subject.config);
    let given = given(&suite.options, caller);
    let mut environment = given.map(|given| Environment::new(suite, subject.config, given));
    for test in &suite.tests {
        let mut result = StructureTest {
            name: test.title(),
            span: test.span,
            outcome: StructureOutcome::Failed,
            errors: test.faults.clone(),
            ..StructureTest::default()
        };
        // A test with a fault fails whatever the image is, so nothing of it runs.
        if test.faults.is_empty() {
            match &test.kind {
                Kind::Command(_) => run(test, suite, subject, caller, &mut environment, &mut result),
                Kind::Content(content) => result.errors = self::content(content, &container),
                Kind::Existence(existence) => {
                    result.errors = self::existence(existence, test.span, subject.config, &container);
                }
                Kind::License(license) => {
                    result.errors = license::judge(license, test.span, &container);
                }
                Kind::Metadata(test) => result.errors = metadata::judge(test, subject.config),
            }
            if result.errors.is_empty() {
                result.outcome = StructureOutcome::Passed;
            }
        }
        tell(&result);
        file.tests.push(result);
    }
    file
}

fn problem(span: Span, message: String, help: &str) -> StructureProblem {
    StructureProblem { span, message, help: help.to_owned() }
}

/// The variables that `containerRunOptions` takes from the caller.
fn given(options: &RunOptions, caller: &Caller<'_>) -> Result<Vec<(String, String)>, StructureProblem> {
    let mut given = Vec::new();
    if let Some(path) = &options.env_file {
        let text = (caller.file)(&path.value).map_err(|why| {
            problem(
                path.span,
                format!("failed to read `{}`: {why}", path.value),
                "it is relative to the working directory",
            )
        })?;
        for line in
            text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line.split_once('=') {
                Some((name, value)) => given.push((name.to_owned(), value.to_owned())),
                None => given.extend((caller.variable)(line).map(|value| (line.to_owned(), value))),
            }
        }
    }
    for name in &options.env {
        match name.value.split_once('=') {
            Some((name, value)) => given.push((name.to_owned(), value.to_owned())),
            None => given.extend((caller.variable)(&name.value).map(|value| (name.value.clone(), value))),
        }
    }
    Ok(given)
}

/// Why no command of the file can be run, where it asks for what is refused.
fn refusal(options: &RunOptions, caller: &Caller<'_>) -> Option<StructureProblem> {
    if let Some(span) = options.privileged {
        let help = "name the `capabilities` the commands need instead";
        return Some(problem(
            span,
            "`privileged` would hand the machine to the image, and is refused".to_owned(),
            help,
        ));
    }
    if let Some(span) = options.tty {
        let message =
            "`allocateTty`: the sandbox has no terminal, on which both streams would be one".to_owned();
        return Some(problem(span, message, "leave it out where the commands do not need one"));
    }
    match options.binds.first() {
        Some(bind) if !caller.allow_binds => {
            let message = format!("`bindMounts` would give `{}` to the image, and is refused", bind.value);
            Some(problem(bind.span, message, "`--allow-bind-mounts` allows it"))
        }
        _ => None,
    }
}

fn run(
    test: &Test,
    suite: &Suite,
    subject: &Subject<'_>,
    caller: &Caller<'_>,
    environment: &mut Result<Environment, StructureProblem>,
    result: &mut StructureTest,
) {
    let Kind::Command(command) = &test.kind else { return };
    if let Some(why) = refusal(&suite.options, caller) {
        result.outcome = StructureOutcome::NotRun;
        result.errors.push(why);
        return;
    }
    let environment = match environment {
        Ok(environment) => environment,
        Err(why) => {
            result.errors.push(why.clone());
            return;
        }
    };
    let (request, unknown) =
        command::request(command, environment, &suite.options, subject.config, caller.allow_binds);
    let kept = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let end = (0..=KEPT.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        if end < text.len() { format!("{}…", &text[..end]) } else { text.into_owned() }
    };
    match subject.commands.run(&request) {
        Answer::Ended { code, stdout, stderr, ms, notes } => {
            let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
            result.errors = command::judge(command, test.span, code, &out, &err);
            if let Some(first) = result.errors.first_mut().filter(|first| first.help.is_empty()) {
                let names: Vec<String> = unknown.iter().map(|name| format!("`${name}`")).collect();
                if !names.is_empty() {
                    first.help = format!(
                        "{} is no variable of the image and was replaced by nothing before the command ran, as \
                         container-structure-test does",
                        names.join(", ")
                    );
                } else if !notes.is_empty() {
                    first.help = notes.join("; ");
                }
            }
            (result.stdout, result.stderr, result.ms) = (kept(&stdout), kept(&stderr), ms);
        }
        Answer::Failed { why, help, stdout, stderr, ms } => {
            let span = command.command.first().map_or(test.span, |word| word.span);
            result.errors.push(problem(span, why, &help));
            (result.stdout, result.stderr, result.ms) = (kept(&stdout), kept(&stderr), ms);
        }
        Answer::NotRun(why) => {
            result.outcome = StructureOutcome::NotRun;
            result.errors.push(problem(test.span, why, ""));
        }
    }
    if result.errors.is_empty() {
        result.outcome = StructureOutcome::Passed;
    }
}

fn content(test: &ContentTest, container: &Container<'_>) -> Vec<StructureProblem> {
    match container.read(&test.path.value) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let what = format!("`{}`", test.path.value);
            let expected = test.expected.iter().filter_map(|one| command::mismatch(one, &text, &what, true));
            expected
                .chain(test.excluded.iter().filter_map(|one| command::mismatch(one, &text, &what, false)))
                .collect()
        }
        Err(why) => {
            let help = if test.path.value.contains('$') {
                "variables stand for their values in existence tests only, as in container-structure-test; write the path out"
            } else if !test.path.value.starts_with('/') {
                "paths are absolute"
            } else {
                ""
            };
            vec![problem(test.path.span, format!("`{}` cannot be read: {why}", test.path.value), help)]
        }
    }
}

fn existence(
    test: &ExistenceTest,
    span: Span,
    config: &ContainerConfig,
    container: &Container<'_>,
) -> Vec<StructureProblem> {
    let env = variables(&config.env);
    let (path, unknown) = expand(&test.path.value, &|name| env.get(name).map(|value| (*value).to_owned()));
    let mut errors = Vec::new();
    let stat = match (container.stat(&path), test.should_exist) {
        (Ok(_), false) => {
            errors.push(problem(test.path.span, format!("`{path}` exists, and must not"), ""));
            return errors;
        }
        (Ok(stat), true) => stat,
        // What is absent has no permissions to compare.
        (Err(_), false) => return errors,
        (Err(why), true) => {
            let help = if unknown.is_empty() {
                String::new()
            } else {
                format!("`${}` is no variable of the image, so it stands for nothing", unknown.join("`, `$"))
            };
            let message = if why.starts_with(&format!("`{path}` does")) {
                why
            } else {
                format!("`{path}` does not exist: {why}")
            };
            errors.push(problem(test.path.span, message, &help));
            return errors;
        }
    };
    let own = mode_string(stat.kind, stat.mode);
    let wanted = test.permissions.value.as_str();
    if !wanted.is_empty() && wanted != own {
        let help = match from_ls(wanted) {
            Some((kind, mode))
                if (kind, mode) == (stat.kind, stat.mode) || ls(stat.kind, stat.mode) == wanted =>
            {
                format!("the permissions are these, but this is how `ls` writes them: write `{own}`")
            }
            Some((kind, mode)) if mode_string(kind, mode) != wanted => {
                format!(
                    "this is how `ls` writes them; the same is written `{}` here",
                    mode_string(kind, mode)
                )
            }
            _ => String::new(),
        };
        let message = format!("the permissions of `{path}` are `{own}`, expected `{wanted}`");
        errors.push(problem(test.permissions.span, message, &help));
    }
    let bits = match test.executable_by.value.as_str() {
        "any" => 0o111,
        "owner" => 0o100,
        "group" => 0o010,
        "other" => 0o001,
        _ => 0,
    };
    if bits != 0 && stat.mode & bits == 0 {
        let who = &test.executable_by;
        let who_text = if who.value == "any" { "anybody" } else { who.value.as_str() };
        errors.push(problem(who.span, format!("`{path}` is not executable by {who_text}: `{own}`"), ""));
    }
    for (what, wanted, own) in [("owner", test.uid, stat.uid), ("group", test.gid, stat.gid)] {
        if let Some((wanted, at)) = wanted
            && wanted != i64::from(own)
        {
            let at = if at == Span::default() { span } else { at };
            errors.push(problem(at, format!("the {what} of `{path}` is {own}, expected {wanted}"), ""));
        }
    }
    errors
}
