//! `check --watch`: looks at the files again and again, and checks when one of them has changed.
//!
//! Times and sizes are compared twice a second instead of asking the kernel to tell: that works on every file system,
//! in containers and over a network, and editors that replace files do not escape it.

use crate::cli::{CheckArgs, Global};
use crate::failure::Failure;
use crate::interrupt::{hold, interrupted};
use crate::shell::Shell;
use seaworthy_finding::ExitCode;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(400);
/// No more files are looked at.
const MOST: usize = 20_000;
/// As deep as the project is read.
const DEEPEST: usize = 9;
/// Directories that hold nothing a person wrote.
const SKIPPED: [&str; 4] = [".git", "target", "node_modules", ".seaworthy"];

type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Checks whenever something changes, until a signal ends it.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &CheckArgs) -> Result<ExitCode, Failure> {
    let mut seen = Seen::new();
    let mut said: Option<String> = None;
    loop {
        let now = look(&args.paths, global.config.as_deref());
        if said.is_none() || now != seen {
            // An editor writes in several steps; what is read is what it left.
            let settled = settle(now, &args.paths, global.config.as_deref());
            seen = settled;
            let text = match super::check::rendered(shell, global, args) {
                Ok(text) => text,
                // A file that is being written is no reason to end.
                Err(failure) if failure.message.is_empty() => return Err(failure),
                Err(failure) => format!("error: {}\n", failure.message),
            };
            if said.as_ref() != Some(&text) {
                if said.is_some() {
                    shell.out("\n")?;
                }
                shell.out(&text)?;
                shell.progress("Watch", "for changes; Ctrl-C ends it");
                said = Some(text);
            }
        }
        std::thread::sleep(PAUSE);
        if interrupted() {
            hold();
        }
    }
}

/// Waits until two looks agree.
fn settle(mut before: Seen, paths: &[PathBuf], config: Option<&Path>) -> Seen {
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(50));
        let now = look(paths, config);
        if now == before {
            break;
        }
        before = now;
    }
    before
}

fn look(paths: &[PathBuf], config: Option<&Path>) -> Seen {
    let mut seen = Seen::new();
    for path in paths.iter().map(PathBuf::as_path).chain(config) {
        note(path, DEEPEST, &mut seen);
    }
    seen
}

fn note(path: &Path, depth: usize, seen: &mut Seen) {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return };
    if seen.len() >= MOST {
        return;
    }
    let is_dir = meta.is_dir();
    seen.insert(path.to_owned(), (meta.modified().ok(), if is_dir { 0 } else { meta.len() }));
    if !is_dir || depth == 0 {
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
        if !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            note(&entry.path(), depth - 1, seen);
        }
    }
}
