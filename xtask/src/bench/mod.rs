//! `cargo xtask bench [NAME…] [--quick] [--json]`: floor, Seaworthy and every installed peer, in one run.
//!
//! Figures are for reading: nothing here fails because something is slow. Contenders take turns, so that a burst of
//! load on the machine hits all of them. A peer that is not there has its line all the same.

mod boot;
mod check;
mod figures;
mod floor;
mod inspect;
mod large;
mod layouts;
mod lsp;
mod machine;
mod measure;
mod output;
mod peers;
mod push;
mod registry;
mod scan;
mod ship;
mod start_up;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context as _;
use figures::Table;
use machine::Header;

/// How the command is called.
pub(crate) const USAGE: &str = "cargo xtask bench [NAME…] [--quick] [--json]";

/// Measures one work in all its cases.
type Run = fn(&Bench) -> anyhow::Result<Vec<Table>>;

/// Every bench, in the order of their running.
const BENCHES: [(&str, Run); 9] = [
    ("start-up", start_up::run),
    ("boot", boot::run),
    ("inspect", inspect::run),
    ("push", push::run),
    ("check", check::run),
    ("scan", scan::run),
    ("large", large::run),
    ("lsp", lsp::run),
    ("ship", ship::run),
];

/// What every bench is given.
pub(crate) struct Bench {
    /// The binary under test.
    seaworthy: PathBuf,
    /// This program, which holds the floor and the meter.
    own_program: PathBuf,
    /// The root of the repository.
    workspace: PathBuf,
    /// Where everything generated lies.
    cache: PathBuf,
    /// Fewer rounds and smaller images: for looking whether the bench works.
    quick: bool,
}

impl Bench {
    /// The number of counted rounds.
    fn rounds(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(10) } else { full }
    }

    /// A folder of the cache.
    fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.cache.join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
        Ok(folder)
    }
}

/// Runs the benches; 0 whatever the figures, 2 when the command line is wrong or nothing can be built.
pub(crate) fn main(words: &[&str], out: &mut dyn Write) -> ExitCode {
    match execute(words, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// The processes that benches start from this very program.
pub(crate) fn helper(name: &str, words: &[&str], out: &mut dyn Write) -> ExitCode {
    match name {
        "boot-once" => boot::main(words, out),
        "floor" => floor::main(words, out),
        "push-once" => push::main(words),
        _ => measure::main(words, out),
    }
}

fn execute(words: &[&str], out: &mut dyn Write) -> anyhow::Result<()> {
    let (flags, names): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with('-'));
    let known = || BENCHES.map(|(name, _)| name).join(", ");
    for flag in &flags {
        anyhow::ensure!(["--quick", "--json"].contains(flag), "unknown option {flag}; usage: {USAGE}");
    }
    for name in &names {
        let found = BENCHES.iter().any(|(known, _)| known == name);
        anyhow::ensure!(found, "unknown bench {name}; benches: {}", known());
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    if cfg!(debug_assertions) {
        return optimised(workspace, words);
    }
    let own_program = std::env::current_exe()?;
    let target = own_program.ancestors().nth(2).context("this program lies in no target directory")?;
    let seaworthy = match std::env::var_os("SEAWORTHY_BIN") {
        Some(path) => std::path::absolute(path)?,
        None => {
            build(workspace, "seaworthy")?;
            target.join("release/seaworthy")
        }
    };
    anyhow::ensure!(seaworthy.is_file(), "no binary at {}", seaworthy.display());
    let bench = Bench {
        seaworthy,
        workspace: workspace.to_owned(),
        cache: target.join("bench"),
        quick: flags.contains(&"--quick"),
        own_program: own_program.clone(),
    };
    let as_json = flags.contains(&"--json");
    let header = Header::read(&bench.seaworthy, workspace);
    if as_json {
        writeln!(out, "{}", header.json())?;
    } else {
        write!(out, "{}", header.markdown())?;
    }
    for (name, run) in BENCHES {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        tell(&format!("{name}, load average {}", machine::load()));
        match run(&bench) {
            Err(error) if as_json => {
                writeln!(out, "{}", serde_json::json!({ "bench": name, "absent": format!("{error:#}") }))?;
            }
            Err(error) => writeln!(out, "\n### {name}: not run\n\n{error:#}")?,
            Ok(tables) => {
                for table in tables {
                    if as_json {
                        output::json_lines(&table, out)?;
                    } else {
                        output::markdown(&table, out)?;
                    }
                }
            }
        }
        out.flush()?;
    }
    Ok(())
}

/// Builds this program with optimisation and hands over to it: a slow floor would flatter everything else.
fn optimised(workspace: &Path, words: &[&str]) -> anyhow::Result<()> {
    build(workspace, "xtask")?;
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).context("this program lies in no target directory")?;
    let status = Command::new(target.join("release/xtask")).arg("bench").args(words).status()?;
    anyhow::ensure!(status.success(), "the optimised bench ended with {status}");
    Ok(())
}

fn build(workspace: &Path, package: &str) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--release", "--package", package]).current_dir(workspace);
    let status = command.stdin(Stdio::null()).status()?;
    anyhow::ensure!(status.success(), "`cargo build --release --package {package}` ended with {status}");
    Ok(())
}

/// Tells the person who waits.
fn tell(line: &str) {
    // Nothing is left to do when standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}
