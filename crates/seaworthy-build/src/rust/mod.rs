//! Packages a Rust crate without a Dockerfile: cargo builds a static binary, and the image holds that and what a service
//! expects of its surroundings.
//!
//! The binary lies at `/usr/local/bin/NAME`, the first place of the image's `PATH` a local program belongs to (FHS 3.0,
//! 4.9). It is a layer of its own, so that a change of the source uploads nothing else.

mod audit;
mod cargo;
mod config;
mod elf;
mod layer;
mod metadata;
mod rootfs;

pub use audit::{AuditData, AuditPackage, SECTION};
pub use rootfs::CA_BUNDLE;

use crate::{BuildError, Epoch, EpochSource, Progress};
use cargo::{Built, Cargo, Job};
use layer::{Layer, LayerBuilder};
use metadata::Metadata;
use rootfs::User;
use seaworthy_facts::{BuildFacts, BuildStep, GitFact};
use seaworthy_finding::{ImageConfig as ImagePolicy, RustConfig};
use seaworthy_oci::{Descriptor, Manifest, Platform, media_type};
use seaworthy_store::{Layout, StoreError};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// What to package and where to put it.
#[derive(Clone, Copy)]
pub struct RustOptions<'a> {
    /// The project's directory: the one with `Cargo.toml`.
    pub project: &'a Path,
    /// The image's policy; its `platforms` must be empty or name this machine's.
    pub config: &'a ImagePolicy,
    /// How it is packaged.
    pub rust: &'a RustConfig,
    /// What git knows, for the time and the labels.
    pub git: Option<&'a GitFact>,
    /// The OCI layout to write to; made where it is absent.
    pub layout: &'a Path,
    /// The name of the image in the layout.
    pub tag: &'a str,
    /// `SOURCE_DATE_EPOCH`, where the environment sets it.
    pub source_date_epoch: Option<i64>,
    /// Whether cargo must not use the network.
    pub offline: bool,
    /// Set it to stop; the compiler is killed then.
    pub cancelled: Option<&'a AtomicBool>,
}

/// Builds the binary and writes the image.
///
/// # Errors
/// When cargo is missing or refuses, when a choice is open, when the binary is not static, or when the layout cannot be
/// written. [`BuildError::hint`] says what to do.
pub fn package(
    options: &RustOptions<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<BuildFacts, BuildError> {
    let started = Instant::now();
    let project = fs::canonicalize(options.project).map_err(BuildError::io("read", options.project))?;
    if !project.join("Cargo.toml").is_file() {
        return Err(BuildError::input(
            format!("{} has no Cargo.toml", options.project.display()),
            "name the directory of the crate or workspace",
        ));
    }
    let user = User::parse(options.rust.user.as_deref())?;
    let cargo = Cargo { project: &project, offline: options.offline, cancelled: options.cancelled };
    let workspace = cargo.workspace()?;
    let lock = Path::new(&workspace.workspace_root).join("Cargo.lock");
    if !lock.is_file() {
        return Err(BuildError::input(
            format!("{} is missing, so the build would not be repeatable", lock.display()),
            "run `cargo generate-lockfile` and commit Cargo.lock",
        ));
    }
    let (package, bin) =
        workspace.choose(&project, options.rust.package.as_deref(), options.rust.bin.as_deref())?;
    let triple = cargo.host_triple()?;
    let platform = platform_of(&triple, options.config)?;
    let job = Job { package: &package.name, bin: &bin, triple: &triple, features: &options.rust.features };
    let mut steps = Steps { done: Vec::new(), progress };

    let name = format!("cargo build --release --bin {bin}");
    let built =
        steps.run(&name, |progress| cargo.build(&job, &workspace, progress), |built: &Built| built.fresh)?;
    let plain = fs::read(&built.executable).map_err(BuildError::io("read", &built.executable))?;
    elf::require_static(&plain, &bin)?;
    let graph = cargo.graph(&job)?;
    let binary = audit::collect(&graph, &package.id, &built.compiled).embed(&plain)?;

    let epoch = Epoch::choose(options.source_date_epoch, options.git);
    let mut notes = notes(options, epoch, &plain, &workspace);
    let place = format!("/usr/local/bin/{bin}");
    let binary_bytes = binary.len() as u64;
    let mut base = LayerBuilder::default();
    notes.extend(rootfs::fill(&mut base, &project, options.rust, user)?);
    notes.extend(config::shell_notes(options.rust, base.has("/bin/sh")));
    let mut top = LayerBuilder::default();
    top.file(&place, 0o755, binary);
    let layout = Layout::create(options.layout).map_err(|error| store_error(options.layout, error))?;
    let mut write = |name: &str, builder: &LayerBuilder| -> Result<_, BuildError> {
        let work = |_: &mut dyn FnMut(Progress)| {
            let Layer { gzip, diff_id } = builder.finish(epoch.seconds)?;
            // A layer that is there already was made from the same files: nothing new is uploaded later.
            let known = layout.has(&Descriptor::of(media_type::LAYER_GZIP, &gzip).digest);
            let put = layout.put(media_type::LAYER_GZIP, &gzip);
            Ok((put.map_err(|error| store_error(options.layout, error))?, diff_id, known))
        };
        steps.run(name, work, |(_, _, known)| *known)
    };
    let (base_layer, base_id, _) = write("layer: accounts, certificates, files", &base)?;
    let (top_layer, top_id, _) = write("layer: binary", &top)?;
    let config = config::image_config(&config::Parts {
        package,
        binary: &place,
        rust: options.rust,
        git: options.git,
        user,
        epoch,
        platform: &platform,
        layers: vec![
            (base_id, "seaworthy: accounts, CA certificates, /tmp and files of the policy".to_owned()),
            (
                top_id,
                format!("cargo build --release --locked --package {} --bin {bin} -> {place}", package.name),
            ),
        ],
    })?;
    let digest = publish(&layout, options, &config, vec![base_layer, top_layer], &platform)?;
    Ok(BuildFacts {
        builder: "cargo".to_owned(),
        image: format!("oci:{}:{}", options.layout.display(), options.tag),
        digest,
        steps: steps.done,
        source_date_epoch: Some(epoch.seconds),
        epoch_source: epoch.source.words().to_owned(),
        binary: Some(relative(&built.executable, &project)),
        binary_bytes: Some(binary_bytes),
        notes,
        ms: elapsed_ms(started),
    })
}

/// Writes configuration, manifest and the name in the index; returns the manifest's digest.
fn publish(
    layout: &Layout,
    options: &RustOptions<'_>,
    config: &seaworthy_oci::ImageConfig,
    layers: Vec<Descriptor>,
    platform: &Platform,
) -> Result<String, BuildError> {
    let json = |value: serde_json::Result<Vec<u8>>| value.expect("internal error: plain data serialises");
    let store = |error| store_error(options.layout, error);
    let config = layout.put(media_type::CONFIG, &json(serde_json::to_vec(config))).map_err(store)?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers,
        subject: None,
        annotations: std::collections::BTreeMap::new(),
    };
    let mut descriptor =
        layout.put(media_type::MANIFEST, &json(serde_json::to_vec(&manifest))).map_err(store)?;
    descriptor.platform = Some(platform.clone());
    let digest = descriptor.digest.to_string();
    layout.set_ref(options.tag, descriptor).map_err(store)?;
    Ok(digest)
}

fn store_error(path: &Path, error: StoreError) -> BuildError {
    BuildError::Store { path: path.to_owned(), source: Box::new(error) }
}

/// The platform of a triple, checked against the platforms the policy asks for.
fn platform_of(triple: &str, config: &ImagePolicy) -> Result<Platform, BuildError> {
    let (architecture, linux) = (Platform::host().architecture, triple.contains("-linux-"));
    if !linux {
        return Err(BuildError::input(
            format!("the toolchain builds for {triple}, not for Linux"),
            "run seaworthy on Linux, or build a Dockerfile",
        ));
    }
    let platform = Platform { architecture, os: "linux".to_owned(), os_version: None, variant: None };
    for wanted in &config.platforms {
        let known = Platform::parse(wanted).is_some_and(|wanted| platform.serves(&wanted));
        if !known {
            return Err(BuildError::input(
                format!("a crate cannot be packaged for {wanted} here: this machine builds {platform}"),
                "remove it from `platforms`, or build a Dockerfile with BuildKit for it",
            ));
        }
    }
    Ok(platform)
}

/// What the reader should know of the build.
fn notes(options: &RustOptions<'_>, epoch: Epoch, binary: &[u8], workspace: &Metadata) -> Vec<String> {
    let mut notes = Vec::new();
    if options.git.is_some_and(|git| git.dirty) {
        notes.push(
            "the work tree has uncommitted changes: the revision label names a commit that differs"
                .to_owned(),
        );
    }
    if epoch.source == EpochSource::Fixed {
        notes.push(
            "neither SOURCE_DATE_EPOCH nor git gives a time: every file is dated 1970-01-01".to_owned(),
        );
    }
    let root = workspace.workspace_root.as_bytes();
    if root.len() > 1 && binary.windows(root.len()).any(|window| window == root) {
        notes.push(
            "the binary contains the path it was built at (probably `env!(\"CARGO_MANIFEST_DIR\")` or `OUT_DIR`): it will \
             differ when built elsewhere"
                .to_owned(),
        );
    }
    notes
}

/// The steps done so far, and whom to tell.
struct Steps<'a> {
    done: Vec<BuildStep>,
    progress: &'a mut dyn FnMut(Progress),
}

impl Steps<'_> {
    fn run<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut dyn FnMut(Progress)) -> Result<T, BuildError>,
        cached: impl FnOnce(&T) -> bool,
    ) -> Result<T, BuildError> {
        (self.progress)(Progress::StepStarted { name: name.to_owned() });
        let started = Instant::now();
        let result = work(self.progress)?;
        let step = BuildStep { name: name.to_owned(), cached: cached(&result), ms: elapsed_ms(started) };
        (self.progress)(Progress::StepFinished { name: step.name.clone(), cached: step.cached, ms: step.ms });
        self.done.push(step);
        Ok(result)
    }
}

fn elapsed_ms(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A path relative to the project, or as it is where it lies elsewhere.
fn relative(path: &Path, project: &Path) -> String {
    let path: PathBuf = path.strip_prefix(project).map(Path::to_owned).unwrap_or_else(|_| path.to_owned());
    path.to_string_lossy().into_owned()
}
