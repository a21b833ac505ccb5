//! `start-up`: how long a program needs to print its version.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;

use super::Bench;
use super::figures::{Field, Kind, Role, Sample, Table};
use super::peers::{MISSING, find};

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let mut field = Field::default();
    let floor = find("true").context("no program `true`")?;
    field.add("floor: `true`", Role::Floor, move || start(&floor, &[]));
    field.add("Seaworthy `--version`", Role::Own, || start(&bench.seaworthy, &["--version"]));
    for (name, word) in [("docker", "--version"), ("crane", "version"), ("cosign", "version")] {
        let title = format!("{name} `{word}`");
        match find(name) {
            Some(program) => field.add(&title, Role::Peer, move || start(&program, &[word])),
            None => field.absent(&title, Role::Peer, MISSING),
        }
    }
    Ok(vec![Table {
        bench: "start-up",
        case: "print the version".to_owned(),
        note: "Budget: at most 5 ms.".to_owned(),
        kinds: vec![Kind::Wall],
        rows: field.run(bench.rounds(50)),
    }])
}

fn start(program: &Path, args: &[&str]) -> anyhow::Result<Sample> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = command.status()?;
    let wall = begun.elapsed().as_secs_f64();
    anyhow::ensure!(status.success(), "`{}` ended with {status}", program.display());
    Ok(vec![(Kind::Wall, wall)])
}
