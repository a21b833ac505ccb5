//! Every flag, in one place; the help, the man page and the completions come from here.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Is your container image fit to ship?
#[derive(Debug, Parser)]
#[command(
    name = "seaworthy",
    bin_name = "seaworthy",
    version,
    about = "Is your container image fit to ship?",
    long_about = "Takes a service from \"has a Dockerfile\" to a hardened, tested, published, signed OCI image, \
                  and proves what the repository claims about it.",
    after_help = "Exit codes:\n  \
                  0    fit or clean\n  \
                  1    findings at or above `--fail-on`\n  \
                  2    usage, configuration or tool error\n  \
                  3    nothing to check\n  \
                  4    the environment lacks what was asked for\n  \
                  130  interrupted\n\n\
                  Start with `seaworthy check` in a project, then `seaworthy ship`.",
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
    /// Output format, repeatable, with an optional file, as in `sarif=out.sarif`
    ///
    /// One of terminal, concise, json, jsonl, sarif, junit, gitlab, github, markdown and html. Without a file it goes
    /// to standard output.
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        global = true,
        env = "SEAWORTHY_FORMAT",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) format: Vec<String>,
    /// Policy file; by default the nearest seaworthy.toml, from the project up to the git root
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        env = "SEAWORTHY_CONFIG",
        hide_env_values = true,
        conflicts_with = "no_config"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Use no policy file
    #[arg(long, global = true)]
    pub(crate) no_config: bool,
    /// Built-in profile to start from: default, production, private-api or prod-api
    #[arg(long, value_name = "NAME", global = true, env = "SEAWORTHY_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<String>,
    /// Never use the network
    #[arg(long, global = true, env = "SEAWORTHY_OFFLINE", hide_env_values = true)]
    pub(crate) offline: bool,
    /// When to print in colour; `NO_COLOR` is respected
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        env = "SEAWORTHY_COLOR",
        hide_env_values = true
    )]
    pub(crate) color: When,
    /// How much to hear: `pedantic` and `auditor` add rules that are right less often
    #[arg(
        long,
        value_name = "WHO",
        global = true,
        default_value = "regular",
        env = "SEAWORTHY_PERSONA",
        hide_env_values = true
    )]
    pub(crate) persona: PersonaArg,
    /// Exit 1 for warnings of this severity or a higher one, too; what is not fit always exits 1
    #[arg(long, value_name = "SEVERITY", global = true, env = "SEAWORTHY_FAIL_ON", hide_env_values = true)]
    pub(crate) fail_on: Option<SeverityArg>,
    /// Exit 0 even when there are findings
    #[arg(long, global = true)]
    pub(crate) exit_zero: bool,
    /// Print less: `-q` no progress, `-qq` only errors and what goes to files
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) quiet: u8,
    /// Print more: `-v` every passed check and the output of tools, `-vv` also what does not apply
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// When to do something that depends on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal that wants it.
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
    /// High and above.
    High,
    /// Critical only.
    Critical,
}

/// Which engine builds or boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineArg {
    /// Built in: needs no daemon.
    Sandbox,
    /// Docker Engine or Podman, through its socket.
    Docker,
}

/// The commands, in the order of a ship's way.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check, build, inspect and test a project, and publish its image when it is fit
    #[command(
        after_help = "Examples:\n  seaworthy ship\n  seaworthy ship --to ghcr.io/acme/app --tag 1.2.3\n  seaworthy ship --format sarif=seaworthy.sarif"
    )]
    Ship(ShipArgs),
    /// Check Dockerfiles, ignore files, compose files and documents
    #[command(
        after_help = "Examples:\n  seaworthy check\n  seaworthy check Dockerfile --diff\n  seaworthy check --fix"
    )]
    Check(CheckArgs),
    /// Build an image: a Rust crate without a Dockerfile, or a Dockerfile with `--engine docker`
    #[command(
        after_help = "Examples:\n  seaworthy build\n  seaworthy build --engine docker --file docker/Dockerfile --tag 1.2.3"
    )]
    Build(BuildArgs),
    /// Look at every byte of an image in one pass
    #[command(
        after_help = "Examples:\n  seaworthy inspect oci:target/seaworthy/image\n  seaworthy inspect docker://ghcr.io/acme/app:1.2.3 --project .\n  seaworthy inspect app.tar --browse\n  seaworthy inspect app.tar --files '*.pem'\n  seaworthy inspect old.tar --diff new.tar"
    )]
    Inspect(InspectArgs),
    /// Boot an image and prove how it behaves, or run container-structure-test files against it
    #[command(
        after_help = "Examples:\n  seaworthy test oci:target/seaworthy/image --project .\n  seaworthy test app.tar --ready 'GET :8080/healthz' --env HOST=0.0.0.0\n  seaworthy test app.tar --structure container-structure-test.yaml --format junit=report.xml\n  seaworthy test --validate --structure container-structure-test.yaml"
    )]
    Test(TestArgs),
    /// Write the SBOM of an image, or hold one against it
    #[command(
        after_help = "Formats: spdx (the default), spdx-tag-value, cyclonedx (1.6), cyclonedx-1.5\n\nExamples:\n  seaworthy sbom oci:app --format cyclonedx --output app.cdx.json\n  seaworthy sbom oci:app --merge build.cdx.json --output app.spdx.json\n  seaworthy sbom oci:app --verify app.spdx.json\n  seaworthy sbom ghcr.io/acme/app:1.2.3 --verify attached --key cosign.pub"
    )]
    Sbom(SbomArgs),
    /// Show the known vulnerabilities of an image or of an SBOM, from a local database
    #[command(
        after_help = "Examples:\n  seaworthy db import osv-exports/\n  seaworthy scan oci:target/seaworthy/image\n  seaworthy scan app.spdx.json --fail-on critical --format sarif=scan.sarif"
    )]
    Scan(ScanArgs),
    /// Make, update and describe the database of advisories
    Db(DbArgs),
    /// Show which tags an event would publish, and refuse those no registry accepts
    Tags(TagsArgs),
    /// Publish an image with its SBOM and signature, and read it back
    #[command(
        after_help = "Example:\n  seaworthy publish oci:target/seaworthy/image ghcr.io/acme/app:1.2.3 --key cosign.key"
    )]
    Publish(PublishArgs),
    /// Copy an image with its signatures, SBOMs and other attachments, and read it back
    ///
    /// Digests stay what they are. Attachments of the index, of each image and of other attachments come along, and are
    /// listed as the target lists them. Nothing is kept on this machine.
    #[command(
        after_help = "Examples:\n  seaworthy copy ghcr.io/acme/app:1.2.3 registry.example.org/app\n  seaworthy copy ghcr.io/acme/app:1.2.3 oci:air-gap\n  seaworthy copy oci:air-gap:1.2.3 registry.internal:5000/app"
    )]
    Copy(CopyArgs),
    /// Delete old images of a repository, and nothing anybody still needs
    ///
    /// Tags, indexes, signatures and other attachments are read first, as one graph: what is kept keeps all its parts and
    /// all that is attached to it. Without `--yes` or `--apply` nothing is deleted: the plan is shown.
    #[command(
        after_help = "Examples:\n  seaworthy prune ghcr.io/acme/app --delete-tag 'pr-*' --older-than 30d\n  seaworthy prune ghcr.io/acme/app --delete-tag '*' --keep 10 --plan plan.json\n  seaworthy prune ghcr.io/acme/app --apply plan.json"
    )]
    Prune(PruneArgs),
    /// Sign an image with a cosign key
    Sign(SignArgs),
    /// Attach an attestation to an image
    #[command(
        after_help = "Example:\n  seaworthy attest ghcr.io/acme/app:1.2.3 --predicate sbom.json --type spdxjson --key cosign.key"
    )]
    Attest(AttestArgs),
    /// Verify an image's signature
    Verify(VerifyArgs),
    /// Make a key pair in cosign's format
    Keygen(KeygenArgs),
    /// Render the results of an earlier run in any format
    Report(ReportArgs),
    /// Show a rule's page: what it checks, why, and how to mend it
    Explain(ExplainArgs),
    /// List the rules; `--format json` for programs, `--format markdown` for a document
    Rules,
    /// Serve an editor: the language server protocol on standard input and output
    #[command(
        after_help = "Every editor that speaks the protocol can start it, such as Neovim:\n  vim.lsp.config('seaworthy', { cmd = { 'seaworthy', 'lsp' }, filetypes = { 'dockerfile', 'yaml', 'markdown' } })"
    )]
    Lsp,
    /// Say what this machine can do, and what killed runs left
    Doctor(DoctorArgs),
    /// Print shell completions
    #[command(
        after_help = "Example:\n  seaworthy completions bash > ~/.local/share/bash-completion/completions/seaworthy"
    )]
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(after_help = "Example:\n  seaworthy man | man -l -")]
    Man(ManArgs),
}

/// `ship`.
#[derive(Debug, Args)]
pub(crate) struct ShipArgs {
    /// Directory of the project
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// What builds and boots the image; the built-in sandbox by default
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineArg>,
    /// Where to publish: a registry reference or `oci:DIR`; by default a layout in the output directory
    #[arg(long, value_name = "REF")]
    pub(crate) to: Option<String>,
    /// Tag to publish under, repeatable; by default the policy's, else the crate's version
    #[arg(short, long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Where results are written; by default `target/seaworthy` of a Rust project, else `.seaworthy`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Do not sign, even where the policy wants a signature, which is then a finding
    #[arg(long)]
    pub(crate) no_sign: bool,
}

/// `check`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct CheckArgs {
    /// Projects or single files: Dockerfiles, ignore files, compose files, workflows, pipelines, Markdown documents; `-`
    /// reads one file from standard input
    #[arg(default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Apply safe fixes, then report what is left
    #[arg(long)]
    pub(crate) fix: bool,
    /// With `--fix` or `--diff`: fixes that may change what the image does, too
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Print what `--fix` would change as a patch, and exit 1 if that is anything
    #[arg(long, conflicts_with = "fix")]
    pub(crate) diff: bool,
    /// With `--fix` or `--diff`: ask the registries for the digests of base images, and pin those that are not pinned
    #[arg(long)]
    pub(crate) pin: bool,
    /// Look up for which platforms there are base images: asks their registries, or reads what the policy names under
    /// `bases`
    #[arg(long, conflicts_with = "watch")]
    pub(crate) bases: bool,
    /// Only these rules, by name or by their name in another tool, such as `DL3008` or `SC*`; repeatable
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// All rules but these; repeatable
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// Findings this file lists are shown as known and count for nothing
    #[arg(long, value_name = "FILE", env = "SEAWORTHY_BASELINE", hide_env_values = true)]
    pub(crate) baseline: Option<PathBuf>,
    /// Write every finding that counts into the baseline, so that only new ones count from now on
    #[arg(long, requires = "baseline", conflicts_with_all = ["fix", "diff", "watch"])]
    pub(crate) write_baseline: bool,
    /// What the file from standard input is called; its name says what it is
    #[arg(long, value_name = "PATH", conflicts_with = "watch")]
    pub(crate) stdin_filename: Option<PathBuf>,
    /// Check again whenever a file changes, and print when the result does; Ctrl-C ends it
    #[arg(long, conflicts_with_all = ["fix", "diff"])]
    pub(crate) watch: bool,
}

/// `build`.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Directory of the project
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// What builds the image; by default Seaworthy packages the Rust crate itself
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineArg>,
    /// Dockerfile to build with `--engine docker`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Name of the image in the layout; by default the crate's version
    #[arg(short, long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// OCI layout to write; by default `image` below the output directory of `ship`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// `--sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TreeSort {
    /// The largest.
    Size,
    /// What has the most files.
    Files,
    /// The first of the alphabet.
    Name,
}

/// `inspect`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct InspectArgs {
    /// The image: `oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:REF`, `docker://REF`
    pub(crate) image: String,
    /// Platform to choose where the image has several, such as `linux/arm64`
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// The project whose claims are compared with the image
    #[arg(long, value_name = "PATH")]
    pub(crate) project: Option<PathBuf>,
    /// The image it was built on: which layers are its, and which are yours
    #[arg(long, value_name = "IMAGE")]
    pub(crate) base: Option<String>,
    /// Walk through layers and files on the whole screen
    #[arg(long, conflicts_with_all = ["layers", "tree", "path", "waste", "files", "diff"], help_heading = "What to look at")]
    pub(crate) browse: bool,
    /// Each layer: what made it, its sizes, its largest directories, and whose it is
    #[arg(long, help_heading = "What to look at")]
    pub(crate) layers: bool,
    /// The final file system with the sizes of what is in it
    #[arg(long, help_heading = "What to look at")]
    pub(crate) tree: bool,
    /// The tree below this path, or below all that match a glob
    #[arg(long, value_name = "GLOB", help_heading = "What to look at")]
    pub(crate) path: Option<String>,
    /// How deep the tree goes
    #[arg(long, value_name = "LEVELS", default_value_t = 2, help_heading = "What to look at")]
    pub(crate) depth: u32,
    /// What comes first in the tree
    #[arg(long, value_name = "BY", default_value = "size", help_heading = "What to look at")]
    pub(crate) sort: TreeSort,
    /// What is stored for nothing, by cause and by file, and what could go too
    #[arg(long, help_heading = "What to look at")]
    pub(crate) waste: bool,
    /// Every copy of the files that match, in any layer: mode, owner, size, digest; all files without a glob
    #[arg(long, value_name = "GLOB", num_args = 0..=1, default_missing_value = "**", help_heading = "What to look at")]
    pub(crate) files: Option<String>,
    /// What another image has more, less or otherwise: files, packages, configuration, sizes
    #[arg(long, value_name = "IMAGE", help_heading = "What to look at")]
    pub(crate) diff: Option<String>,
}

/// `test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The image: `oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:REF`, `docker://REF`
    #[arg(required_unless_present = "validate")]
    pub(crate) image: Option<String>,
    /// Platform to choose where the image has several, such as `linux/arm64`
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// The project whose policy and documents say what to expect; by default only the policy here is used
    #[arg(long, value_name = "PATH")]
    pub(crate) project: Option<PathBuf>,
    /// What boots the image; the built-in sandbox by default
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
    /// Also boot as an unknown user, with other signals and senseless values, twice on the same volumes, and ask a
    /// thousand times
    #[arg(long)]
    pub(crate) thorough: bool,
    /// File of container-structure-test, repeatable: its tests are run instead of the trial of the booted image
    ///
    /// Schemas 2.0.0 and 1.0.0, YAML or JSON. Commands run in the sandbox, never on this machine, and have no network.
    #[arg(long, value_name = "FILE")]
    pub(crate) structure: Vec<PathBuf>,
    /// Only say whether the `--structure` files are right; nothing is run, and no image is needed
    #[arg(long, requires = "structure", conflicts_with = "image")]
    pub(crate) validate: bool,
    /// Longest time of one command of the `--structure` files, such as `90s` [default: 60s]
    #[arg(long, value_name = "TIME")]
    pub(crate) command_timeout: Option<String>,
    /// Let `bindMounts` of the `--structure` files show directories of this machine to the image
    #[arg(long)]
    pub(crate) allow_bind_mounts: bool,
}

/// `sbom`.
#[derive(Debug, Args)]
pub(crate) struct SbomArgs {
    /// The image: `oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:REF`, `docker://REF`
    pub(crate) image: String,
    /// Platform to choose where the image has several, such as `linux/arm64`
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// File to write; standard output by default
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// An SBOM made while building, whose packages are added, repeatable
    #[arg(long, value_name = "SBOM")]
    pub(crate) merge: Vec<PathBuf>,
    /// Say what this SBOM lacks and what it invents, instead of writing one: a file, or `attached` for the one that is
    /// attached to the image
    #[arg(long, value_name = "SBOM", conflicts_with_all = ["merge", "output"])]
    pub(crate) verify: Option<String>,
    /// Take only an SBOM that this public key attests
    #[arg(long, value_name = "FILE", requires = "verify")]
    pub(crate) key: Option<PathBuf>,
    /// Speak plain HTTP to the registry; one on this machine needs no flag
    #[arg(long, requires = "verify")]
    pub(crate) plain_http: bool,
}

/// `scan`.
#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// The image (`oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:REF`, `docker://REF`), or
    /// an SBOM: a file of SPDX (JSON or tag-value), CycloneDX JSON or Syft JSON
    pub(crate) subject: String,
    /// Platform to choose where the image has several, such as `linux/arm64`
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    #[command(flatten)]
    pub(crate) db: DbPlace,
    /// VEX document (OpenVEX or CycloneDX) whose statements are believed, repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) vex: Vec<PathBuf>,
    /// The base image: tells which vulnerabilities are its, and which are yours
    #[arg(long, value_name = "IMAGE")]
    pub(crate) base: Option<String>,
    /// Another base image: shows which vulnerabilities it would take away and bring
    #[arg(long, value_name = "IMAGE")]
    pub(crate) compare_base: Option<String>,
    /// Count only vulnerabilities that a newer version mends
    #[arg(long)]
    pub(crate) only_fixed: bool,
}

/// Where the database is.
#[derive(Debug, Clone, Args)]
pub(crate) struct DbPlace {
    /// The database's file; by default `seaworthy/advisories.db` below the user's cache directory
    #[arg(long, value_name = "FILE", env = "SEAWORTHY_DB", hide_env_values = true)]
    pub(crate) db: Option<PathBuf>,
}

/// `db`.
#[derive(Debug, Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    pub(crate) action: DbAction,
}

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(crate) enum DbAction {
    /// Make the database from OSV exports: directories, .zip, .json, .ndjson, each also .gz and .zst; EPSS scores and
    /// the KEV catalogue as .csv or .json
    #[command(after_help = "Example:\n  seaworthy db import PyPI.zip npm.zip debian/ epss_scores.csv.gz")]
    Import(DbImportArgs),
    /// Fetch exports or a ready database, and put them in place when they arrived whole
    #[command(
        after_help = "Examples:\n  seaworthy db update https://advisories.example/PyPI/all.zip\n  seaworthy db update oci://registry.example/advisories:latest"
    )]
    Update(DbUpdateArgs),
    /// Say what is in the database, what it was made from, and how old it is
    Status(DbStatusArgs),
}

/// `db import`.
#[derive(Debug, Args)]
pub(crate) struct DbImportArgs {
    /// Exports
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) db: DbPlace,
}

/// `db update`.
#[derive(Debug, Args)]
pub(crate) struct DbUpdateArgs {
    /// URLs or `oci://REF`; by default those of the policy, else those of the last update
    pub(crate) from: Vec<String>,
    /// What the one that is fetched must have, as `sha256:…`
    #[arg(long, value_name = "DIGEST")]
    pub(crate) digest: Option<String>,
    #[command(flatten)]
    pub(crate) db: DbPlace,
}

/// `db status`.
#[derive(Debug, Args)]
pub(crate) struct DbStatusArgs {
    #[command(flatten)]
    pub(crate) db: DbPlace,
}

/// `tags`.
#[derive(Debug, Args)]
pub(crate) struct TagsArgs {
    /// The project whose policy says what is published
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Event by GitHub's name, such as `push` or `schedule`, `tag` for a pushed tag, or `all`; the present one by default
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    /// Branch, tag or number of the pull request the event is about, or a ref in full
    #[arg(long = "ref", value_name = "REF")]
    pub(crate) reference: Option<String>,
}

/// `publish`.
#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The image: `oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:REF`, `docker://REF`
    pub(crate) image: String,
    /// Where to: a registry reference or `oci:DIR`
    pub(crate) to: String,
    /// Tag, repeatable; the tag of the reference by default
    #[arg(short, long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Private key in cosign's format to sign with; the password is read from `COSIGN_PASSWORD`
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Attach no SBOM
    #[arg(long)]
    pub(crate) no_sbom: bool,
    /// Write the digest to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) digest_file: Option<PathBuf>,
    /// Speak plain HTTP to the registry; one on this machine needs no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `copy`.
#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The image: a registry reference or `oci:DIR[:REF]`
    pub(crate) source: String,
    /// Where to: a registry reference or `oci:DIR[:REF]`; without a tag it keeps the one it has
    pub(crate) target: String,
    /// Tag at the target, repeatable
    #[arg(short, long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Of several platforms only this one, such as `linux/arm64`
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// Leave signatures and all other attachments behind
    #[arg(long)]
    pub(crate) bare: bool,
    /// Write the digest to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) digest_file: Option<PathBuf>,
    /// Speak plain HTTP to the registries; those on this machine need no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `prune`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct PruneArgs {
    /// The repository, such as `ghcr.io/acme/app`
    pub(crate) repository: String,
    /// Delete images with a tag like this, repeatable (`*`, `?`, `[a-z]`); a tag beside others is taken away alone
    #[arg(long, value_name = "GLOB")]
    pub(crate) delete_tag: Vec<String>,
    /// Keep images with a tag like this whole, whatever else is said, repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) keep_tag: Vec<String>,
    /// Keep the newest images; an index counts once
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) keep: usize,
    /// Only images older than this: `30d`, `12h`, `2w`
    #[arg(long, value_name = "AGE", value_parser = crate::commands::prune::age)]
    pub(crate) older_than: Option<std::time::Duration>,
    /// Untagged manifests younger than this stay, because a push may be in progress
    #[arg(long, value_name = "AGE", default_value = "24h", value_parser = crate::commands::prune::age)]
    pub(crate) grace: std::time::Duration,
    /// Delete images without a tag that nothing reaches
    #[arg(long)]
    pub(crate) untagged: bool,
    /// Delete signatures and other attachments whose image is gone
    #[arg(long)]
    pub(crate) orphans: bool,
    /// Let images go that carry `latest`, `1` or `1.2`, too
    #[arg(long)]
    pub(crate) moving: bool,
    /// Keep every digest that a file of this directory names, repeatable
    #[arg(long, value_name = "DIR")]
    pub(crate) protect_from: Vec<PathBuf>,
    /// Write the plan to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apply", "yes"])]
    pub(crate) plan: Option<PathBuf>,
    /// Carry out the plan of this file, as far as it still holds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "delete_tag", "keep_tag", "keep", "older_than", "grace", "untagged", "orphans", "moving", "protect_from"])]
    pub(crate) apply: Option<PathBuf>,
    /// Plan and carry out at once
    #[arg(long)]
    pub(crate) yes: bool,
    /// Speak plain HTTP to the registry; one on this machine needs no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The image to sign: a registry reference or `oci:DIR[:REF]`
    pub(crate) image: String,
    /// Private key in cosign's format; the password is read from `COSIGN_PASSWORD`
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Speak plain HTTP to the registry; one on this machine needs no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `attest`.
#[derive(Debug, Args)]
pub(crate) struct AttestArgs {
    /// The image the statement is about: a registry reference or `oci:DIR[:REF]`
    pub(crate) image: String,
    /// The predicate, a JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) predicate: PathBuf,
    /// Predicate type: `spdxjson`, `cyclonedx` or a URI
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: String,
    /// Private key in cosign's format; the password is read from `COSIGN_PASSWORD`
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Speak plain HTTP to the registry; one on this machine needs no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The image to verify: a registry reference or `oci:DIR[:REF]`
    pub(crate) image: String,
    /// The signer's public key, PREFIX.pub
    #[arg(long, value_name = "FILE", required_unless_present_any = ["certificate_identity", "certificate_identity_regexp"])]
    pub(crate) key: Option<PathBuf>,
    /// Speak plain HTTP to the registry; one on this machine needs no flag
    #[arg(long)]
    pub(crate) plain_http: bool,
    #[command(flatten)]
    pub(crate) keyless: KeylessArgs,
}

/// Who signed without a key, by the words of cosign.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signed without a key")]
pub(crate) struct KeylessArgs {
    /// Whom the signer's certificate names: a mail address, or the address of a workflow
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    pub(crate) certificate_identity: Option<String>,
    /// The same as an expression that is found in the name
    #[arg(long, value_name = "REGEX", conflicts_with_all = ["key", "certificate_identity"])]
    pub(crate) certificate_identity_regexp: Option<String>,
    /// Who vouched for the name, such as `https://token.actions.githubusercontent.com`
    #[arg(long, value_name = "URL", conflicts_with = "key")]
    pub(crate) certificate_oidc_issuer: Option<String>,
    /// The same as an expression
    #[arg(long, value_name = "REGEX", conflicts_with_all = ["key", "certificate_oidc_issuer"])]
    pub(crate) certificate_oidc_issuer_regexp: Option<String>,
    /// Whom to trust: a `trusted_root.json`; by default sigstore's public instance
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(crate) trusted_root: Option<PathBuf>,
}

/// `keygen`.
#[derive(Debug, Args)]
pub(crate) struct KeygenArgs {
    /// PREFIX.key and PREFIX.pub are written; the password is read from `COSIGN_PASSWORD`
    #[arg(default_value = "cosign")]
    pub(crate) prefix: PathBuf,
}

/// `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// A report.json; by default that of the last `ship` here
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
    /// Remove what killed runs left: processes, control groups, directories, containers
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
