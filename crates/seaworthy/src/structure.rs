//! Files of container-structure-test: reading them, running them, and saying whether they are right.

use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::shell::Shell;
use crate::stages;
use crate::workdir::WorkDir;
use seaworthy_facts::{StructureFacts, StructureProblem};
use seaworthy_finding::{ExitCode, TestConfig, parse_duration_ms};
use seaworthy_inspect::Tree;
use seaworthy_sandbox::{Mode, Runtime};
use seaworthy_store::{Image, Limits, UnpackOptions};
use seaworthy_structure::{Caller, Commands, Schema, Subject, Suite, judge};
use seaworthy_trial::{NoCommands, SandboxCommands};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Largest file of tests.
const LARGEST: u64 = 4 << 20;
/// Longest time of one command, where nothing else is asked for.
const COMMAND: Duration = Duration::from_mins(1);

/// How tests are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Longest time of one command.
    pub(crate) timeout: Duration,
    /// Whether directories of this machine may be mounted.
    pub(crate) allow_binds: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { timeout: COMMAND, allow_binds: false }
    }
}

impl Options {
    /// What the policy says.
    pub(crate) fn of(test: &TestConfig) -> Self {
        Self { timeout: test.structure_timeout.map_or(COMMAND, Duration::from_millis), ..Self::default() }
    }
}

/// Reads a time such as `90s`.
pub(crate) fn timeout(text: &str) -> Result<Duration, Failure> {
    let wrong = || {
        Failure::new(ExitCode::Error, format!("`--command-timeout {text}` is no time"))
            .hint("write it like `90s` or `2m`")
    };
    let time = parse_duration_ms(text).map(Duration::from_millis).ok_or_else(wrong)?;
    if time.is_zero() { Err(wrong()) } else { Ok(time) }
}

/// Reads files. A path is shown relative to the root it lies below.
pub(crate) fn read(files: &[PathBuf], root: &Path) -> Result<Vec<Suite>, Failure> {
    files
        .iter()
        .map(|file| {
            let mut bytes = Vec::new();
            let failed =
                |error| Failure::file("read", file, &error).hint("name a file of container-structure-test");
            let opened = std::fs::File::open(file).map_err(failed)?;
            opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
            if bytes.len() as u64 > LARGEST {
                let message =
                    format!("failed to read `{}`: it is larger than {} MiB", file.display(), LARGEST >> 20);
                return Err(Failure::new(ExitCode::Error, message));
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok(seaworthy_structure::read(&shown(file, root), text))
        })
        .collect()
}

/// A path as reports show it: relative to the root where it lies below, else as it was given.
fn shown(file: &Path, root: &Path) -> String {
    let below = || {
        let (file, root) = (std::fs::canonicalize(file).ok()?, std::fs::canonicalize(root).ok()?);
        Some(file.strip_prefix(root).ok()?.to_string_lossy().into_owned())
    };
    let absolute = || std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    below().unwrap_or_else(|| absolute().to_string_lossy().into_owned())
}

/// Runs every test of the files against an image.
pub(crate) fn run(
    shell: &Shell,
    image: &Image,
    suites: &[Suite],
    options: Options,
) -> Result<StructureFacts, Failure> {
    let begun = Instant::now();
    let commands = suites.iter().any(Suite::has_commands);
    let mut wanted: Vec<String> = suites.iter().flat_map(Suite::contents).collect();
    if commands {
        wanted.extend(["/etc/passwd".to_owned(), "/etc/group".to_owned()]);
    }
    let runtime = if commands { sandbox() } else { Err("no command is run".to_owned()) };
    let _stop = runtime.is_ok().then(|| {
        on_interrupt(|| {
            Runtime::shut_down();
        })
    });
    let work = runtime.is_ok().then(|| WorkDir::new("structure")).transpose()?;
    let kept = trees();
    // Files are answered from the layers, commands need them on a disk: two readings, at the same time.
    let (tree, root) = std::thread::scope(|scope| {
        let unpacked = work.as_ref().map(|work| {
            shell.detail("unpacking the image for the sandbox");
            let root = work.path().join("rootfs");
            scope.spawn(move || {
                seaworthy_store::unpack(image, &root, &UnpackOptions::default()).map(|unpacked| unpacked.root)
            })
        });
        let tree = Tree::read(image, Limits::default(), &wanted, kept.as_deref()).map_err(|error| {
            let failure = Failure::of("read the image", &error);
            match error.hint() {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        });
        let root = unpacked.map(std::thread::ScopedJoinHandle::join);
        (tree, root)
    });
    let tree = tree?;
    let root = match root {
        None => None,
        Some(Ok(root)) => Some(root.map_err(|error| stages::store_failure("unpack the image", &error))?),
        Some(Err(_)) => return Err(Failure::new(ExitCode::Error, "failed to unpack the image")),
    };
    let config = &image.config.config;
    let sandboxed;
    let nothing;
    let runner: &dyn Commands = match (&runtime, &root) {
        (Ok(runtime), Some(root)) => {
            let text = |path: &str| {
                let files = seaworthy_structure::Container::new(&tree, config);
                files.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
            };
            let (passwd, group) = (text("/etc/passwd"), text("/etc/group"));
            sandboxed = SandboxCommands::new(runtime, root, config, &passwd, &group, options.timeout);
            &sandboxed
        }
        (Err(why), _) => {
            nothing = NoCommands(why.clone());
            &nothing
        }
        (Ok(_), None) => {
            nothing = NoCommands("the image was not unpacked".to_owned());
            &nothing
        }
    };
    let subject = Subject { config, files: &tree, commands: runner };
    let caller = Caller {
        variable: &|name| std::env::var(name).ok(),
        file: &|path| std::fs::read_to_string(path).map_err(|error| error.to_string()),
        allow_binds: options.allow_binds,
    };
    let mut tell = |test: &seaworthy_facts::StructureTest| {
        // Only what takes its time is told while it happens.
        if test.ms > 0 {
            shell.detail(&seaworthy_report::escape(&test.name));
        }
    };
    let files = suites.iter().map(|suite| judge(suite, &subject, &caller, &mut tell)).collect();
    Ok(StructureFacts { files, ms: stages::millis(begun) })
}

/// Where trees of images that were read before are kept; nowhere without a home.
fn trees() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    Some(cache.or_else(|| Some(set("HOME")?.join(".cache")))?.join("seaworthy/trees"))
}

/// The sandbox, or why there is none.
fn sandbox() -> Result<Runtime, String> {
    let runtime =
        Runtime::new(None).map_err(|error| format!("the sandbox cannot run here: failed to {error}"))?;
    match runtime.mode() {
        Mode::Root | Mode::Rootless => Ok(runtime),
        Mode::Unavailable { reason } => Err(format!("the sandbox cannot run here: {reason}")),
    }
}

/// Says of each file whether it is right; nothing is run.
pub(crate) fn validate(shell: &Shell, suites: &[Suite], json: bool) -> Result<ExitCode, Failure> {
    let (mut code, mut tests) = (ExitCode::Clean, 0);
    let (mut text, mut values) = (String::new(), Vec::new());
    for suite in suites {
        let wrong: Vec<&StructureProblem> =
            suite.problems.iter().chain(suite.tests.iter().flat_map(|test| &test.faults)).collect();
        if !wrong.is_empty() {
            code = ExitCode::Findings;
        }
        tests += suite.tests.len();
        let place =
            |problem: &StructureProblem| suite.file.lines.line_col(&suite.file.text, problem.span.start);
        let schema = suite.schema.map(|schema| if schema == Schema::One { "1.0.0" } else { "2.0.0" });
        if json {
            let told = |problem: &&StructureProblem| {
                let (line, column) = place(problem);
                serde_json::json!({"line": line, "column": column, "message": problem.message, "help": problem.help})
            };
            values.push(serde_json::json!({
                "file": suite.file.path,
                "schema": schema,
                "tests": suite.tests.len(),
                "problems": wrong.iter().map(told).collect::<Vec<_>>(),
                "hints": suite.hints.iter().collect::<Vec<_>>().iter().map(told).collect::<Vec<_>>(),
            }));
            continue;
        }
        let path = seaworthy_report::escape(&suite.file.path);
        for (problem, lead) in
            wrong.iter().map(|one| (*one, "")).chain(suite.hints.iter().map(|one| (one, "note: ")))
        {
            let (line, column) = place(problem);
            let help = if problem.help.is_empty() { String::new() } else { format!("; {}", problem.help) };
            let message = seaworthy_report::escape(&format!("{lead}{}{help}", problem.message));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{path}:{line}:{column}: {message}");
        }
        if wrong.is_empty() {
            let count = if suite.tests.len() == 1 {
                "1 test".to_owned()
            } else {
                format!("{} tests", suite.tests.len())
            };
            let _ = writeln!(text, "{path}: {count}, schema {}", schema.unwrap_or("unknown"));
        }
    }
    if json {
        text = format!("{}\n", serde_json::Value::Array(values));
    }
    shell.out(&text)?;
    if code == ExitCode::Clean && tests == 0 {
        return Err(nothing_to_run(suites));
    }
    Ok(code)
}

/// The files hold no test: a run would prove nothing.
pub(crate) fn nothing_to_run(suites: &[Suite]) -> Failure {
    let names: Vec<String> = suites.iter().map(|suite| format!("`{}`", suite.file.path)).collect();
    Failure::new(ExitCode::NothingToCheck, format!("there is no test in {}", names.join(", ")))
        .hint("write tests under `commandTests`, `fileExistenceTests`, `fileContentTests`, `metadataTest` or `licenseTests`")
}
