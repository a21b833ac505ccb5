//! Boots a directory as a root file system and prints what it wrote and how long it took.
//!
//! `cargo run -p seaworthy-sandbox --example boot -- [--user UID] [--read-only] [--rounds N] ROOTFS COMMAND…`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example reports to its user")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use seaworthy_sandbox::{Rootfs, Runtime, Spec};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            eprintln!("failed to {error}{source}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let (mut uid, mut read_only, mut rounds) = (0, false, 1);
    while let Some(flag) = arguments.next_if(|argument| argument.starts_with("--")) {
        match flag.as_str() {
            "--user" => uid = arguments.next().ok_or("--user needs a number")?.parse()?,
            "--rounds" => rounds = arguments.next().ok_or("--rounds needs a number")?.parse()?,
            "--read-only" => read_only = true,
            other => return Err(format!("unknown option `{other}`").into()),
        }
    }
    let rootfs = Rootfs::directory(arguments.next().ok_or("which root file system?")?);
    let mut spec = Spec::new(rootfs, arguments);
    (spec.uid, spec.gid, spec.read_only) = (uid, uid, read_only);
    let runtime = Runtime::new(None)?;
    eprintln!("mode: {:?}", runtime.mode());
    let (mut first, mut exit, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let mut code = 0;
    for _ in 0..rounds {
        let begun = Instant::now();
        let running = runtime.boot(&spec)?;
        let ended = running.wait(Duration::from_secs(60))?.ok_or("still running after 60 s")?;
        let logs = running.logs();
        let output = logs.stdout.iter().chain(&logs.stderr).map(|chunk| chunk.at).min();
        first.extend(output.map(|at| at.duration_since(begun)));
        exit.push(ended.at.duration_since(begun));
        if rounds == 1 {
            print!("{}", logs.stdout_text());
            eprint!("{}", logs.stderr_text());
            for write in running.writes()? {
                eprintln!("{:?} {}", write.kind, write.path_lossy());
            }
            for reason in running.unapplied() {
                eprintln!("not applied: {reason}");
            }
        }
        drop(running);
        whole.push(begun.elapsed());
        code = ended.code.unwrap_or_else(|| 128 + ended.signal.unwrap_or(0));
    }
    for (name, mut times) in [("first output", first), ("exit", exit), ("dropped", whole)] {
        times.sort();
        if let (Some(least), Some(median)) = (times.first(), times.get(times.len() / 2)) {
            eprintln!("{name}: median {median:.1?}, least {least:.1?}, {} rounds", times.len());
        }
    }
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
