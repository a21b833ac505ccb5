//! Runs one program in a process of its own and says what it cost.
//!
//! The kernel keeps the CPU time and the peak memory of ended children as one sum and one maximum for each parent.
//! So a parent with a single child is needed: `xtask measure PROGRAM ARG…` is that parent. The least it can report as
//! memory is its own, about 4 MiB, because a new process counts the memory it had before it became the program.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Value, json};

use super::figures::{Kind, Sample};

/// A program to run, with everything it is given.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    program: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    /// The only core it may use.
    core: Option<usize>,
    /// Exit codes that mean the work was done.
    accepted: &'static [i32],
}

impl Call {
    /// A call that must end with 0.
    pub(crate) fn new(program: &Path, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { program: program.to_owned(), args, env: Vec::new(), core: None, accepted: &[0] }
    }

    /// Linters end with 1 when they found something.
    pub(crate) fn findings_allowed(mut self) -> Self {
        self.accepted = &[0, 1];
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Allows one core only.
    pub(crate) fn on_core(mut self, core: usize) -> Self {
        self.core = Some(core);
        self
    }

    /// Runs it and gives CPU time, wall time and peak memory.
    pub(crate) fn cost(&self) -> anyhow::Result<Sample> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("measure").envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(core) = self.core {
            command.args(["--core", &core.to_string()]);
        }
        let out = command.arg(&self.program).args(&self.args).stdin(Stdio::null()).output()?;
        let name = self.program.display();
        let stderr = String::from_utf8_lossy(&out.stderr);
        let last = || stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").to_owned();
        let cost: Value = serde_json::from_slice(&out.stdout)
            .with_context(|| format!("`{name}` could not be measured: {}", last()))?;
        let code = cost["code"].as_i64().and_then(|code| i32::try_from(code).ok());
        if !code.is_some_and(|code| self.accepted.contains(&code)) {
            let code = code.map_or("a signal".to_owned(), |code| format!("code {code}"));
            anyhow::bail!("`{name}` ended with {code}: {}", last());
        }
        let figure = |name: &str| cost[name].as_f64().with_context(|| format!("no figure {name}"));
        Ok(vec![(Kind::Cpu, figure("cpu")?), (Kind::Wall, figure("wall")?), (Kind::Rss, figure("rss")?)])
    }
}

/// `xtask measure [--core N] PROGRAM ARG…`: prints one JSON object.
pub(crate) fn main(words: &[&str], out: &mut dyn Write) -> ExitCode {
    match measure(words) {
        Ok(line) if writeln!(out, "{line}").is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn measure(words: &[&str]) -> anyhow::Result<Value> {
    let words = match words {
        ["--core", core, rest @ ..] => {
            let mut set = CpuSet::new();
            set.set(core.parse()?);
            sched_setaffinity(None, &set)?;
            rest
        }
        all => all,
    };
    let [program, args @ ..] = words else { anyhow::bail!("usage: xtask measure [--core N] PROGRAM ARG…") };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let status = command.status().with_context(|| format!("failed to start `{program}`"))?;
    let wall = begun.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let cpu = std::time::Duration::from_micros(u64::try_from(micros)?).as_secs_f64();
    let rss = u64::try_from(usage.max_rss())? * 1024;
    Ok(json!({ "wall": wall, "cpu": cpu, "rss": rss, "code": status.code() }))
}

#[cfg(test)]
mod tests {
    use super::measure;

    #[test]
    fn a_busy_program_costs_cpu_and_the_code_is_kept() {
        let busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exit 3";
        let cost = measure(&["/bin/sh", "-c", busy]).unwrap();
        assert_eq!(cost["code"], 3);
        assert!(cost["cpu"].as_f64().unwrap() > 0.001, "{cost}");
        assert!(cost["rss"].as_u64().unwrap() > 100 << 10, "{cost}");
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(measure(&["/nonexistent/program"]).is_err());
        assert!(measure(&[]).is_err());
    }
}
