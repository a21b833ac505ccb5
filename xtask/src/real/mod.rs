//! `cargo xtask real`: what the rules say about real files of public repositories.
//!
//! Without a word: how often each rule speaks, the table kept in `docs/real-files.txt`. `--peers`: what other
//! tools said about the same files, and what only one side found. `--sample N SEED`: findings drawn at random, with
//! their lines, for a person to judge.

mod files;
mod peers;
mod sample;
mod table;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub(crate) use files::{Judged, judged, read as files};
use table::snapshot;

/// How to call it.
pub(crate) const USAGE: &str = "cargo xtask real DIR [--peers | --sample N SEED]";

/// Runs it; `DIR` is the corpus' folder `static/real`.
pub(crate) fn main(words: &[&str], out: &mut dyn Write) -> ExitCode {
    let run = || -> anyhow::Result<String> {
        match words {
            [dir] => snapshot(Path::new(dir)),
            [dir, "--peers"] => peers::table(Path::new(dir)),
            [dir, "--sample", count, seed] => sample::draw(Path::new(dir), count.parse()?, seed.parse()?),
            _ => anyhow::bail!("usage: {USAGE}"),
        }
    };
    match run() {
        Ok(text) => {
            // Nothing is left to do when standard output is closed.
            let _ = out.write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}
