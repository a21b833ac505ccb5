//! What a repository claims.

use crate::declaration::Declaration;
use crate::document::{DocumentFact, Fragment};
use crate::{ActionFact, HadolintFact, PipelineFact, SourceFacts, WorkflowFact};
use seaworthy_dockerfile::ignore::IgnoreFile;
use seaworthy_dockerfile::{Dockerfile, SyntaxError};
use seaworthy_finding::{LineIndex, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A value with the bytes it stands at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct TextFile {
    /// Path relative to the project's root.
    pub path: String,
    /// Its text; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Its lines.
    pub lines: LineIndex,
}

impl TextFile {
    /// A text file from its path and text.
    pub fn new(path: &str, text: String) -> Self {
        let lines = LineIndex::new(&text);
        Self { path: path.to_owned(), text, lines }
    }
}

/// A file that does not read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxProblem {
    /// Where.
    pub span: Span,
    /// What is wrong and what to write instead.
    pub message: String,
    /// Whether the tool the file is for refuses it.
    pub fatal: bool,
}

/// A Dockerfile.
#[derive(Clone, Debug)]
pub struct DockerfileFact {
    /// The file.
    pub file: TextFile,
    /// Its tree.
    pub tree: Dockerfile,
    /// The parser's errors, with the class of each.
    pub errors: Vec<SyntaxError>,
    /// What does not read.
    pub problems: Vec<SyntaxProblem>,
    /// Index in [`ProjectFacts::ignores`] of the ignore file that applies.
    pub ignore: Option<usize>,
    /// Directory of the build context relative to the project's root; empty for the root itself.
    pub context: String,
}

/// An ignore file.
#[derive(Clone, Debug)]
pub struct IgnoreFact {
    /// The file.
    pub file: TextFile,
    /// Its patterns.
    pub patterns: IgnoreFile,
}

/// An entry of the build context, before ignoring.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContextEntry {
    /// Path relative to the context, with `/`.
    pub path: String,
    /// Size in bytes, 0 for a directory.
    pub size: u64,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Whether git tracks it; unknown outside a repository.
    pub tracked: Option<bool>,
}

/// A port mapping of a compose file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposePort {
    /// Where it stands.
    pub span: Span,
    /// Address on the host; absent means all interfaces.
    pub host_ip: Option<String>,
    /// Port on the host.
    pub published: Option<String>,
    /// Port in the container.
    pub target: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Whether it is in the short form.
    pub short: bool,
    /// Whether the text belongs to other places of the file too.
    pub shared: bool,
}

/// A health check of a compose file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeHealth {
    /// Where it stands.
    pub span: Span,
    /// The command; a string form becomes `["CMD-SHELL", …]`.
    pub test: Vec<String>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// `start_period`, as written.
    pub start_period: Option<Spanned<String>>,
}

/// Where keys can be added to a mapping of a compose file, and how they are written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeInsert {
    /// The byte new text goes to: the end of the mapping's last line.
    pub at: usize,
    /// What stands before each key: a line break and the indentation.
    pub indent: String,
}

/// What a service waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeDependency {
    /// The other service.
    pub service: Spanned<String>,
    /// `condition`; absent in the short form.
    pub condition: Option<Spanned<String>>,
    /// Whether the service starts without it all the same.
    pub optional: bool,
    /// Whether its text is shared with other places of the file.
    pub shared: bool,
    /// Whether it is an entry of a list in brackets.
    pub list: Option<ComposeList>,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComposeList {
    /// A line with a dash for each entry.
    Block,
    /// In brackets.
    Flow,
}

/// A list with its place, for adding entries to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeItems {
    /// The whole list; nothing where the key is absent.
    pub span: Option<Span>,
    /// Whether it is written in brackets.
    pub flow: bool,
    /// Whether its text belongs to other places too, so that a change there changes these.
    pub shared: bool,
}

/// A mount of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeMount {
    /// Where it stands.
    pub span: Span,
    /// `bind`, `volume`, `tmpfs`, `npipe`, `cluster` or `image`.
    pub kind: String,
    /// A path of the host, or a volume's name; empty for an anonymous volume.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Whether it cannot be written.
    pub read_only: bool,
    /// `propagation` of a bind mount.
    pub propagation: Option<String>,
    /// Whether it is in the short form.
    pub short: bool,
}

/// A device of the host for a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeDevice {
    /// Where it stands.
    pub span: Span,
    /// The path on the host.
    pub source: String,
    /// Letters of `rwm`; absent means all.
    pub permissions: Option<String>,
}

/// A file of variables for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeEnvFile {
    /// The path, relative to the compose file.
    pub path: Spanned<String>,
    /// Whether compose refuses to start without it.
    pub required: bool,
}

/// A request for devices by their abilities, such as GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeDeviceRequest {
    /// Where it stands.
    pub span: Span,
    /// `driver`.
    pub driver: Option<String>,
    /// `count`.
    pub count: Option<String>,
    /// `device_ids`.
    pub device_ids: Vec<String>,
    /// `capabilities`.
    pub capabilities: Vec<String>,
    /// Whether it stands under `gpus` rather than under `deploy`.
    pub gpus: bool,
}

/// An entry of the top-level `networks`, `volumes`, `secrets` or `configs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeResource {
    /// Its key.
    pub name: Spanned<String>,
    /// Whether it is made elsewhere.
    pub external: bool,
    /// `internal` of a network.
    pub internal: bool,
    /// `file` of a secret or config.
    pub file: Option<Spanned<String>>,
    /// The path of the host a volume is: `driver_opts.device` of a bind.
    pub device: Option<Spanned<String>>,
    /// Whether that path cannot be written.
    pub read_only: bool,
}

/// A service of a compose file. Absent keys are `None` or empty.
#[derive(Clone, Debug, Default)]
pub struct ComposeService {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// The whole mapping of the service.
    pub span: Span,
    /// `image`.
    pub image: Option<Spanned<String>>,
    /// `build` as the context's path, where it is given.
    pub build: Option<Spanned<String>>,
    /// The Dockerfile named under `build`.
    pub dockerfile: Option<String>,
    /// `ports`.
    pub ports: Vec<ComposePort>,
    /// `user`.
    pub user: Option<Spanned<String>>,
    /// `read_only`.
    pub read_only: Option<Spanned<bool>>,
    /// `privileged`.
    pub privileged: Option<Spanned<bool>>,
    /// `cap_drop`.
    pub cap_drop: Vec<Spanned<String>>,
    /// `cap_add`.
    pub cap_add: Vec<Spanned<String>>,
    /// `security_opt`.
    pub security_opt: Vec<Spanned<String>>,
    /// `tmpfs`.
    pub tmpfs: Vec<Spanned<String>>,
    /// `volumes`, in short form `source:target[:options]`.
    pub volumes: Vec<Spanned<String>>,
    /// `environment`, with absent values where only a name is given.
    pub environment: Vec<(Spanned<String>, Option<String>)>,
    /// `mem_limit` or `deploy.resources.limits.memory`.
    pub mem_limit: Option<Spanned<String>>,
    /// `pids_limit`.
    pub pids_limit: Option<Spanned<String>>,
    /// `healthcheck`.
    pub healthcheck: Option<ComposeHealth>,
    /// `network_mode`.
    pub network_mode: Option<Spanned<String>>,
    /// `networks`.
    pub networks: Vec<Spanned<String>>,
    /// `stop_grace_period`.
    pub stop_grace_period: Option<Spanned<String>>,
    /// `stop_signal`.
    pub stop_signal: Option<Spanned<String>>,
    /// `init`.
    pub init: Option<Spanned<bool>>,
    /// `restart`.
    pub restart: Option<Spanned<String>>,
    /// `secrets`, by name.
    pub secrets: Vec<Spanned<String>>,
    /// Keys the compose specification does not know, with the nearest known one.
    pub unknown_keys: Vec<(Spanned<String>, Option<String>)>,
    /// Where keys can be added; nothing where the mapping is shared, empty or in brackets.
    pub insert: Option<ComposeInsert>,
    /// Keys in the order they are written, those merged into it left out.
    pub keys: Vec<Spanned<String>>,
    /// The service it extends, as written.
    pub extends: Option<Spanned<String>>,
    /// `container_name`.
    pub container_name: Option<Spanned<String>>,
    /// `pid`.
    pub pid: Option<Spanned<String>>,
    /// `ipc`.
    pub ipc: Option<Spanned<String>>,
    /// `userns_mode`.
    pub userns_mode: Option<Spanned<String>>,
    /// `uts`.
    pub uts: Option<Spanned<String>>,
    /// `cgroup`.
    pub cgroup: Option<Spanned<String>>,
    /// `platform`.
    pub platform: Option<Spanned<String>>,
    /// `pull_policy`.
    pub pull_policy: Option<Spanned<String>>,
    /// `runtime`.
    pub runtime: Option<Spanned<String>>,
    /// `cpus`, `cpu_quota` or `deploy.resources.limits.cpus`.
    pub cpu_limit: Option<Spanned<String>>,
    /// `deploy.restart_policy.condition`, or `any` where the policy names none.
    pub deploy_restart: Option<String>,
    /// `deploy.replicas` or `scale`.
    pub replicas: Option<Spanned<String>>,
    /// `logging.driver`.
    pub logging_driver: Option<Spanned<String>>,
    /// `devices`.
    pub devices: Vec<ComposeDevice>,
    /// `device_cgroup_rules`.
    pub device_cgroup_rules: Vec<Spanned<String>>,
    /// `gpus` and `deploy.resources.reservations.devices`.
    pub device_requests: Vec<ComposeDeviceRequest>,
    /// `volumes`.
    pub mounts: Vec<ComposeMount>,
    /// How `volumes` is written.
    pub volumes_list: ComposeItems,
    /// `depends_on`.
    pub depends_on: Vec<ComposeDependency>,
    /// Services of `links`, `volumes_from` and of `service:` in namespaces.
    pub references: Vec<Spanned<String>>,
    /// `profiles`.
    pub profiles: Vec<Spanned<String>>,
    /// `env_file`.
    pub env_files: Vec<ComposeEnvFile>,
    /// `configs`, by name.
    pub configs: Vec<Spanned<String>>,
    /// `expose`.
    pub expose: Vec<Spanned<String>>,
    /// `command` as words; a string is split as a shell splits it.
    pub command: Option<Spanned<Vec<String>>>,
    /// `entrypoint`, likewise.
    pub entrypoint: Option<Spanned<Vec<String>>>,
    /// Where `build` stands.
    pub build_span: Option<Span>,
    /// Whether `build` carries the Dockerfile in itself.
    pub dockerfile_inline: bool,
    /// `build.target`.
    pub build_target: Option<Spanned<String>>,
    /// `build.args`, with absent values where only a name is given.
    pub build_args: Vec<(Spanned<String>, Option<String>)>,
    /// Whether a program of its own provides the service, so that there is no container.
    pub provider: bool,
    /// How `cap_drop` is written.
    pub cap_drop_list: ComposeItems,
    /// How `security_opt` is written.
    pub security_opt_list: ComposeItems,
    /// How `ports` is written.
    pub ports_list: ComposeItems,
}

/// A compose file.
#[derive(Clone, Debug)]
pub struct ComposeFact {
    /// The file.
    pub file: TextFile,
    /// What does not read.
    pub problems: Vec<SyntaxProblem>,
    /// The services.
    pub services: Vec<ComposeService>,
    /// The obsolete top-level `version`.
    pub version: Option<Span>,
    /// Names of networks that are `internal: true`.
    pub internal_networks: Vec<String>,
    /// Named volumes.
    pub volumes: Vec<Spanned<String>>,
    /// Top-level keys the specification does not know, with the nearest known one.
    pub unknown_keys: Vec<(Spanned<String>, Option<String>)>,
    /// Top-level keys in the order they are written.
    pub keys: Vec<Spanned<String>>,
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `networks`.
    pub networks: Vec<ComposeResource>,
    /// `volumes`.
    pub volume_resources: Vec<ComposeResource>,
    /// `secrets`.
    pub secrets: Vec<ComposeResource>,
    /// `configs`.
    pub configs: Vec<ComposeResource>,
    /// Variables without a value or default, where they are used.
    pub unset: Vec<Spanned<String>>,
    /// Files it includes or extends that could not be read, where they are named.
    pub unread: Vec<Spanned<String>>,
    /// Whether it includes other files, so that names may be defined there.
    pub includes: bool,
    /// Whether it is laid over another file: `compose.override.yaml` and the like.
    pub partial: bool,
}

/// What git knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitFact {
    /// Full commit id.
    pub commit: String,
    /// Branch, where one is checked out.
    pub branch: Option<String>,
    /// Default branch of `origin`, where the clone knows it.
    pub default_branch: Option<String>,
    /// Tags at the commit.
    pub tags: Vec<String>,
    /// Whether tracked files differ from the commit.
    pub dirty: bool,
    /// Seconds since the epoch of the commit.
    pub commit_time: i64,
    /// The `origin` remote, credentials removed.
    pub remote: Option<String>,
    /// Path of the project's root below the repository's root; empty when they are the same.
    pub prefix: String,
}

/// A Rust crate in the project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RustCrate {
    /// Package name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Description.
    pub description: Option<String>,
    /// Licence expression.
    pub license: Option<String>,
    /// Repository URL.
    pub repository: Option<String>,
    /// Binary targets.
    pub bins: Vec<String>,
}

/// Everything a repository claims.
#[derive(Clone, Debug, Default)]
pub struct ProjectFacts {
    /// The root as the user named it.
    pub root: String,
    /// Dockerfiles.
    pub dockerfiles: Vec<DockerfileFact>,
    /// Ignore files.
    pub ignores: Vec<IgnoreFact>,
    /// Files of the build context at the root, before ignoring; bounded.
    pub context: Vec<ContextEntry>,
    /// Whether the listing of the context was cut off at its bound.
    pub context_truncated: bool,
    /// Compose files.
    pub composes: Vec<ComposeFact>,
    /// GitLab CI files.
    pub pipelines: Vec<PipelineFact>,
    /// Workflows of `.github/workflows`.
    pub workflows: Vec<WorkflowFact>,
    /// Workflows elsewhere that one of these calls.
    pub called: Vec<WorkflowFact>,
    /// Actions.
    pub actions: Vec<ActionFact>,
    /// Texts of further files that compose files name: `.env` and what they extend, by path.
    pub beside: BTreeMap<String, String>,
    /// Documents.
    pub documents: Vec<DocumentFact>,
    /// Dockerfiles and compose files in the fences of the documents.
    pub fragments: Vec<Fragment>,
    /// hadolint's configuration.
    pub hadolint: Option<HadolintFact>,
    /// Git.
    pub git: Option<GitFact>,
    /// What small files at the root declare.
    pub declarations: Vec<Declaration>,
    /// The Rust crate at the root.
    pub rust: Option<RustCrate>,
    /// Shell scripts that a Dockerfile names.
    pub scripts: Vec<TextFile>,
    /// Lock files of package managers.
    pub lockfiles: Vec<LockfileFact>,
    /// What the source code reads and serves; looked at only where something claims it.
    pub source: Option<SourceFacts>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<(String, String)>,
}

impl ProjectFacts {
    /// Whether nothing was found to check.
    pub fn is_empty(&self) -> bool {
        self.dockerfiles.is_empty()
            && self.ignores.is_empty()
            && self.composes.is_empty()
            && self.pipelines.is_empty()
            && self.workflows.is_empty()
            && self.actions.is_empty()
            && self.documents.is_empty()
    }

    /// The paths of the context, to look many of them up: walking the list for each would take too long.
    pub fn paths(&self) -> BTreeSet<&str> {
        self.context.iter().map(|entry| entry.path.as_str()).collect()
    }

    /// Every file that was read as text, each kind by its paths.
    pub fn files(&self) -> impl Iterator<Item = &TextFile> {
        let docker = self.dockerfiles.iter().map(|known| &known.file);
        let ignore = self.ignores.iter().map(|known| &known.file);
        let compose = self.composes.iter().map(|known| &known.file);
        let pipeline = self.pipelines.iter().map(|known| &known.file);
        let workflow = self.workflows.iter().map(|known| &known.file);
        let action = self.actions.iter().map(|known| &known.file);
        let document = self.documents.iter().map(|known| &known.file);
        docker.chain(ignore).chain(compose).chain(pipeline).chain(workflow).chain(action).chain(document)
    }

    /// Number of errors in each file that the tool it is for stops at, by path; files without any included.
    pub fn fatal_errors(&self) -> BTreeMap<&str, usize> {
        let located = |problems: &[SyntaxProblem]| problems.iter().filter(|problem| problem.fatal).count();
        let mut out: BTreeMap<&str, usize> = self.files().map(|file| (file.path.as_str(), 0)).collect();
        out.extend(self.dockerfiles.iter().map(|one| (one.file.path.as_str(), located(&one.problems))));
        out.extend(self.composes.iter().map(|one| (one.file.path.as_str(), located(&one.problems))));
        out.extend(self.pipelines.iter().map(|one| (one.file.path.as_str(), located(&one.problems))));
        out.extend(self.workflows.iter().map(|one| (one.file.path.as_str(), one.problems.len())));
        out.extend(self.actions.iter().map(|one| (one.file.path.as_str(), one.problems.len())));
        out
    }
}

/// A lock file: what is to be installed, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockfileFact {
    /// Its path in the project.
    pub path: String,
    /// The package URL type of what it lists, such as `npm`.
    pub kind: String,
    /// What it lists.
    pub packages: Vec<LockedPackage>,
}

/// An entry of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedPackage {
    /// Name, as its manager writes it.
    pub name: String,
    /// Version.
    pub version: String,
    /// Whether it is for development only.
    pub development: bool,
}
