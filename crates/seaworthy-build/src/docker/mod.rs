//! Builds a Dockerfile through BuildKit, by driving `docker buildx build`.
//!
//! A child process and JSON lines are the loosest coupling there is: the same call serves the docker, docker-container,
//! kubernetes and remote drivers, with the user's own credentials, proxies and secrets. The image comes back as an OCI
//! archive, or out of the engine's store where the driver knows no other way.

mod bases;
mod convert;
mod rawjson;

use crate::child::{self, Line};
use crate::{BuildError, Epoch, EpochSource, Progress};
use bases::Bases;
use rawjson::RawProgress;
use seaworthy_engine::{Engine, EngineError};
use seaworthy_facts::{BuildFacts, BuildStep, GitFact};
use seaworthy_oci::{Platform, Source};
use seaworthy_store::StoreError;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

const INSTALL_DOCKER: &str =
    "install the docker command line with its buildx plugin, or package a Rust crate with `rust = {}`";
const INSTALL_BUILDX: &str = "install the buildx plugin (package docker-buildx or docker-buildx-plugin)";

/// What to build and where to put it.
#[derive(Clone, Copy)]
pub struct DockerOptions<'a> {
    /// The Dockerfile.
    pub dockerfile: &'a Path,
    /// The build context.
    pub context: &'a Path,
    /// The stage to build; the last one by default.
    pub target: Option<&'a str>,
    /// Build arguments.
    pub build_args: &'a BTreeMap<String, String>,
    /// The platform; the builder's own by default.
    pub platform: Option<&'a Platform>,
    /// What stands for base images: `FROM` name → reference, or layout as in `oci:PATH`.
    pub bases: &'a BTreeMap<String, String>,
    /// What relative layouts in `bases` are relative to: the policy's directory.
    pub base_directory: &'a Path,
    /// Secrets in buildx's spelling, as in `id=npm,src=.npmrc`.
    pub secrets: &'a [String],
    /// What git knows, for the time.
    pub git: Option<&'a GitFact>,
    /// `SOURCE_DATE_EPOCH`, where the environment sets it.
    pub source_date_epoch: Option<i64>,
    /// Whether every step runs anew.
    pub no_cache: bool,
    /// The OCI layout to write to; made where it is absent.
    pub layout: &'a Path,
    /// The name of the image in the layout.
    pub tag: &'a str,
    /// Set it to stop; the client is killed then, which ends the build.
    pub cancelled: Option<&'a AtomicBool>,
}

/// The buildx client found on this machine, and its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buildx {
    /// The words it is called by: `docker buildx` or `docker-buildx`.
    pub words: Vec<String>,
    /// Its version line.
    pub version: String,
}

/// Finds buildx.
///
/// # Errors
/// [`BuildError::ProgramMissing`] naming what lacks.
pub fn find_buildx() -> Result<Buildx, BuildError> {
    let mut docker_is_there = false;
    for words in [&["docker", "buildx"][..], &["docker-buildx"]] {
        let output = Command::new(words[0]).args(&words[1..]).arg("version").output();
        let Ok(output) = output else { continue };
        docker_is_there |= words[0] == "docker";
        // A docker without the plugin prints its own help and may even succeed.
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && text.contains("buildx") {
            return Ok(Buildx {
                words: words.iter().map(|word| (*word).to_owned()).collect(),
                version: text,
            });
        }
    }
    let (program, hint) =
        if docker_is_there { ("docker buildx", INSTALL_BUILDX) } else { ("docker", INSTALL_DOCKER) };
    Err(BuildError::ProgramMissing { program: program.to_owned(), hint: hint.to_owned() })
}

/// How the result leaves the builder.
enum Output {
    /// An OCI archive in a file.
    Archive(PathBuf),
    /// A name in the engine's store.
    Store(String),
    /// Nowhere: only the steps matter.
    Nothing,
}

/// Builds the Dockerfile and brings the image into the layout.
///
/// # Errors
/// When docker, buildx or the engine lacks ([`crate::ErrorKind::EnvironmentMissing`]), when BuildKit refuses (its message
/// with the Dockerfile's line is in [`BuildError::output`]), or when the layout cannot be written.
pub fn build(
    options: &DockerOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<BuildFacts, BuildError> {
    let started = Instant::now();
    for path in [options.dockerfile, options.context] {
        if !path.exists() {
            return Err(BuildError::input(
                format!("{} does not exist", path.display()),
                "correct `dockerfile` or `context` in seaworthy.toml",
            ));
        }
    }
    let buildx = find_buildx()?;
    let driver = driver(&buildx, options.cancelled)?;
    let scratch = tempfile::tempdir().map_err(BuildError::io("make a directory in", std::env::temp_dir()))?;
    let output = if driver == "docker" {
        Output::Store(format!("seaworthy-build-{}:latest", Engine::new_run_id()))
    } else {
        Output::Archive(scratch.path().join("image.tar"))
    };
    let epoch = Epoch::choose(options.source_date_epoch, options.git);
    let bases = Bases::prepare(options, driver == "docker")?;
    let command = command(options, &buildx, &output, epoch, bases.contexts());
    let mut raw = RawProgress::default();
    let status = child::run(command, INSTALL_DOCKER, options.cancelled, &mut |line| match line {
        Line::Out(text) | Line::Err(text) => raw.line(&text, progress),
    })?;
    drop(bases);
    if !status.success() {
        return Err(failure(&raw));
    }
    let source = match &output {
        Output::Archive(path) => Source::OciArchive { path: path.clone(), reference: None },
        Output::Nothing => return Err(BuildError::input("nothing is exported", "")),
        Output::Store(name) => {
            let path = scratch.path().join("image.tar");
            export(name, &path)?;
            Source::DockerArchive { path, reference: None }
        }
    };
    let image = seaworthy_store::open(&source, options.platform)
        .map_err(|error| store_error(options.layout, error))?;
    let digest = convert::import(&image, options.layout, options.tag)?;
    let mut notes: Vec<String> =
        raw.warnings().iter().map(|warning| format!("BuildKit warns: {warning}")).collect();
    let dated = epoch.source != EpochSource::Fixed;
    if dated && matches!(output, Output::Store(_)) {
        notes.push(
            "the docker driver dates the image, not its files: use a docker-container builder for a repeatable digest"
                .to_owned(),
        );
    }
    Ok(BuildFacts {
        builder: "buildkit".to_owned(),
        image: format!("oci:{}:{}", options.layout.display(), options.tag),
        digest,
        steps: raw.steps(),
        source_date_epoch: dated.then_some(epoch.seconds),
        epoch_source: if dated { epoch.source.words().to_owned() } else { String::new() },
        binary: None,
        binary_bytes: None,
        notes,
        ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// Builds the Dockerfile for its steps alone: whether each was cached, and how long it took. Nothing is exported; what
/// options say of a layout and a tag has no meaning here.
///
/// # Errors
/// As [`build`].
pub fn steps(
    options: &DockerOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<BuildStep>, BuildError> {
    let buildx = find_buildx()?;
    let driver = driver(&buildx, options.cancelled)?;
    let epoch = Epoch::choose(options.source_date_epoch, options.git);
    let bases = Bases::prepare(options, driver == "docker")?;
    let command = command(options, &buildx, &Output::Nothing, epoch, bases.contexts());
    let mut raw = RawProgress::default();
    let status = child::run(command, INSTALL_DOCKER, options.cancelled, &mut |line| match line {
        Line::Out(text) | Line::Err(text) => raw.line(&text, progress),
    })?;
    drop(bases);
    if status.success() { Ok(raw.steps()) } else { Err(failure(&raw)) }
}

/// The call of buildx.
fn command(
    options: &DockerOptions<'_>,
    buildx: &Buildx,
    output: &Output,
    epoch: Epoch,
    bases: &[(String, String)],
) -> Command {
    let mut command = call(buildx);
    command.args(["build", "--progress=rawjson", "--provenance=false", "--sbom=false"]);
    command.arg("--file").arg(options.dockerfile);
    match output {
        Output::Archive(path) => {
            // Only with a time of its own may BuildKit rewrite the files' times.
            let rewrite = if epoch.source == EpochSource::Fixed { "" } else { ",rewrite-timestamp=true" };
            command.arg(format!("--output=type=oci,dest={}{rewrite}", path.display()));
        }
        Output::Store(name) => {
            command.args(["--load", "--tag", name]);
        }
        Output::Nothing => {
            command.arg("--output=type=cacheonly");
        }
    }
    if epoch.source != EpochSource::Fixed {
        // buildx forwards the variable as a build argument of the same name.
        command.env("SOURCE_DATE_EPOCH", epoch.seconds.to_string());
    }
    if let Some(target) = options.target {
        command.args(["--target", target]);
    }
    if let Some(platform) = options.platform {
        command.arg("--platform").arg(platform.to_string());
    }
    if options.no_cache {
        command.arg("--no-cache");
    }
    for (name, value) in options.build_args {
        command.arg("--build-arg").arg(format!("{name}={value}"));
    }
    for secret in options.secrets {
        command.arg("--secret").arg(secret);
    }
    for (name, context) in bases {
        command.arg("--build-context").arg(format!("{name}={context}"));
    }
    command.arg("--").arg(options.context);
    command
}

fn call(buildx: &Buildx) -> Command {
    let mut command = Command::new(&buildx.words[0]);
    command.args(&buildx.words[1..]);
    command
}

/// The driver of the current builder.
fn driver(buildx: &Buildx, cancelled: Option<&AtomicBool>) -> Result<String, BuildError> {
    let mut command = call(buildx);
    command.arg("inspect");
    let (mut out, mut err) = (String::new(), String::new());
    child::run(command, INSTALL_DOCKER, cancelled, &mut |line| {
        let (into, text) = match line {
            Line::Out(text) => (&mut out, text),
            Line::Err(text) => (&mut err, text),
        };
        into.push_str(&text);
        into.push('\n');
    })?;
    // The command may fail because the engine is down, and may also print that and succeed.
    let field = |name: &str| {
        out.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    if let Some(problem) = field("Error:") {
        return Err(no_engine(&problem));
    }
    field("Driver:").ok_or_else(|| no_engine(err.trim()))
}

fn no_engine(problem: &str) -> BuildError {
    BuildError::ServiceMissing {
        problem: format!("no container engine builds here: {problem}"),
        hint: "start Docker or set DOCKER_HOST; `docker buildx ls` shows the builders".to_owned(),
    }
}

/// Moves the image out of the engine's store and takes the temporary name away again.
fn export(name: &str, path: &Path) -> Result<(), BuildError> {
    let failed = |error: EngineError| BuildError::ServiceMissing {
        hint: error.hint().unwrap_or_default().to_owned(),
        problem: format!("the built image cannot be read back: {error}"),
    };
    let engine = Engine::connect().map_err(failed)?;
    let copied = engine.export(name).map_err(failed).and_then(|mut reader| {
        let mut file = File::create(path).map_err(BuildError::io("write", path))?;
        std::io::copy(&mut reader, &mut file).map_err(BuildError::io("write", path))
    });
    let removed = engine.remove_image(name).map_err(failed);
    copied.and(removed)
}

/// BuildKit's words with what to do next.
fn failure(raw: &RawProgress) -> BuildError {
    let (output, plain) = (raw.failure(), raw.plain());
    if plain.contains("Cannot connect to the Docker daemon") || plain.contains("error during connect") {
        return no_engine(plain.lines().next().unwrap_or_default());
    }
    let unresolved =
        ["failed to resolve source metadata", "failed to do request", "failed to fetch anonymous token"];
    let hint = if plain.contains("docker/dockerfile") {
        "the `# syntax=` line makes BuildKit fetch its frontend: remove the line, or give the registry access"
    } else if unresolved.iter().any(|words| plain.contains(words)) {
        "a base image cannot be fetched: name a stand-in under `bases`, as in `bases = { \"python:3.12-slim\" = \"oci:PATH\" }`"
    } else if plain.contains("failed to calculate checksum") || plain.contains("not found") {
        "a COPY source may be missing or ignored: check the path and .dockerignore"
    } else {
        ""
    };
    BuildError::Failed { what: "`docker buildx build`".to_owned(), output, hint: hint.to_owned() }
}

fn store_error(path: &Path, error: StoreError) -> BuildError {
    BuildError::Store { path: path.to_owned(), source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_lacks() {
        let mut raw = RawProgress::default();
        raw.line("ERROR: Cannot connect to the Docker daemon at unix:///x. Is it running?", &mut |_| {});
        assert_eq!(failure(&raw).kind(), crate::ErrorKind::EnvironmentMissing);
        let mut raw = RawProgress::default();
        raw.line("ERROR: failed to solve: python:3.12: failed to resolve source metadata for x", &mut |_| {});
        assert!(failure(&raw).hint().unwrap().contains("bases"));
    }
}
