//! Directories that live as long as a run, and what killed runs left of them.

use crate::failure::Failure;
use crate::interrupt::{OnInterrupt, after_interrupt};
use seaworthy_finding::ExitCode;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
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
        let pid = std::process::id();
        let started = start_time(pid).unwrap_or(0);
        let mut last = None;
        for at in 0..1000 {
            // Another run that ends may remove the common directory at any time, so it is made anew for each attempt.
            let root = root()?;
            let path = root.join(format!("{purpose}-{pid}-{started}-{at}"));
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let doomed = path.clone();
                    return Ok(Self { path, _cleanup: after_interrupt(move || remove(&doomed)) });
                }
                Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
                    last = Some((path, error));
                }
                Err(error) => return Err(unmade(&path, &error)),
            }
        }
        Err(last.map_or_else(
            || Failure::new(ExitCode::Error, "failed to make a work directory"),
            |(path, error)| unmade(&path, &error),
        ))
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
pub(crate) fn leftovers() -> Vec<Leftover> {
    let mut found = Vec::new();
    let (root, uid) = common();
    // Looking makes nothing, and names nothing of another user.
    let own = std::fs::symlink_metadata(&root).is_ok_and(|meta| meta.is_dir() && meta.uid() == uid);
    let Some(entries) = own.then(|| std::fs::read_dir(&root).ok()).flatten() else { return found };
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
    found
}

/// What tells this process from every other one on the machine: id and start time.
pub(crate) fn owner_mark() -> String {
    let pid = std::process::id();
    format!("{pid}-{}", start_time(pid).unwrap_or(0))
}

/// Whether the process whose [`owner_mark`] a name ends with is gone. A name without one belongs to nobody.
pub(crate) fn is_orphan(name: &str) -> bool {
    let mut parts = name.rsplit('-');
    let started = parts.next().and_then(|part| part.parse().ok());
    let owner = parts.next().and_then(|part| part.parse().ok());
    !matches!((owner, started), (Some(owner), Some(started)) if start_time(owner) == Some(started))
}

/// Removes a leftover.
pub(crate) fn clean(leftover: &Leftover) -> std::io::Result<()> {
    remove_tree(&leftover.path)?;
    tidy(&leftover.path);
    Ok(())
}

fn unmade(path: &Path, error: &std::io::Error) -> Failure {
    Failure::file("make", path, error).hint("set TMPDIR to a directory that can be written")
}

/// The directory that holds them all, and this user's number.
fn common() -> (PathBuf, u32) {
    let uid = std::fs::metadata("/proc/self").map_or(0, |meta| meta.uid());
    (std::env::temp_dir().join(format!("seaworthy-work-{uid}")), uid)
}

/// Makes the directory that holds them all: private to this user.
fn root() -> Result<PathBuf, Failure> {
    let (root, uid) = common();
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
        Err(error) => {
            return Err(failed(error.to_string()).hint("set TMPDIR to a directory that can be written"));
        }
    }
    Ok(root)
}

/// A running process's start time in clock ticks since boot, field 22 of `/proc/PID/stat` (proc(5)).
fn start_time(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may contain anything, so counting begins after the last one.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    // A process that has ended stays in the table until its parent asks, and some first processes never do.
    fields.next().filter(|state| !matches!(*state, "Z" | "X"))?;
    fields.nth(18)?.parse().ok()
}

fn remove(path: &Path) {
    // A directory that cannot be removed is found by `doctor`.
    let _ = remove_tree(path);
    tidy(path);
}

/// Removes a tree. Without root, an image's directory that its owner may not write to has to be opened first.
fn remove_tree(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            open_up(path);
            std::fs::remove_dir_all(path)
        }
        other => other,
    }
}

/// Gives the owner every right on every directory; links are not followed.
fn open_up(directory: &Path) {
    // What cannot be changed shows when it is removed.
    let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700));
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

/// Removes the directory that holds them all after the last of them; it is not empty while another run uses it.
fn tidy(path: &Path) {
    if let Some(common) = path.parent() {
        let _ = std::fs::remove_dir(common);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_living_process_made_is_no_leftover() {
        assert!(!is_orphan(&format!("seaworthy-trial-0123456789abcdef-{}", owner_mark())));
        let another_time = format!("x-{}-1", std::process::id());
        for name in [another_time.as_str(), "0123456789abcdef", "", "x-4194305-7"] {
            assert!(is_orphan(name), "{name}");
        }
    }

    #[test]
    fn a_process_that_ended_unasked_for_owns_nothing() {
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        assert!(start_time(child.id()).is_some());
        child.kill().unwrap();
        let gone = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            start_time(child.id()).is_none()
        });
        assert!(gone && Path::new(&format!("/proc/{}", child.id())).exists(), "a zombie counts as living");
        child.wait().unwrap();
    }
}
