//! Drives cargo: what is there to build, and the build itself.

use super::metadata::Metadata;
use crate::child::{self, Line};
use crate::{BuildError, Progress};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

/// What to do where cargo itself lacks.
const INSTALL: &str =
    "install a Rust toolchain, or build a Dockerfile instead: remove `rust` from the image's policy";

/// How cargo is called throughout one packaging.
pub(super) struct Cargo<'a> {
    /// The directory of the project's `Cargo.toml`, absolute.
    pub project: &'a Path,
    /// Whether cargo may use the network.
    pub offline: bool,
    /// Set by the caller to stop.
    pub cancelled: Option<&'a AtomicBool>,
}

/// What to build.
pub(super) struct Job<'a> {
    pub package: &'a str,
    pub bin: &'a str,
    pub triple: &'a str,
    pub features: &'a [String],
}

/// What cargo built.
pub(super) struct Built {
    /// The executable.
    pub executable: PathBuf,
    /// Ids of every package that took part, up-to-date ones included.
    pub compiled: BTreeSet<String>,
    /// Whether there was nothing to do.
    pub fresh: bool,
}

/// A line of `--message-format=json` (The Cargo Book, "External tools"); fields of other messages are absent.
#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    executable: Option<PathBuf>,
    fresh: Option<bool>,
    target: Option<super::metadata::Target>,
}

impl Cargo<'_> {
    fn command(&self, subcommand: &str) -> Command {
        // The directory decides which toolchain file and which cargo configuration apply.
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.current_dir(self.project).arg(subcommand);
        command.arg("--manifest-path").arg(self.project.join("Cargo.toml"));
        if self.offline {
            command.arg("--offline");
        }
        command
    }

    /// The triple to build for: this machine's, with the static C library its toolchain already has.
    pub(super) fn host_triple(&self) -> Result<String, BuildError> {
        let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")));
        command.current_dir(self.project).arg("-vV");
        let (text, _) = self.capture(command, "rustc -vV")?;
        text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).ok_or_else(|| {
            BuildError::Answer { what: "`rustc -vV`".to_owned(), problem: "it names no host".to_owned() }
        })
    }

    /// The workspace without its dependencies: needs neither the network nor a lock file.
    pub(super) fn workspace(&self) -> Result<Metadata, BuildError> {
        let mut command = self.command("metadata");
        command.args(["--format-version", "1", "--no-deps"]);
        self.metadata(command)
    }

    /// The whole graph for one platform, with the features of the build.
    pub(super) fn graph(&self, job: &Job<'_>) -> Result<Metadata, BuildError> {
        let mut command = self.command("metadata");
        command.args(["--format-version", "1", "--locked", "--filter-platform", job.triple]);
        if !job.features.is_empty() {
            // In a workspace a plain feature belongs to the package in the current directory, so name the package.
            let named: Vec<String> = job
                .features
                .iter()
                .map(|feature| {
                    if feature.contains('/') { feature.clone() } else { format!("{}/{feature}", job.package) }
                })
                .collect();
            command.arg("--features").arg(named.join(","));
        }
        self.metadata(command)
    }

    fn metadata(&self, command: Command) -> Result<Metadata, BuildError> {
        let (text, _) = self.capture(command, "cargo metadata")?;
        serde_json::from_str(&text).map_err(|error| BuildError::Answer {
            what: "`cargo metadata`".to_owned(),
            problem: error.to_string(),
        })
    }

    fn capture(&self, command: Command, what: &str) -> Result<(String, String), BuildError> {
        let (mut out, mut err) = (String::new(), String::new());
        let status = child::run(command, INSTALL, self.cancelled, &mut |line| {
            let (into, text) = match line {
                Line::Out(text) => (&mut out, text),
                Line::Err(text) => (&mut err, text),
            };
            into.push_str(&text);
            into.push('\n');
        })?;
        if status.success() {
            return Ok((out, err));
        }
        let hint = hint_for(&err);
        Err(BuildError::Failed { what: format!("`{what}`"), output: err, hint })
    }

    /// Builds the binary in the release profile and finds it.
    pub(super) fn build(
        &self,
        job: &Job<'_>,
        workspace: &Metadata,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Built, BuildError> {
        let mut command = self.command("build");
        command.args(["--release", "--locked", "--message-format", "json-render-diagnostics"]);
        command.args(["--target", job.triple, "--package", job.package, "--bin", job.bin]);
        if !job.features.is_empty() {
            command.arg("--features").arg(job.features.join(","));
        }
        self.add_flags(&mut command, job.triple, workspace);
        // Incremental code is split differently from run to run; symbols and build ids carry names of this machine.
        command.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
        let (mut compiled, mut executable, mut fresh) = (BTreeSet::new(), None, true);
        let mut diagnostics = String::new();
        let status = child::run(command, INSTALL, self.cancelled, &mut |line| match line {
            Line::Out(text) => {
                let Ok(message) = serde_json::from_str::<Message>(&text) else { return };
                if message.reason != "compiler-artifact" {
                    return;
                }
                compiled.extend(message.package_id);
                fresh &= message.fresh.unwrap_or(false);
                let is_bin = message.target.is_some_and(|target| {
                    target.name == job.bin && target.kind.iter().any(|kind| kind == "bin")
                });
                if is_bin {
                    executable = message.executable;
                }
            }
            Line::Err(text) => {
                if !is_chatter(&text) {
                    diagnostics.push_str(&text);
                    diagnostics.push('\n');
                }
                progress(Progress::Output(text));
            }
        })?;
        if !status.success() {
            let hint = hint_for(&diagnostics);
            return Err(BuildError::Failed { what: "`cargo build`".to_owned(), output: diagnostics, hint });
        }
        let executable = executable.ok_or_else(|| BuildError::Answer {
            what: "`cargo build`".to_owned(),
            problem: format!("it names no executable for `{}`", job.bin),
        })?;
        Ok(Built { executable, compiled, fresh })
    }

    /// Adds our compiler flags to the user's, wherever cargo would take those from: the environment replaces the
    /// configuration files, and `target.*.rustflags` replaces `build.rustflags`.
    fn add_flags(&self, command: &mut Command, triple: &str, workspace: &Metadata) {
        let ours = compiler_flags(workspace);
        let from_environment =
            env::var("CARGO_ENCODED_RUSTFLAGS").ok().map(|text| split_encoded(&text)).or_else(|| {
                let text = env::var("RUSTFLAGS").ok()?;
                Some(text.split_whitespace().map(str::to_owned).collect())
            });
        if let Some(mut flags) = from_environment {
            flags.extend(ours);
            command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
            return;
        }
        let key = if self.configures_target_flags(triple) {
            format!("target.{triple}")
        } else {
            "build".to_owned()
        };
        let list = toml::Value::from(ours);
        command.arg("--config").arg(format!("{key}.rustflags={list}"));
    }

    /// Whether the environment or a configuration file of this project's hierarchy sets flags for a target.
    fn configures_target_flags(&self, triple: &str) -> bool {
        let variable = format!("CARGO_TARGET_{}_RUSTFLAGS", triple.to_uppercase().replace(['-', '.'], "_"));
        if env::var_os(variable).is_some() {
            return true;
        }
        let home = cargo_home().into_iter().map(|home| home.join("config.toml"));
        let above = self.project.ancestors().map(|directory| directory.join(".cargo/config.toml"));
        above.chain(home).filter_map(|path| fs::read_to_string(path).ok()).any(|text| {
            let Ok(table) = text.parse::<toml::Table>() else { return false };
            let targets = table.get("target").and_then(toml::Value::as_table);
            targets.is_some_and(|targets| targets.values().any(|target| target.get("rustflags").is_some()))
        })
    }
}

fn split_encoded(text: &str) -> Vec<String> {
    text.split('\u{1f}').filter(|flag| !flag.is_empty()).map(str::to_owned).collect()
}

/// Static linking, no directory of this machine in panic messages and debug information, no build id.
fn compiler_flags(workspace: &Metadata) -> Vec<String> {
    let mut flags: Vec<String> = ["-C", "target-feature=+crt-static", "-C", "link-arg=-Wl,--build-id=none"]
        .map(str::to_owned)
        .to_vec();
    // rustc takes the last prefix that matches, so the more specific ones stand last.
    let mut remap = |from: &str, to: &str| flags.push(format!("--remap-path-prefix={from}={to}"));
    if let Some(home) = cargo_home() {
        remap(&home.to_string_lossy(), "/cargo");
    }
    remap(&workspace.workspace_root, "/build");
    remap(&workspace.target_directory, "/build/target");
    flags
}

pub(super) fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}

/// cargo's status lines, which say nothing about an error.
fn is_chatter(line: &str) -> bool {
    let words = [
        "Compiling",
        "Finished",
        "Fresh",
        "Downloading",
        "Downloaded",
        "Updating",
        "Locking",
        "Blocking",
        "Checking",
    ];
    words.iter().any(|word| line.trim_start().starts_with(word))
}

/// What to do next, from cargo's words.
fn hint_for(output: &str) -> String {
    let mut hint = String::new();
    if output.contains("--locked was passed") || output.contains("because --locked") {
        hint.push_str(
            "Cargo.lock does not fit Cargo.toml: run `cargo update --workspace` and commit Cargo.lock",
        );
    } else if output.contains("--offline") || output.contains("no matching package named") {
        hint.push_str("a dependency is not on this machine: run `cargo fetch --locked` once with a network");
    } else if output.contains("can't find crate for `std`") || output.contains("can't find crate for `core`")
    {
        hint.push_str("the toolchain lacks the standard library of this target");
    } else if output.contains("linking with `") && output.contains("cannot find -l") {
        hint.push_str(
            "a C library has no static form (`lib….a`) on this machine: install it or use a pure Rust crate",
        );
    }
    hint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_flags_keep_their_blanks() {
        assert_eq!(split_encoded("-C\u{1f}link-arg=a b"), ["-C", "link-arg=a b"]);
        assert!(split_encoded("").is_empty());
    }

    #[test]
    fn status_lines_are_not_diagnostics() {
        assert!(is_chatter("   Compiling x v0.1.0"));
        assert!(!is_chatter("error[E0425]: cannot find value `y`"));
    }
}
