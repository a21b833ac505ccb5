//! Every flag, in one place; the help, the man page and the completions come from here.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Is your container image fit to ship?
#[derive(Debug, Parser)]
#[command(
    name = "seaworthy",
    version,
    about = "Is your container image fit to ship?",
    long_about = "Takes a service from \"has a Dockerfile\" to a hardened, tested, published, signed OCI image, \
                  and proves what the repository claims about it.",
    after_help = "Exit codes: 0 fit or clean · 1 findings · 2 usage, configuration or tool error · \
                  3 nothing to check · 4 the environment lacks what was asked for · 130 interrupted",
    disable_help_subcommand = true,
    propagate_version = false
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags every command shares.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Global {
    /// Output format, repeatable, with an optional file: `json`, `sarif=out.sarif`.
    /// One of terminal, concise, json, jsonl, sarif, junit, gitlab, github, markdown, html
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        global = true,
        env = "SEAWORTHY_FORMAT",
        value_delimiter = ','
    )]
    pub(crate) format: Vec<String>,
    /// Policy file; found from the input upward to the git root by default
    #[arg(long, value_name = "FILE", global = true, env = "SEAWORTHY_CONFIG", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,
    /// Ignore any policy file
    #[arg(long, global = true)]
    pub(crate) no_config: bool,
    /// Built-in profile to start from; overrides the policy's
    #[arg(long, value_name = "NAME", global = true, env = "SEAWORTHY_PROFILE")]
    pub(crate) profile: Option<String>,
    /// Never use the network
    #[arg(long, global = true, env = "SEAWORTHY_OFFLINE")]
    pub(crate) offline: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", env = "SEAWORTHY_COLOR")]
    pub(crate) color: When,
    /// Who the findings are for
    #[arg(long, value_name = "WHO", global = true, default_value = "regular", env = "SEAWORTHY_PERSONA")]
    pub(crate) persona: PersonaArg,
    /// Findings at or above this severity give exit code 1
    #[arg(long, value_name = "SEVERITY", global = true, env = "SEAWORTHY_FAIL_ON")]
    pub(crate) fail_on: Option<SeverityArg>,
    /// Exit 0 even when there are findings
    #[arg(long, global = true)]
    pub(crate) exit_zero: bool,
    /// Print less: once for no progress, twice for nothing but results in files
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) quiet: u8,
    /// Print more: every passed check, evidence of warnings
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// When to do something that depends on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// When the output is a terminal that wants it.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `--persona`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PersonaArg {
    /// High signal.
    Regular,
    /// Smells too.
    Pedantic,
    /// Everything, false positives expected.
    Auditor,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityArg {
    /// Everything.
    Info,
    /// Low and above.
    Low,
    /// Medium and above.
    Medium,
    /// High and above; the default.
    High,
    /// Critical only.
    Critical,
}

/// Which engine builds or boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineArg {
    /// The embedded builder and sandbox; no daemon.
    Sandbox,
    /// Docker Engine or Podman, by its socket.
    Docker,
}

/// The commands, in the order of a ship's way.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run every stage in order, gated by policy: check, build, inspect, test, publish, report
    Ship(ShipArgs),
    /// Check Dockerfiles, ignore files, compose files and documents
    Check(CheckArgs),
    /// Build an image: a Rust crate without a Dockerfile, or a Dockerfile with `--engine docker`
    Build(BuildArgs),
    /// Look at every byte of an image in one pass
    Inspect(InspectArgs),
    /// Boot an image and prove how it behaves
    Test(TestArgs),
    /// Write the SBOM of an image
    Sbom(SbomArgs),
    /// Publish an image with its SBOM and signature, and read it back
    Publish(PublishArgs),
    /// Sign an image with a cosign key
    Sign(SignArgs),
    /// Attach an attestation to an image
    Attest(AttestArgs),
    /// Verify an image's signature
    Verify(VerifyArgs),
    /// Make a key pair in cosign's format
    Keygen(KeygenArgs),
    /// Render recorded results
    Report(ReportArgs),
    /// Explain a rule
    Explain(ExplainArgs),
    /// List the rules
    Rules,
    /// Say what this machine can do, and clean up after killed runs
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

/// `ship`.
#[derive(Debug, Args)]
pub(crate) struct ShipArgs {
    /// The project
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Who builds and boots
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineArg>,
    /// Registry reference or `oci:DIR` to publish to; an OCI layout in the output directory by default
    #[arg(long, value_name = "REF")]
    pub(crate) to: Option<String>,
    /// Tag to publish under, repeatable; taken from the policy and the crate's version by default
    #[arg(short, long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Where results are written; `target/seaworthy` of a Rust project, else `.seaworthy`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Do not sign, whatever the policy says; the rules will notice
    #[arg(long)]
    pub(crate) no_sign: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Projects or single files
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Apply safe fixes
    #[arg(long)]
    pub(crate) fix: bool,
    /// With `--fix` or `--diff`, unsafe fixes too
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Show what `--fix` would change
    #[arg(long, conflicts_with = "fix")]
    pub(crate) diff: bool,
}

/// `build`.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The project
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Who builds
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineArg>,
    /// Dockerfile to build with `--engine docker`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Name of the image in the layout
    #[arg(short, long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// OCI layout to write
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// `inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The image: `oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:REF`, `docker://REF`
    pub(crate) image: String,
    /// Platform to choose from an index
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// The project whose claims are compared with the image
    #[arg(long, value_name = "PATH")]
    pub(crate) project: Option<PathBuf>,
    /// Print every file of the final tree
    #[arg(long)]
    pub(crate) files: bool,
}

/// `test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The image
    pub(crate) image: String,
    /// Platform to choose from an index
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// The project whose policy and documents say what to expect
    #[arg(long, value_name = "PATH")]
    pub(crate) project: Option<PathBuf>,
    /// Who boots
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineArg>,
    /// Variable of the run, repeatable; without a value it is taken from the environment
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Request that tells when the service is ready, such as `GET :8080/healthz`
    #[arg(long, value_name = "REQUEST")]
    pub(crate) ready: Option<String>,
    /// Variable without which the service must not start, repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) required: Vec<String>,
    /// Temporary file system, repeatable, as in `docker run --tmpfs`
    #[arg(long, value_name = "PATH[:OPTIONS]")]
    pub(crate) tmpfs: Vec<String>,
}

/// `sbom`.
#[derive(Debug, Args)]
pub(crate) struct SbomArgs {
    /// The image
    pub(crate) image: String,
    /// Platform to choose from an index
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// File to write; standard output by default
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The image
    pub(crate) image: String,
    /// Where to: a registry reference or `oci:DIR`
    pub(crate) to: String,
    /// Tag, repeatable; the tag of the reference by default
    #[arg(short, long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Private key in cosign's format to sign with; the password is read from COSIGN_PASSWORD
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Attach no SBOM
    #[arg(long)]
    pub(crate) no_sbom: bool,
    /// Write the digest to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) digest_file: Option<PathBuf>,
    /// Speak plain HTTP to the registry; loopback registries need no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// What to sign: a registry reference or `oci:DIR[:REF]`
    pub(crate) image: String,
    /// Private key in cosign's format; the password is read from COSIGN_PASSWORD
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Speak plain HTTP to the registry; loopback registries need no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `attest`.
#[derive(Debug, Args)]
pub(crate) struct AttestArgs {
    /// What to attest: a registry reference or `oci:DIR[:REF]`
    pub(crate) image: String,
    /// The predicate, a JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) predicate: PathBuf,
    /// Predicate type: `spdxjson`, `cyclonedx` or a URI
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: String,
    /// Private key in cosign's format; the password is read from COSIGN_PASSWORD
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Speak plain HTTP to the registry; loopback registries need no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// What to verify: a registry reference or `oci:DIR[:REF]`
    pub(crate) image: String,
    /// Public key
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Speak plain HTTP to the registry; loopback registries need no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `keygen`.
#[derive(Debug, Args)]
pub(crate) struct KeygenArgs {
    /// Where: PREFIX.key and PREFIX.pub are written; the password is read from COSIGN_PASSWORD
    #[arg(default_value = "cosign")]
    pub(crate) prefix: PathBuf,
}

/// `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// A report.json; that of the last `ship` by default
    pub(crate) file: Option<PathBuf>,
}

/// `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A rule's name, or its name in another tool, such as DL3006
    pub(crate) rule: String,
}

/// `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Remove what killed runs left
    #[arg(long)]
    pub(crate) clean: bool,
}

/// `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write one page per command into this directory instead of printing the main page
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}
