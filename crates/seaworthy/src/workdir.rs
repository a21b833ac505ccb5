//! Directories that live as long as a run, and what killed runs left of them.

use crate::failure::Failure;
use crate::interrupt::{OnInterrupt, on_interrupt};
use seaworthy_finding::ExitCode;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// A private directory that is removed at the end, on an interrupt too.
///
/// Its name carries the owner's process id and start time, so that what a killed run left can be told from what is in use.
#[derive(Debug)]
pub(crate) struct WorkDir {
    path: PathBuf,
    _cleanup: OnInterrupt,
}

/// A directory whose owner is gone.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) path: PathBuf,
    pub(crate) owner: u32,
}

impl WorkDir {
    /// Makes a new one.
    pub(crate) fn new(purpose: &str) -> Result<Self, Failure> {
        let root = root()?;
        let pid = std::process::id();
        let started = start_time(pid).unwrap_or(0);
        let path = (0..1000)
            .map(|at| root.join(format!("{purpose}-{pid}-{started}-{at}")))
            .find(|path| std::fs::DirBuilder::new().mode(0o700).create(path).is_ok())
            .ok_or_else(|| {
                Failure::new(ExitCode::Error, format!("failed to make a directory in `{}`", root.display()))
            })?;
        let doomed = path.clone();
        let cleanup = on_interrupt(move || remove(&doomed));
        Ok(Self { path, _cleanup: cleanup })
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Directories whose owners are gone.
pub(crate) fn leftovers() -> Result<Vec<Leftover>, Failure> {
    let root = root()?;
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(&root) else { return Ok(found) };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut parts = name.rsplit('-').skip(1);
        let (Some(started), Some(owner)) = (parts.next(), parts.next()) else { continue };
        let (Ok(started), Ok(owner)) = (started.parse::<u64>(), owner.parse::<u32>()) else { continue };
        if start_time(owner) != Some(started) {
            found.push(Leftover { path: entry.path(), owner });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Removes a leftover.
pub(crate) fn clean(leftover: &Leftover) -> std::io::Result<()> {
    std::fs::remove_dir_all(&leftover.path)
}

/// The directory that holds them all: private to this user.
fn root() -> Result<PathBuf, Failure> {
    let base = std::env::temp_dir();
    let uid = std::fs::metadata("/proc/self").map_or(0, |meta| meta.uid());
    let root = base.join(format!("seaworthy-work-{uid}"));
    let failed =
        |why: String| Failure::new(ExitCode::Error, format!("failed to use `{}`: {why}", root.display()));
    match std::fs::DirBuilder::new().mode(0o700).create(&root) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let meta = std::fs::symlink_metadata(&root).map_err(|error| failed(error.to_string()))?;
            if !meta.is_dir() || meta.uid() != uid || meta.mode() & 0o077 != 0 {
                return Err(failed("it is not a private directory of this user".to_owned())
                    .hint("set TMPDIR to a directory of your own"));
            }
        }
        Err(error) => return Err(failed(error.to_string())),
    }
    Ok(root)
}

/// A process's start time in clock ticks since boot, field 22 of `/proc/PID/stat` (proc(5)).
fn start_time(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may contain anything, so counting begins after the last one.
    text.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

fn remove(path: &Path) {
    // A directory that cannot be removed is found by `doctor`.
    let _ = std::fs::remove_dir_all(path);
}
