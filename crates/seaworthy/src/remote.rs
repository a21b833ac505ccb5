//! What lives in a registry or a Docker Engine, as far as commands need it.

use crate::cli::Global;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::release;
use crate::shell::Shell;
use crate::stages::TrialArgs;
use crate::workdir::{self, WorkDir};
use seaworthy_build::{BuildError, Progress};
use seaworthy_engine::Engine;
use seaworthy_facts::{BuildFacts, BuildStep, ProjectFacts, RunFacts};
use seaworthy_finding::{ExitCode, ImageConfig};
use seaworthy_oci::{Descriptor, Digest, Platform, Reference, Source, media_type};
use seaworthy_registry::{Access, Client};
use seaworthy_store::{Blobs, Image, Pump, StoreError, descend};
use seaworthy_trial::{DockerDriver, Driver, Event, Options, Plan, Subject};
use std::collections::BTreeMap;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Opens an image of a registry or an engine. A bare name is looked up in the engine first, then in its registry.
pub(crate) fn open(
    shell: &Shell,
    global: &Global,
    source: &Source,
    platform: Option<&Platform>,
) -> Result<Image, Failure> {
    match source {
        Source::Registry(reference) => from_registry(global, reference, platform),
        Source::Daemon(name) => from_engine(name),
        Source::Bare(name) => {
            if let Ok(engine) = Engine::connect()
                && let Ok(Some(_)) = engine.image(name)
            {
                shell.note(&format!("`{name}` is read as `docker-daemon:{name}`"));
                return from_engine(name);
            }
            for root in seaworthy_store::storage_roots(|name| std::env::var(name).ok()) {
                // A store that cannot be read, as root's cannot by others, is not where the image is looked for.
                if let Ok(Some(image)) = seaworthy_store::open_storage(&root, name) {
                    shell.note(&format!("`{name}` is read as `{}`", image.source));
                    return Ok(image);
                }
            }
            let reference: Reference = name.parse().map_err(|error| {
                Failure::of("open the image", &error).hint("name a layout, an archive or a reference: `oci:DIR`, `docker-archive:FILE`, `docker://REF`")
            })?;
            if !name.contains('/') && !name.contains(':') {
                return Err(Failure::new(
                    ExitCode::Error,
                    format!("`{name}` is neither a file, a layout nor an image of a Docker Engine or Podman"),
                )
                .hint("write `docker://NAME` for a registry"));
            }
            shell.note(&format!("`{name}` is read as `docker://{reference}`"));
            from_registry(global, &reference, platform)
        }
        Source::Layout { .. }
        | Source::OciArchive { .. }
        | Source::DockerArchive { .. }
        | Source::Directory { .. }
        | Source::Storage(_) => Err(Failure::new(ExitCode::Error, format!("failed to open `{source}`"))),
    }
}

/// Blobs of a repository; each streams from the registry while it is read, and is stored nowhere.
struct RegistryBlobs {
    client: Arc<Client>,
    reference: Reference,
}

impl Blobs for RegistryBlobs {
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        let repository = self.client.repository(&self.reference, Access::Pull);
        let name = format!("{}@{}", self.reference.repository(), descriptor.digest);
        let failed = |error: seaworthy_registry::Error| {
            StoreError::io("fetch", Path::new(&name), std::io::Error::other(error))
        };
        if media_type::is_index(&descriptor.media_type) || media_type::is_manifest(&descriptor.media_type) {
            let found = repository.manifest(descriptor.digest.as_str()).map_err(failed)?;
            return Ok(Box::new(std::io::Cursor::new(found.bytes)));
        }
        let (client, reference) = (Arc::clone(&self.client), self.reference.clone());
        let (descriptor, name) = (descriptor.clone(), Arc::<str>::from(name));
        Ok(Box::new(Pump::start(move |out| {
            let fetch = |source| io::Error::from(StoreError::io("fetch", Path::new(&*name), source));
            let repository = client.repository(&reference, Access::Pull);
            // A transfer that breaks off is taken up where it ended; what differs from the digest ends the stream.
            let mut blob =
                repository.open_blob(&descriptor).map_err(|error| fetch(io::Error::other(error)))?;
            let mut buffer = vec![0; 64 << 10];
            loop {
                match blob.read(&mut buffer) {
                    Ok(0) => return Ok(()),
                    Ok(count) => out.write_all(&buffer[..count])?,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(fetch(error)),
                }
            }
        })))
    }

    fn place(&self) -> String {
        self.reference.repository()
    }
}

fn from_registry(
    global: &Global,
    reference: &Reference,
    platform: Option<&Platform>,
) -> Result<Image, Failure> {
    let client = Arc::new(Client::new(release::registry(global, None)));
    let found =
        client.repository(reference, Access::Pull).manifest(&reference.target()).map_err(|error| {
            let hint = error.hint();
            let failure = Failure::of("open the image", &error);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
    let blobs = Arc::new(RegistryBlobs { client, reference: reference.clone() });
    descend(Source::Registry(reference.clone()), found.descriptor, platform, blobs)
        .map_err(|error| Failure::of("open the image", &error))
}

/// An image of an archive in a directory that lives as long as the image.
struct Exported {
    image: Image,
    _work: WorkDir,
}

impl Blobs for Exported {
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        self.image.blobs().open(descriptor)
    }

    fn place(&self) -> String {
        self.image.blobs().place()
    }
}

fn from_engine(name: &str) -> Result<Image, Failure> {
    let engine = Engine::connect().map_err(|error| engine_failure("reach the engine", &error))?;
    if let Some(image) = from_overlay(&engine, name) {
        return Ok(image);
    }
    let work = WorkDir::new("export")?;
    let file = work.path().join("image.tar");
    let mut stream = engine.export(name).map_err(|error| engine_failure("export the image", &error))?;
    let mut out = std::fs::File::create(&file).map_err(|error| Failure::of("write the export", &error))?;
    std::io::copy(&mut stream, &mut out).map_err(|error| Failure::of("export the image", &error))?;
    let opened = seaworthy_store::open(&Source::DockerArchive { path: file.clone(), reference: None }, None);
    let image = opened.map_err(|error| Failure::of("read the export", &error))?;
    let (descriptor, manifest, config) =
        (image.descriptor.clone(), image.manifest_bytes.clone(), image.config_bytes.clone());
    let blobs = Arc::new(Exported { image, _work: work });
    Image::new(Source::Daemon(name.to_owned()), descriptor, manifest, config, blobs)
        .map_err(|error| Failure::of("read the export", &error))
}

/// The image from the engine's own directories, where they can be read here: nothing is exported then. Anything that
/// stands in the way leads to the export, which says why it fails.
fn from_overlay(engine: &Engine, name: &str) -> Option<Image> {
    if !engine.is_local() {
        return None;
    }
    let root = engine.overlay_root()?;
    let id = engine.image(name).ok()??.id;
    let hex = id.trim_start_matches("sha256:");
    if engine.info().name == "Podman" {
        let roots = seaworthy_store::storage_roots(|name| std::env::var(name).ok());
        let image = roots.iter().find_map(|root| seaworthy_store::open_storage(root, hex).ok()?);
        return image.map(|mut image| {
            image.source = Source::Daemon(name.to_owned());
            image
        });
    }
    if !seaworthy_store::is_docker_graph(&root) {
        return None;
    }
    let id = format!("sha256:{hex}").parse().ok()?;
    seaworthy_store::open_docker_graph(&root, &id, Source::Daemon(name.to_owned())).ok()
}

/// Builds a Dockerfile through BuildKit.
#[expect(clippy::too_many_arguments, reason = "what a build needs, each used once")]
pub(crate) fn build(
    project: &Path,
    facts: &ProjectFacts,
    image: &ImageConfig,
    dockerfile: &str,
    layout: &Path,
    tag: &str,
    epoch: Option<i64>,
    cancelled: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<BuildFacts, BuildError> {
    let platform = image.platforms.first().and_then(|text| Platform::parse(text));
    let options = seaworthy_build::docker::DockerOptions {
        dockerfile: &project.join(dockerfile),
        context: &project.join(image.context.as_deref().unwrap_or(".")),
        target: None,
        build_args: &build_args(facts, image),
        platform: platform.as_ref(),
        bases: &image.bases,
        base_directory: project,
        secrets: &[],
        git: facts.git.as_ref(),
        source_date_epoch: epoch,
        no_cache: false,
        layout,
        tag,
        cancelled: Some(cancelled),
    };
    seaworthy_build::docker::build(&options, progress)
}

/// Builds a Dockerfile through BuildKit for its steps alone.
pub(crate) fn steps(
    dockerfile: &Path,
    context: &Path,
    base: &Path,
    facts: &ProjectFacts,
    image: &ImageConfig,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<BuildStep>, BuildError> {
    let platform = image.platforms.first().and_then(|text| Platform::parse(text));
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancelled);
    let _stop = on_interrupt(move || flag.store(true, Ordering::SeqCst));
    let options = seaworthy_build::docker::DockerOptions {
        dockerfile,
        context,
        target: None,
        build_args: &build_args(facts, image),
        platform: platform.as_ref(),
        bases: &image.bases,
        base_directory: base,
        secrets: &[],
        git: None,
        source_date_epoch: None,
        no_cache: false,
        layout: Path::new(""),
        tag: "",
        cancelled: Some(&cancelled),
    };
    seaworthy_build::docker::steps(&options, progress)
}

/// The policy's build arguments with what they stand for. One whose value is not known is left to the Dockerfile's default.
fn build_args(facts: &ProjectFacts, image: &ImageConfig) -> BTreeMap<String, String> {
    let commit = facts.git.as_ref().map(|git| git.commit.clone());
    let sha = commit.as_ref().map(|commit| commit.chars().take(7).collect::<String>());
    let version = facts.rust.as_ref().map(|krate| krate.version.clone());
    let known = [("{{commit}}", commit), ("{{sha}}", sha), ("{{version}}", version)];
    let fill = |(name, text): (&String, &String)| {
        let mut value = text.clone();
        for (word, known) in &known {
            if value.contains(word) {
                value = value.replace(word, known.as_ref()?);
            }
        }
        Some((name.clone(), value))
    };
    image.build_args.iter().filter_map(fill).collect()
}

/// The same trial on a Docker Engine.
pub(crate) fn trial(
    image: &Image,
    plan: &mut Plan,
    subject: &Subject<'_>,
    options: &Options,
    args: &TrialArgs<'_>,
    tell: &mut dyn FnMut(Event),
) -> Result<RunFacts, Failure> {
    let engine = match Engine::connect() {
        Ok(engine) => engine,
        Err(error) if args.explicit => {
            return Err(engine_failure("reach a Docker Engine", &error).code(ExitCode::EnvironmentMissing));
        }
        Err(error) => {
            return Ok(RunFacts::nothing_ran(&engine_failure("reach a Docker Engine", &error).message));
        }
    };
    // The owner stands in it, so that nobody takes what is in use for a leftover.
    let run = format!("{}-{}", Engine::new_run_id(), workdir::owner_mark());
    let doomed = run.clone();
    let _stop = on_interrupt(move || remove_run(&doomed));
    let work = WorkDir::new("engine")?;
    let mut loaded = Loaded { engine: &engine, names: Vec::new() };
    let name = loaded.load(image, &work, &run)?;
    let driver = DockerDriver::new(engine.clone(), &name, &run, work.path());
    let mut beside: BTreeMap<String, Box<dyn Driver>> = BTreeMap::new();
    for (at, service) in args.services.iter().enumerate() {
        let name = loaded.load(&service.image, &work, &format!("{run}.{at}"))?;
        beside.insert(service.name.clone(), Box::new(driver.beside(&name)));
    }
    let facts = match seaworthy_trial::attach(plan, &beside, tell) {
        Ok(()) => seaworthy_trial::run(&driver, plan, subject, options, tell),
        Err(why) => RunFacts::nothing_ran(&why),
    };
    // The services end before their images go, and before the network they are in.
    plan.launch.peers.clear();
    loaded.remove()?;
    Ok(facts)
}

/// Images put into an engine for one run; what is left of them goes with this value.
struct Loaded<'a> {
    engine: &'a Engine,
    names: Vec<String>,
}

impl Loaded<'_> {
    /// The name of an image in the engine: its own id where it is there already, else that under which it is put in.
    fn load(&mut self, image: &Image, work: &WorkDir, tag: &str) -> Result<String, Failure> {
        if let Source::Daemon(name) = &image.source
            && let Ok(Some(known)) = self.engine.image(name)
            && known.id.trim_start_matches("sha256:") == Digest::of(&image.config_bytes).hex()
        {
            return Ok(known.id);
        }
        let archive = work.path().join("image.tar");
        let name = format!("seaworthy-trial:{tag}");
        seaworthy_store::write_docker_archive(image, &archive, Some(&name))
            .map_err(|error| Failure::of("write the image for the engine", &error))?;
        let mut stream = std::fs::File::open(&archive)
            .map_err(|error| Failure::of("read the image for the engine", &error))?;
        self.names.push(name.clone());
        self.engine
            .load(&mut stream)
            .map_err(|error| engine_failure("load the image into the engine", &error))?;
        Ok(name)
    }

    /// Removes them and says whether that worked.
    fn remove(mut self) -> Result<(), Failure> {
        for name in std::mem::take(&mut self.names) {
            self.engine
                .remove_image(&name)
                .map_err(|error| engine_failure("remove the image from the engine", &error))?;
        }
        Ok(())
    }
}

impl Drop for Loaded<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            // The first error is already on its way.
            let _ = self.engine.remove_image(name);
        }
    }
}

/// Name and version of the engine, or why there is none.
pub(crate) fn engine_version() -> Result<String, String> {
    let engine = Engine::connect().map_err(|error| error.to_string())?;
    let info = engine.info();
    Ok(format!("{} {} (API {}) at {}", info.name, info.version, info.api, engine.address()))
}

/// Containers that killed runs left, in words.
pub(crate) fn leftovers() -> Vec<String> {
    let Ok(engine) = Engine::connect() else { return Vec::new() };
    let listed = engine.leftover_containers().unwrap_or_default();
    listed
        .iter()
        .filter(|container| workdir::is_orphan(&container.run))
        .map(|container| {
            format!(
                "container {} of image {} ({})",
                container.id.chars().take(12).collect::<String>(),
                container.image,
                container.state
            )
        })
        .chain(
            engine
                .leftover_networks()
                .unwrap_or_default()
                .into_iter()
                .filter(|(name, _)| workdir::is_orphan(name))
                .map(|(name, _)| format!("network {name}")),
        )
        .collect()
}

/// Removes containers, images and networks that killed runs left.
pub(crate) fn clean() -> Vec<(String, Result<(), String>)> {
    let Ok(engine) = Engine::connect() else { return Vec::new() };
    let mut results = Vec::new();
    let containers = engine.leftover_containers().unwrap_or_default();
    for container in containers.into_iter().filter(|container| workdir::is_orphan(&container.run)) {
        let name = format!("container {}", container.id.chars().take(12).collect::<String>());
        results.push((name, engine.remove_container(&container.id).map_err(|error| error.to_string())));
        if container.image.starts_with("seaworthy-trial:") {
            // Another container may still need it; the next clean-up then finds it gone or removes it.
            let _ = engine.remove_image(&container.image);
        }
    }
    let networks = engine.leftover_networks().unwrap_or_default();
    for (name, id) in networks.into_iter().filter(|(name, _)| workdir::is_orphan(name)) {
        results
            .push((format!("network {name}"), engine.remove_network(&id).map_err(|error| error.to_string())));
    }
    results
}

/// Removes what one run made, on an interrupt.
fn remove_run(run: &str) {
    let Ok(engine) = Engine::connect() else { return };
    for container in engine.leftover_containers().unwrap_or_default() {
        if container.run == run {
            // The user is leaving; what cannot be removed is found by `doctor`.
            let _ = engine.remove_container(&container.id);
        }
    }
    for (name, of) in engine.leftover_volumes().unwrap_or_default() {
        if of == run {
            let _ = engine.remove_volume(&name);
        }
    }
    let _ = engine.remove_image(&format!("seaworthy-trial:{run}"));
    for at in 0.. {
        // Those of the services are numbered.
        if !matches!(engine.image(&format!("seaworthy-trial:{run}.{at}")), Ok(Some(_))) {
            break;
        }
        let _ = engine.remove_image(&format!("seaworthy-trial:{run}.{at}"));
    }
    let _ = engine.remove_network(&format!("seaworthy-trial-{run}"));
}

/// An engine's error with its hint.
fn engine_failure(what: &str, error: &seaworthy_engine::EngineError) -> Failure {
    let failure = Failure::of(what, error);
    let failure = if error.kind() == seaworthy_engine::ErrorKind::Unreachable {
        failure.code(ExitCode::EnvironmentMissing)
    } else {
        failure
    };
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
