//! The checks of the verification script that the profile `prod-api` stands for, with the script's names.

use crate::shell::Shell;
use seaworthy_build::{BuildError, ErrorKind, Progress};
use seaworthy_facts::{
    BuildStep, CommandResult, ImageFacts, Observed, Outcome, ProjectFacts, RunFacts, Verification,
    VerificationCheck,
};
use seaworthy_finding::{ImageConfig, format_ms};
use std::fs;
use std::path::Path;

/// The profile whose script this is.
pub(crate) const PROFILE: &str = "prod-api";

/// The commands that the trial runs inside for it: whether a development dependency can be imported, and a control.
pub(crate) fn probes(image: &ImageFacts) -> Vec<Vec<String>> {
    let Some(python) = python(image) else { return Vec::new() };
    let import = |module: &str| vec![python.clone(), "-c".to_owned(), format!("import {module}")];
    vec![import("pytest"), import(&control(image))]
}

/// The interpreter that a program of the image gets by its name.
fn python(image: &ImageFacts) -> Option<String> {
    let config = &image.config.config;
    let path = config
        .env
        .iter()
        .find_map(|entry| entry.strip_prefix("PATH="))
        .unwrap_or("/usr/local/bin:/usr/bin:/bin");
    let found = path.split(':').find_map(|dir| {
        let names = ["python", "python3"];
        names
            .iter()
            .map(|name| format!("{}/{name}", dir.trim_end_matches('/')))
            .find(|path| image.file(path).is_some())
    });
    let venv = "/app/.venv/bin/python";
    found.or_else(|| image.file(venv).map(|_| venv.to_owned()))
}

/// A module that the image's own program needs, so that the interpreter is shown to import at all.
fn control(image: &ImageFacts) -> String {
    let argv = image.config.config.argv();
    let named = argv.iter().filter_map(|word| word.rsplit('/').next()).find(|name| {
        matches!(
            *name,
            "uvicorn" | "gunicorn" | "hypercorn" | "flask" | "fastapi" | "celery" | "daphne" | "granian"
        )
    });
    named.unwrap_or("encodings").to_owned()
}

/// What came of the two builds.
pub(crate) enum Builds {
    /// They were not made, for this reason.
    NotRun(String),
    /// The first failed, with the builder's words.
    Failed(String),
    /// Both were made.
    Made {
        /// The first one's time.
        ms: u64,
        /// The file whose bytes were changed for the second.
        changed: String,
        /// The steps of the second.
        steps: Vec<BuildStep>,
    },
}

/// Builds the project as it is, and once more with the bytes of one source file changed, in a copy.
pub(crate) fn builds(
    shell: &Shell,
    root: &Path,
    base: &Path,
    project: Option<&ProjectFacts>,
    image: Option<&ImageConfig>,
) -> Builds {
    let Some(project) = project else {
        return Builds::NotRun(
            "no project is named: `--project PATH` says what the image is built from".to_owned(),
        );
    };
    let default = ImageConfig::default();
    let image = image.unwrap_or(&default);
    let dockerfile = image.dockerfile.as_deref().unwrap_or("Dockerfile");
    if !root.join(dockerfile).is_file() {
        return Builds::NotRun(format!("`{}` is not there", root.join(dockerfile).display()));
    }
    let context = root.join(image.context.as_deref().unwrap_or("."));
    let Some(changed) = source_file(&context, project, image.context.as_deref()) else {
        return Builds::NotRun("no source file was found in the build context".to_owned());
    };
    shell.detail("building it, and again with one source file changed");
    let work = match crate::workdir::WorkDir::new("verify") {
        Ok(work) => work,
        Err(failure) => return Builds::NotRun(failure.message),
    };
    let copy = work.path().join("context");
    if let Err(error) = copy_tree(&context, &copy) {
        return Builds::NotRun(format!("the build context cannot be copied: {error}"));
    }
    let file = work.path().join("Dockerfile");
    let ignore = root.join(format!("{dockerfile}.dockerignore"));
    let copied = fs::copy(root.join(dockerfile), &file).map(drop);
    let copied = copied.and_then(|()| {
        if ignore.is_file() {
            fs::copy(&ignore, work.path().join("Dockerfile.dockerignore")).map(drop)
        } else {
            Ok(())
        }
    });
    if let Err(error) = copied {
        return Builds::NotRun(format!("the Dockerfile cannot be copied: {error}"));
    }
    let mut told = |event: Progress| {
        if let Progress::Output(line) = event
            && shell.verbose > 1
        {
            shell.line(&line);
        }
    };
    let started = std::time::Instant::now();
    if let Err(error) = crate::remote::steps(&file, &copy, base, project, image, &mut told) {
        return refused(&error);
    }
    let ms = crate::stages::millis(started);
    let touched = copy.join(&changed);
    let grown = fs::read(&touched).and_then(|mut bytes| {
        bytes.extend(nonce());
        fs::write(&touched, bytes)
    });
    if let Err(error) = grown {
        return Builds::NotRun(format!("`{changed}` cannot be changed in the copy: {error}"));
    }
    match crate::remote::steps(&file, &copy, base, project, image, &mut told) {
        Ok(steps) => Builds::Made { ms, changed, steps },
        Err(error) => refused(&error),
    }
}

fn refused(error: &BuildError) -> Builds {
    match error.kind() {
        ErrorKind::BuildFailed => {
            let output = error.output().unwrap_or_default();
            let last: Vec<&str> =
                output.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            Builds::Failed(format!("{error}: {}", last.join(" | ")))
        }
        _ => Builds::NotRun(error.to_string()),
    }
}

/// Blank lines that no file had before: what a builder has seen once it has in its cache, and every language passes over
/// them.
fn nonce() -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let number = now.as_nanos();
    (0..64).flat_map(|bit| if number >> bit & 1 == 1 { &b" \n"[..] } else { &b"\n"[..] }).copied().collect()
}

/// The source file that a change is tried with, relative to the context: a program's beginning where one is found.
fn source_file(context: &Path, project: &ProjectFacts, within: Option<&str>) -> Option<String> {
    const ENDS: [&str; 13] =
        ["py", "js", "mjs", "ts", "tsx", "jsx", "go", "rs", "rb", "php", "java", "kt", "cs"];
    let within =
        within.filter(|within| *within != ".").map(|within| format!("{}/", within.trim_matches('/')));
    let inside = project.context.iter().filter(|entry| !entry.is_dir).filter_map(|entry| match &within {
        Some(within) => entry.path.strip_prefix(within.as_str()),
        None => Some(entry.path.as_str()),
    });
    let source = inside.filter(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let end = name.rsplit_once('.').map(|(_, end)| end);
        let manifest =
            ["setup.py", "conftest.py", "noxfile.py", "build.rs", "next.config.js"].contains(&name);
        let test = path.split('/').any(|part| matches!(part, "tests" | "test" | "node_modules" | ".venv"));
        end.is_some_and(|end| ENDS.contains(&end)) && !manifest && !test
    });
    let rank = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.split('.').next().unwrap_or(name);
        let known = ["main", "app", "server", "index", "lib", "wsgi", "asgi"];
        (known.iter().position(|known| *known == stem).unwrap_or(known.len()), path.matches('/').count())
    };
    let mut found: Vec<&str> = source.filter(|path| context.join(path).is_file()).collect();
    found.sort_by_key(|path| (rank(path), *path));
    found.first().map(|path| (*path).to_owned())
}

/// Copies what a builder could be sent: files, directories and links, without version control and build results.
fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    const LEFT_OUT: [&str; 4] = [".git", "target", "node_modules", ".venv"];
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let (source, target) = (entry.path(), to.join(&name));
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_dir() {
            if !LEFT_OUT.iter().any(|left| name == *left) {
                copy_tree(&source, &target)?;
            }
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

/// Whether a build step installs dependencies.
fn installs(step: &str) -> bool {
    const WORDS: [&str; 22] = [
        "uv sync",
        "uv pip install",
        "pip install",
        "pip3 install",
        "poetry install",
        "pipenv install",
        "pdm sync",
        "pdm install",
        "npm ci",
        "npm install",
        "yarn install",
        "pnpm install",
        "bun install",
        "go mod download",
        "cargo fetch",
        "cargo chef cook",
        "bundle install",
        "composer install",
        "mvn dependency",
        "dotnet restore",
        "apt-get install",
        "apk add",
    ];
    step.contains("RUN") && WORDS.iter().any(|word| step.contains(word))
}

struct List(Vec<VerificationCheck>);

impl List {
    fn add(
        &mut self,
        story: &str,
        name: &str,
        outcome: Outcome,
        detail: impl Into<String>,
    ) -> &mut VerificationCheck {
        self.0.push(VerificationCheck {
            story: story.to_owned(),
            name: name.to_owned(),
            outcome,
            detail: detail.into(),
            fooled: None,
            weakness: None,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

/// Why something was not seen.
fn reason<T>(observed: &Observed<T>) -> String {
    match observed {
        Observed::NotRun(why) | Observed::NotApplicable(why) => why.clone(),
        Observed::Seen(_) | Observed::NotTried => "it was not tried".to_owned(),
    }
}

/// Every check, from what was seen.
pub(crate) fn judge(image: &ImageFacts, run: &RunFacts, builds: &Builds) -> Verification {
    let mut list = List(Vec::new());
    match builds {
        Builds::NotRun(why) => list.add("US1", "Build", Outcome::NotRun, why),
        Builds::Failed(why) => list.add("US1", "Build", Outcome::Failed, why),
        Builds::Made { ms, .. } => {
            list.add("US1", "Build", Outcome::Passed, format!("Build OK ({})", format_ms(*ms)))
        }
    };
    health(run, &mut list);
    user(run, &mut list);
    logging(run, &mut list);
    stop(run, &mut list);
    dependencies(image, run, &mut list);
    secrets(image, &mut list);
    missing(run, &mut list);
    cache(builds, &mut list);
    Verification { profile: PROFILE.to_owned(), checks: list.0 }
}

fn health(run: &RunFacts, list: &mut List) {
    let Some(ready) = run.ready.seen() else {
        list.add("US1", "Health check", Outcome::NotRun, reason(&run.ready));
        return;
    };
    let (name, boot) = ("Health check", &ready.boot);
    if boot.ready {
        let detail = format!("Health check passed ({} after {})", ready.probe, format_ms(boot.ms));
        list.add("US1", name, Outcome::Passed, detail);
    } else {
        let detail = format!("no answer to {} ({})", ready.probe, ready.last_answer);
        list.add("US1", name, Outcome::Failed, detail);
    }
}

fn user(run: &RunFacts, list: &mut List) {
    let name = "Non-root user";
    let check = match run.privileges.seen() {
        None => list.add("US2", name, Outcome::NotRun, reason(&run.privileges)),
        Some(status) if status.uid == 0 => {
            list.add("US2", name, Outcome::Failed, "process running as root (UID 0)")
        }
        Some(status) => {
            list.add("US2", name, Outcome::Passed, format!("Non-root user OK (UID {})", status.uid))
        }
    };
    check.weakness = Some(
        "`docker exec … id -u` is a second process: it has the configured user, not that of process 1"
            .to_owned(),
    );
}

fn logging(run: &RunFacts, list: &mut List) {
    let name = "Stdout logging";
    let Some(logs) = run.logs.seen() else {
        list.add("US2", name, Outcome::NotRun, reason(&run.logs));
        return;
    };
    let words = ["Started server", "Application startup complete"];
    let said = logs.startup.iter().find(|line| words.iter().any(|word| line.contains(word)));
    let check = match (said, logs.stdout_lines + logs.stderr_lines) {
        (_, 0) => list.add("US2", name, Outcome::Failed, "no startup logs found on stdout/stderr"),
        (Some(_), _) => list.add("US2", name, Outcome::Passed, "Stdout logging OK"),
        (None, count) => {
            let check = list.add(
                "US2",
                name,
                Outcome::Passed,
                format!("Stdout logging OK ({count} lines, none in the words of uvicorn)"),
            );
            check.fooled =
                Some("it looks for words of one server, and would have failed this one".to_owned());
            check
        }
    };
    check.weakness =
        Some("`docker logs … | grep -q` under pipefail fails at random: grep leaves early and the writer dies of SIGPIPE".to_owned());
}

fn stop(run: &RunFacts, list: &mut List) {
    let name = "Graceful shutdown";
    let Some(stop) = run.stop.seen() else {
        list.add("US1", name, Outcome::NotRun, reason(&run.stop));
        return;
    };
    let status = stop.exit.status();
    if status == 0 && !stop.forced && !stop.early {
        list.add(
            "US1",
            name,
            Outcome::Passed,
            format!("Graceful shutdown OK (exit 0, {} after {})", format_ms(stop.ms), stop.signal),
        );
        return;
    }
    let why = stop.diagnosis.first().map(|why| format!(": {why}")).unwrap_or_default();
    let what =
        if stop.early { "it had ended by itself".to_owned() } else { format!("non-zero exit {status}") };
    let check = list.add("US1", name, Outcome::Failed, format!("{what}{why}"));
    if status == 0 && stop.early {
        check.fooled =
            Some("`docker wait` gives the exit status of a container that ended long before".to_owned());
    }
}

fn dependencies(image: &ImageFacts, run: &RunFacts, list: &mut List) {
    let name = "Dev deps absent";
    let listed = image.packages.iter().find(|package| package.name.eq_ignore_ascii_case("pytest"));
    let weakness = "`python -c 'import pytest' 2>/dev/null` also fails where the interpreter cannot start";
    let check = match run.probes.as_slice() {
        [] if listed.is_some() => {
            list.add("US2", name, Outcome::Failed, "pytest is among the packages of the production image")
        }
        [] if python(image).is_none() => {
            list.add("US2", name, Outcome::NotApplicable, "the image has no Python")
        }
        [] => list.add(
            "US2",
            name,
            Outcome::NotRun,
            "the service did not become ready, so nothing was run in it",
        ),
        [pytest, rest @ ..] => {
            let works = |probe: &CommandResult| probe.status == Some(0);
            if works(pytest) {
                list.add(
                    "US2",
                    name,
                    Outcome::Failed,
                    "pytest importable in production image (dev deps present)",
                )
            } else if let Some(control) = rest.iter().find(|probe| !works(probe)) {
                let check = list.add(
                    "US2",
                    name,
                    Outcome::Failed,
                    format!("the control `{}` fails too, so that pytest fails says nothing", control.command),
                );
                check.fooled = Some("a failing import of pytest is all it looks for".to_owned());
                check
            } else if listed.is_some() {
                let check = list.add(
                    "US2",
                    name,
                    Outcome::Failed,
                    "pytest is installed, though not where the program looks",
                );
                check.fooled = Some("it asks one interpreter only".to_owned());
                check
            } else {
                let control = rest.first().map(|probe| format!(" (control: `{}` works)", probe.command));
                list.add(
                    "US2",
                    name,
                    Outcome::Passed,
                    format!("Dev deps absent OK{}", control.unwrap_or_default()),
                )
            }
        }
    };
    check.weakness = Some(weakness.to_owned());
}

fn secrets(image: &ImageFacts, list: &mut List) {
    let name = "No secrets in image layers";
    let words = ["password", "secret_key", "api_key", "token"];
    let matched: Vec<&str> = image
        .config
        .history
        .iter()
        .filter_map(|entry| entry.created_by.as_deref())
        .filter(|line| words.iter().any(|word| line.to_lowercase().contains(word)))
        .collect();
    let check = if let Some(secret) = image.secrets.first() {
        let place = match &secret.place {
            seaworthy_facts::SecretPlace::File { index, path, hidden, .. } => {
                let gone = if *hidden { ", deleted by a later layer" } else { "" };
                format!("`{path}` of layer {}{gone}", index + 1)
            }
            seaworthy_facts::SecretPlace::Env { name } => format!("the variable {name}"),
            seaworthy_facts::SecretPlace::Label { name } => format!("the label {name}"),
            seaworthy_facts::SecretPlace::History { index } => format!("entry {} of the history", index + 1),
            seaworthy_facts::SecretPlace::Field { name } => name.clone(),
        };
        let detail = format!(
            "{} found: {} in {place}",
            if image.secrets.len() == 1 { "secret" } else { "secrets" },
            secret.what
        );
        let check = list.add("US2", name, Outcome::Failed, detail);
        if matched.is_empty() {
            check.fooled = Some("`docker history | grep` sees no files: it finds 0 lines here".to_owned());
        }
        check
    } else {
        let detail = format!("No secrets in image layers OK ({} layers read)", image.layers.len());
        let check = list.add("US2", name, Outcome::Passed, detail);
        if let Some(line) = matched.first() {
            let shown: String = line.chars().take(60).collect();
            check.fooled =
                Some(format!("its grep matches `{shown}`, which holds no secret, and would have failed"));
        }
        check
    };
    check.weakness = Some(
        "`docker history | grep` sees strings of the configuration, never the contents of layers".to_owned(),
    );
}

fn missing(run: &RunFacts, list: &mut List) {
    let name = "Missing-env-var exit check";
    let Some(missing) = run.missing.seen() else {
        let why = reason(&run.missing);
        list.add("US1", name, Outcome::NotRun, format!("{why}; `required` in `[image.test]` names them"));
        return;
    };
    let refused =
        |boot: &seaworthy_facts::Boot| !boot.ready && boot.exit.is_some_and(|exit| exit.status() != 0);
    let (good, bad): (Vec<_>, Vec<_>) = missing.iter().partition(|variable| refused(&variable.boot));
    let check = if bad.is_empty() {
        let detail = format!("Missing-env-var exit check OK ({} variables, one at a time)", missing.len());
        list.add("US1", name, Outcome::Passed, detail)
    } else {
        let names: Vec<&str> = bad.iter().map(|variable| variable.name.as_str()).collect();
        let detail = format!("it starts, or ends with success, without {}", names.join(", "));
        let check = list.add("US1", name, Outcome::Failed, detail);
        if let Some(other) = good.first() {
            check.fooled = Some(format!(
                "it leaves out all variables but one at once, and the absence of `{}` alone makes the exit non-zero",
                other.name
            ));
        }
        check
    };
    check.weakness = Some(
        "it passes one variable and leaves out all others at once: any failure at all satisfies it"
            .to_owned(),
    );
}

fn cache(builds: &Builds, list: &mut List) {
    let name = "Dep layer cache hit";
    let (changed, steps) = match builds {
        Builds::NotRun(why) => {
            list.add("US3", name, Outcome::NotRun, why);
            return;
        }
        Builds::Failed(_) => {
            list.add("US3", name, Outcome::NotRun, "the build failed");
            return;
        }
        Builds::Made { changed, steps, .. } => (changed, steps),
    };
    let cached = steps.iter().filter(|step| step.cached).count();
    let dependencies: Vec<&BuildStep> = steps.iter().filter(|step| installs(&step.name)).collect();
    let again: Vec<&&BuildStep> = dependencies.iter().filter(|step| !step.cached).collect();
    let short = |step: &BuildStep| step.name.chars().take(90).collect::<String>();
    let check = if dependencies.is_empty() {
        list.add("US3", name, Outcome::NotApplicable, "no step of the build installs dependencies")
    } else if let Some(step) = again.first() {
        let detail = format!(
            "dependency layer not reused on source-only rebuild: `{}` ran again ({}) although only `{changed}` changed",
            short(step),
            format_ms(step.ms)
        );
        let check = list.add("US3", name, Outcome::Failed, detail);
        if cached > 0 {
            check.fooled =
                Some(format!("it looks for `CACHED` anywhere, and {cached} other steps were cached"));
        }
        check
    } else {
        let detail = format!(
            "Dep layer cache hit confirmed (US3 OK): {} of {} steps cached after a change of `{changed}`, `{}` among them",
            cached,
            steps.len(),
            dependencies.first().map(|step| short(step)).unwrap_or_default()
        );
        list.add("US3", name, Outcome::Passed, detail)
    };
    check.weakness = Some(
        "`touch` changes no bytes, and BuildKit hashes bytes: everything is cached; and `CACHED` anywhere in the log is enough"
            .to_owned(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, cached: bool) -> BuildStep {
        BuildStep { name: name.to_owned(), cached, ms: 9_400 }
    }

    #[test]
    fn a_dependency_step_that_runs_again_is_named_though_others_are_cached() {
        let steps = vec![step("[1/4] FROM x", true), step("[3/4] RUN uv sync --frozen", false)];
        let builds = Builds::Made { ms: 1, changed: "app/main.py".to_owned(), steps };
        let mut list = List(Vec::new());
        cache(&builds, &mut list);
        let check = &list.0[0];
        assert_eq!(check.outcome, Outcome::Failed);
        assert!(check.detail.contains("uv sync") && check.detail.contains("app/main.py"), "{}", check.detail);
        assert!(check.fooled.as_ref().is_some_and(|why| why.contains("1 other steps")));
    }

    #[test]
    fn a_variable_with_a_default_is_found_behind_the_others() {
        let variable = |name: &str, code: Option<i32>| seaworthy_facts::MissingVariable {
            name: name.to_owned(),
            boot: seaworthy_facts::Boot {
                ready: code.is_none(),
                exit: code.map(|code| seaworthy_facts::Exit { code: Some(code), ..Default::default() }),
                ..Default::default()
            },
            ..Default::default()
        };
        let missing_facts = vec![variable("A", Some(1)), variable("B", None)];
        let run = RunFacts { missing: Observed::Seen(missing_facts), ..RunFacts::default() };
        let mut list = List(Vec::new());
        missing(&run, &mut list);
        let check = &list.0[0];
        assert_eq!(check.outcome, Outcome::Failed);
        assert!(
            check.detail.ends_with("without B")
                && check.fooled.as_ref().is_some_and(|why| why.contains("`A`"))
        );
    }
}
