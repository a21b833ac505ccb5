//! The stages as functions from arguments to facts, shared by `ship` and the single commands.

use crate::beside::{self, ServiceImage};
use crate::cli::{EngineArg, Global};
use crate::config::Config;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::output;
use crate::shell::Shell;
use crate::workdir::WorkDir;
use seaworthy_build::{BuildError, ErrorKind, Progress};
use seaworthy_facts::{BuildFacts, Facts, ImageFacts, ProjectFacts, RunFacts};
use seaworthy_finding::{ExitCode, Family, ImageConfig, Report, TestConfig};
use seaworthy_oci::{Platform, Source};
use seaworthy_sandbox::{Mode, Runtime};
use seaworthy_store::{Image, StoreError};
use seaworthy_trial::{Driver, Event, Options, Plan, PlanError, Required, SandboxDriver, Subject};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Families of the static stage.
pub(crate) const STATIC: [Family; 5] =
    [Family::Dockerfile, Family::Ignore, Family::Compose, Family::Workflow, Family::Document];

/// Reads the repository's claims.
pub(crate) fn collect(path: &Path) -> Result<ProjectFacts, Failure> {
    if let Ok(meta) = std::fs::metadata(path)
        && !meta.is_dir()
        && !meta.is_file()
    {
        let message = format!("`{}` is neither a directory nor a regular file", path.display());
        return Err(Failure::new(ExitCode::Error, message).hint("name a project or a file to check"));
    }
    let options = seaworthy_project::Options::default();
    seaworthy_project::collect(path, &options).map_err(|error| Failure::of("read the project", &error))
}

/// Says which files of the project could not be looked at.
pub(crate) fn note_unread(shell: &Shell, project: &ProjectFacts) {
    for (path, why) in &project.unreadable {
        shell.note(&format!(
            "`{}` was not read: {}",
            seaworthy_report::escape(path),
            seaworthy_report::escape(why)
        ));
    }
}

/// How an image may be named.
pub(crate) const SOURCES: &str = "write `oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:REF`, `containers-storage:REF`, \
     `docker://REF` or `dir:DIR`";

/// Opens an image of a layout, an archive, an engine or a registry.
pub(crate) fn open_image(
    shell: &Shell,
    global: &Global,
    text: &str,
    platform: Option<&str>,
) -> Result<Image, Failure> {
    let source: Source =
        text.parse().map_err(|error| Failure::of("read the image's name", &error).hint(SOURCES))?;
    let platform = match platform {
        None => None,
        Some(text) => Some(Platform::parse(text).ok_or_else(|| {
            Failure::new(ExitCode::Error, format!("`{text}` is no platform"))
                .hint("write it like `linux/amd64`")
        })?),
    };
    match seaworthy_store::open(&source, platform.as_ref()) {
        Ok(image) => {
            let own = &image.config;
            if let Some(wanted) = &platform
                && (wanted.os != own.os || wanted.architecture != own.architecture)
            {
                let message =
                    format!("`{text}` is an image for {}/{}, not for {wanted}", own.os, own.architecture);
                return Err(Failure::new(ExitCode::Error, message)
                    .hint("leave `--platform` out, or name an image that was built for it"));
            }
            if matches!(source, Source::Bare(_)) {
                shell.note(&format!("`{text}` is read as `{}`", image.source));
            }
            Ok(image)
        }
        Err(StoreError::Elsewhere(source)) => crate::remote::open(shell, global, &source, platform.as_ref()),
        Err(error) => Err(store_failure("open the image", &error)),
    }
}

/// A store error with its hint.
pub(crate) fn store_failure(what: &str, error: &StoreError) -> Failure {
    let failure = Failure::of(what, error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// One pass over the image's bytes.
pub(crate) fn inspect(image: &Image) -> Result<ImageFacts, Failure> {
    inspect_layers(image, &seaworthy_inspect::Options::default()).map(|(facts, _)| facts)
}

/// The same, with every entry of every layer.
pub(crate) fn inspect_layers(
    image: &Image,
    options: &seaworthy_inspect::Options,
) -> Result<(ImageFacts, seaworthy_inspect::Layers), Failure> {
    seaworthy_inspect::inspect_layers(image, options).map_err(|error| {
        let failure = Failure::of("inspect the image", &error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })
}

/// The directory for results.
pub(crate) fn output_dir(project: &Path, wanted: Option<&Path>) -> Result<PathBuf, Failure> {
    let dir = match wanted {
        Some(dir) => dir.to_owned(),
        None if project.join("Cargo.toml").is_file() => project.join("target").join("seaworthy"),
        None => project.join(".seaworthy"),
    };
    let failed = |error: std::io::Error| Failure::file("make", &dir, &error);
    std::fs::create_dir_all(&dir).map_err(failed)?;
    let ignore = dir.join(".gitignore");
    if !ignore.exists() {
        std::fs::write(&ignore, "*\n").map_err(failed)?;
    }
    Ok(dir)
}

/// Builds the image of a project into a layout.
#[expect(clippy::too_many_arguments, reason = "a stage is a function of all that it depends on")]
pub(crate) fn build(
    shell: &Shell,
    global: &Global,
    project: &Path,
    facts: &ProjectFacts,
    image: &ImageConfig,
    engine: Option<EngineArg>,
    layout: &Path,
    tag: &str,
) -> Result<BuildFacts, Failure> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancelled);
    let _stop = on_interrupt(move || flag.store(true, Ordering::SeqCst));
    let mut progress = |event: Progress| match event {
        Progress::StepStarted { name } => shell.detail(&name),
        Progress::StepFinished { .. } => {}
        Progress::Output(line) => {
            if shell.verbose > 0 {
                shell.line(&line);
            }
        }
    };
    let epoch = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => Some(text.parse().map_err(|_| {
            Failure::new(
                ExitCode::Error,
                format!("SOURCE_DATE_EPOCH is `{text}`, expected whole seconds since 1970"),
            )
        })?),
        Err(_) => None,
    };
    let result = if engine == Some(EngineArg::Docker) {
        let dockerfile = image.dockerfile.as_deref().unwrap_or("Dockerfile");
        crate::remote::build(project, facts, image, dockerfile, layout, tag, epoch, &cancelled, &mut progress)
    } else {
        let Some(rust) = &image.rust else {
            return Err(Failure::new(ExitCode::Error, "the embedded builder packages Rust crates, and the policy names none")
                .hint("set `rust = { bin = \"…\" }` under `[[image]]` in seaworthy.toml, or build the Dockerfile with `--engine docker`"));
        };
        let options = seaworthy_build::rust::RustOptions {
            project,
            config: image,
            rust,
            git: facts.git.as_ref(),
            layout,
            tag,
            source_date_epoch: epoch,
            offline: global.offline,
            cancelled: Some(&cancelled),
        };
        seaworthy_build::rust::package(&options, &mut progress)
    };
    result.map_err(|error| build_failure(shell, &error))
}

/// A build error with the builder's own words.
fn build_failure(shell: &Shell, error: &BuildError) -> Failure {
    if let Some(output) = error.output() {
        shell.line(output.trim_end());
    }
    let code = match error.kind() {
        ErrorKind::EnvironmentMissing => ExitCode::EnvironmentMissing,
        ErrorKind::BuildFailed => ExitCode::Findings,
        ErrorKind::Cancelled => ExitCode::Interrupted,
        ErrorKind::Input | ErrorKind::Internal => ExitCode::Error,
    };
    let failure = Failure::of("build the image", error).code(code);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What a trial is asked to do beyond the policy.
#[derive(Clone, Copy, Default)]
pub(crate) struct TrialArgs<'a> {
    /// The engine that was asked for.
    pub(crate) engine: Option<EngineArg>,
    /// Whether the engine was named by the user, so that its absence is an error.
    pub(crate) explicit: bool,
    /// The images of the policy's services.
    pub(crate) services: &'a [ServiceImage],
    /// Commands that the profile wants run inside.
    pub(crate) probes: &'a [Vec<String>],
}

/// Boots the image and observes it. A machine without namespaces gives facts in which nothing was run.
pub(crate) fn trial(
    shell: &Shell,
    image: &Image,
    facts: &ImageFacts,
    project: Option<&ProjectFacts>,
    test: &TestConfig,
    base: &Path,
    args: &TrialArgs<'_>,
) -> Result<RunFacts, Failure> {
    let required = required(test, project);
    let tmpfs = compose_tmpfs(project);
    let services = beside::plan(args.services, test);
    let subject = Subject {
        image: facts,
        test,
        required: &required,
        tmpfs: &tmpfs,
        project: base,
        services: &services,
        probes: args.probes,
    };
    let mut plan = Plan::new(&subject).map_err(|error| {
        let hint = match error {
            PlanError::NoCommand => "set ENTRYPOINT or CMD in the image",
            PlanError::NoUser(_) => {
                "create the user in the image, or set USER to a number such as 10001:10001"
            }
            PlanError::Policy(_) => "correct `[image.test]` in seaworthy.toml, or the flag",
        };
        Failure::of("plan the trial", &error).hint(hint)
    })?;
    let options = Options::of(&subject);
    let mut tell = |event: Event| match event {
        Event::Begins(text) => shell.detail(&text),
    };
    if args.engine == Some(EngineArg::Docker) {
        return crate::remote::trial(image, &mut plan, &subject, &options, args, &mut tell);
    }
    let runtime = runtime(args)?;
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(why) => return Ok(RunFacts::nothing_ran(&why)),
    };
    let _stop = on_interrupt(|| {
        Runtime::shut_down();
    });
    let work = WorkDir::new("trial")?;
    let driver = sandbox(shell, &runtime, image, &work, "", plan.launch.volumes.is_empty())?;
    let mut beside: BTreeMap<String, Box<dyn Driver + '_>> = BTreeMap::new();
    for service in args.services {
        let driver = sandbox(shell, &runtime, &service.image, &work, &service.name, true)?;
        beside.insert(service.name.clone(), Box::new(driver));
    }
    if let Err(why) = seaworthy_trial::attach(&mut plan, &beside, &mut tell) {
        return Ok(RunFacts::nothing_ran(&why));
    }
    let run = seaworthy_trial::run(&driver, &plan, &subject, &options, &mut tell);
    for reason in &run.reduced_fidelity {
        shell.note(&format!("reduced fidelity: {reason}"));
    }
    Ok(run)
}

/// A driver for an image in the sandbox: from the layers an engine holds unpacked, else unpacked below `work`.
fn sandbox<'a>(
    shell: &Shell,
    runtime: &'a Runtime,
    image: &Image,
    work: &WorkDir,
    name: &str,
    stacked: bool,
) -> Result<SandboxDriver<'a>, Failure> {
    // Their owners are those of the image only for root.
    let trees = if stacked && runtime.mode() == &Mode::Root { image.trees() } else { None };
    if let Some(trees) = trees.filter(|trees| !trees.is_empty()) {
        return Ok(SandboxDriver::stacked(runtime, trees, work.path(), Vec::new()));
    }
    let root = work.path().join(format!("rootfs{name}"));
    let what = if name.is_empty() { "the image".to_owned() } else { format!("the image of `{name}`") };
    shell.detail(&format!("unpacking {what} for the sandbox"));
    let unpacked = seaworthy_store::unpack(image, &root, &seaworthy_store::UnpackOptions::default())
        .map_err(|error| store_failure(&format!("unpack {what}"), &error))?;
    Ok(SandboxDriver::new(runtime, &root, work.path(), unpacked.reduced))
}

/// The sandbox's runtime, or why there is none.
fn runtime(args: &TrialArgs<'_>) -> Result<Result<Runtime, String>, Failure> {
    let made = Runtime::new(None);
    let why = match made {
        Ok(runtime) => match runtime.mode() {
            Mode::Root | Mode::Rootless => return Ok(Ok(runtime)),
            Mode::Unavailable { reason } => format!("the sandbox cannot run here: {reason}"),
        },
        Err(error) => format!("the sandbox cannot run here: failed to {error}"),
    };
    if args.explicit {
        return Err(Failure::new(ExitCode::EnvironmentMissing, why)
            .hint("`seaworthy doctor` says what this machine lacks; `--engine docker` boots the image on a Docker Engine"));
    }
    Ok(Err(why))
}

/// Variables without which the service must not start: the policy's, else those the documents call required.
fn required(test: &TestConfig, project: Option<&ProjectFacts>) -> Vec<Required> {
    if let Some(names) = &test.required {
        return names
            .iter()
            .map(|name| Required { name: name.clone(), by: "seaworthy.toml".to_owned() })
            .collect();
    }
    let mut required: Vec<Required> = Vec::new();
    for document in project.iter().flat_map(|project| &project.documents) {
        for row in document.env_rows.iter().filter(|row| row.required == Some(true)) {
            if !required.iter().any(|known| known.name == row.name) {
                let (line, _) = document.file.lines.line_col(&document.file.text, row.span.start);
                required
                    .push(Required { name: row.name.clone(), by: format!("{}:{line}", document.file.path) });
            }
        }
    }
    required
}

/// Temporary file systems of the compose service that builds the project, or of the only service.
fn compose_tmpfs(project: Option<&ProjectFacts>) -> Vec<String> {
    let services =
        || project.iter().flat_map(|project| &project.composes).flat_map(|compose| &compose.services);
    let built = services().find(|service| service.build.is_some());
    let chosen = built.or_else(|| services().next().filter(|_| services().count() == 1));
    chosen.map(|service| service.tmpfs.iter().map(|mount| mount.value.clone()).collect()).unwrap_or_default()
}

/// Evaluates the rules of some families and makes the report of a command.
pub(crate) fn report(
    global: &Global,
    config: &Config,
    image: Option<&ImageConfig>,
    facts: &Facts,
    families: &[Family],
    command: &str,
    subject: &str,
) -> Report {
    let outcome =
        seaworthy_rules::evaluate(facts, &config.policy, image, families, &output::rule_options(global));
    let mut report = Report::new(command, subject, output::now());
    report.findings = outcome.findings;
    report.checks = outcome.checks;
    record(&mut report, facts);
    report.decide();
    report
}

/// Keeps the facts worth keeping beside the findings.
fn record(report: &mut Report, facts: &Facts) {
    let mut keep = |name: &str, value: Option<serde_json::Value>| {
        if let Some(value) = value {
            report.facts.insert(name.to_owned(), value);
        }
    };
    keep("build", facts.build.as_ref().and_then(|build| serde_json::to_value(build).ok()));
    keep("image", facts.image.as_ref().map(image_summary));
    keep("run", facts.run.as_ref().and_then(|run| serde_json::to_value(run).ok()));
    keep("structure", facts.structure.as_ref().and_then(|tests| serde_json::to_value(tests).ok()));
    keep("scan", facts.scan.as_ref().and_then(|scan| serde_json::to_value(scan).ok()));
    keep("release", facts.release.as_ref().and_then(|release| serde_json::to_value(release).ok()));
}

/// A report that lists more packages than this is not read; the SBOM has all of them.
const INVENTORY: usize = 5000;

/// What a report keeps of each package, each once.
fn inventory(image: &ImageFacts) -> Vec<serde_json::Value> {
    let rows: std::collections::BTreeSet<_> = image
        .packages
        .iter()
        .map(|one| {
            (&one.kind, &one.name, &one.version, one.layer, one.license.as_deref().unwrap_or_default())
        })
        .collect();
    let row = |(kind, name, version, layer, license): (&String, &String, &String, usize, &str)| serde_json::json!({"kind": kind, "name": name, "version": version, "layer": layer, "license": license});
    rows.into_iter().take(INVENTORY).map(row).collect()
}

/// What a report keeps of an image: everything but the list of files, which may be long.
pub(crate) fn image_summary(image: &ImageFacts) -> serde_json::Value {
    serde_json::json!({
        "source": image.source,
        "digest": image.digest,
        "platform": image.platform.to_string(),
        "compressed": image.compressed,
        "unpacked": image.unpacked,
        "layers": image.layers,
        "files": image.files.len(),
        "packages": image.packages.len(),
        "inventory": inventory(image),
        "efficiency": image.efficiency,
        "hidden": image.hidden(),
        "dive": {
            "wasted": image.dive.wasted,
            "user_bytes": image.dive.user_bytes,
            "user_wasted": image.dive.user_wasted,
            "paths": image.dive.paths.iter().take(20).collect::<Vec<_>>(),
        },
        "base": image.base,
        "waste": image.waste.iter().take(20).collect::<Vec<_>>(),
        "waste_by_cause": sums(crate::commands::inspect::spare::waste(image)),
        "spare": sums(crate::commands::inspect::spare::of(image)),
        "map": image.map,
        "config": image.config.config,
        "created": image.config.created,
        "ms": image.ms,
    })
}

/// Files and bytes by name.
fn sums<K: serde::Serialize>(sums: BTreeMap<K, (usize, u64)>) -> serde_json::Value {
    let sums = sums.into_iter().filter_map(|(key, (files, bytes))| {
        let key = serde_json::to_value(key).ok()?.as_str()?.to_owned();
        Some((key, serde_json::json!({ "files": files, "bytes": bytes })))
    });
    serde_json::Value::Object(sums.collect())
}

/// Milliseconds since an instant.
pub(crate) fn millis(since: std::time::Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
