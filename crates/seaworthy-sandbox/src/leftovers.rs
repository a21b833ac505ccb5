//! What boxes of killed owners left behind, and removing it.

use std::fs;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cgroup;
use crate::remove;
use crate::state::{self, Identity, Record};
use crate::sys;

/// A box whose owner is gone.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// Its directory in the state directory.
    pub directory: PathBuf,
    /// The program it ran, where its record says so.
    pub program: Option<String>,
    /// The process that owned it, which is gone.
    pub owner_pid: i32,
    /// Its first process, when that still runs; everything in its pid namespace ends with it.
    pub process: Option<i32>,
    /// Its control groups that still exist.
    pub cgroups: Vec<PathBuf>,
    /// Mounts on the host's side below the directory; there should never be any.
    pub mounts: Vec<PathBuf>,
    identity: Option<Identity>,
}

/// What became of a [`Leftover`].
#[derive(Debug, Clone)]
pub struct CleanResult {
    /// Its directory.
    pub directory: PathBuf,
    /// What was done, each as a sentence.
    pub done: Vec<String>,
    /// What could not be done, each with its reason.
    pub failed: Vec<String>,
}

impl Leftover {
    /// What is left, in words.
    pub fn describe(&self) -> String {
        let program =
            self.program.as_deref().filter(|program| !program.is_empty()).unwrap_or("unknown program");
        let mut parts = vec![format!("directory `{}`", self.directory.display())];
        if let Some(pid) = self.process {
            parts.insert(0, format!("running process {pid}"));
        }
        parts.extend(self.cgroups.iter().map(|path| format!("control group `{}`", path.display())));
        parts.extend(self.mounts.iter().map(|path| format!("mount `{}`", path.display())));
        format!("sandbox of `{program}`, owned by the ended process {}: {}", self.owner_pid, parts.join(", "))
    }
}

/// Lists the boxes whose owner does not live any more.
pub(crate) fn find(state: &Path, boot_id: &str) -> Vec<Leftover> {
    let Ok(entries) = fs::read_dir(state) else { return Vec::new() };
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut list: Vec<_> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let owner = state::owner_in_name(entry.file_name().to_str()?)?;
            let directory = entry.path();
            let record = state::read_record(&directory);
            let rebooted = record.as_ref().is_some_and(|record| record.boot_id != boot_id);
            if owner.lives() && !rebooted {
                return None;
            }
            Some(leftover(directory, owner, record.as_ref(), rebooted, &mounts))
        })
        .collect();
    list.sort_by(|a, b| a.directory.cmp(&b.directory));
    list
}

fn leftover(
    directory: PathBuf,
    owner: Identity,
    record: Option<&Record>,
    rebooted: bool,
    mounts: &str,
) -> Leftover {
    let identity = record.and_then(|record| record.first_process).filter(|first| !rebooted && first.lives());
    let cgroups = record.map(|record| record.cgroups.clone()).unwrap_or_default();
    Leftover {
        program: record.map(|record| record.program.clone()),
        owner_pid: owner.pid,
        process: identity.map(|identity| identity.pid),
        cgroups: cgroups.into_iter().filter(|path| is_own_group(path, &directory) && path.is_dir()).collect(),
        mounts: mounts
            .lines()
            .filter_map(|line| line.split(' ').nth(4).map(PathBuf::from))
            .filter(|point| point.starts_with(&directory))
            .collect(),
        identity,
        directory,
    }
}

/// Whether a recorded group can only be that box's: a changed record must not name any other directory.
fn is_own_group(path: &Path, directory: &Path) -> bool {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let plain = !path.components().any(|part| part == std::path::Component::ParentDir);
    plain
        && path.starts_with("/sys/fs/cgroup")
        && path.file_name().and_then(|name| name.to_str()) == Some(&format!("seaworthy-{name}"))
}

/// Removes one leftover.
pub(crate) fn clean(leftover: Leftover) -> CleanResult {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    if let Some(identity) = leftover.identity {
        match kill(identity) {
            Ok(()) => done.push(format!("killed process {}", identity.pid)),
            Err(reason) => failed.push(format!("process {}: {reason}", identity.pid)),
        }
    }
    for group in &leftover.cgroups {
        match cgroup::remove_group(group) {
            Ok(()) => done.push(format!("removed control group `{}`", group.display())),
            Err(error) => failed.push(format!("control group `{}`: {error}", group.display())),
        }
    }
    // While something of the box is left, its record must stay, or nobody would find it again.
    if failed.is_empty() {
        match remove::remove_tree(&leftover.directory) {
            Ok(()) => done.push(format!("removed directory `{}`", leftover.directory.display())),
            Err(error) => failed.push(format!("directory `{}`: {error}", leftover.directory.display())),
        }
    }
    CleanResult { directory: leftover.directory, done, failed }
}

/// Kills exactly the recorded process: the pidfd is taken first and the start time read after it.
fn kill(identity: Identity) -> Result<(), String> {
    let words = |errno| std::io::Error::from_raw_os_error(errno).to_string();
    let pidfd = match sys::pidfd_open(identity.pid) {
        Err(libc::ESRCH) => return Ok(()),
        other => other.map_err(words)?,
    };
    // SAFETY: the descriptor was just made and belongs to nobody else.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    if !identity.lives() {
        return Ok(());
    }
    sys::pidfd_send_signal(pidfd.as_raw_fd(), libc::SIGKILL).map_err(words)?;
    match sys::poll(&mut [sys::pollin(pidfd.as_raw_fd())], Some(Duration::from_secs(5))) {
        Ok(true) => Ok(()),
        _ => Err("did not end within 5 s after SIGKILL".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_boxs_own_group_is_ever_removed() {
        let directory = Path::new("/run/seaworthy-0/1-2-3");
        let own = |path: &str| is_own_group(Path::new(path), directory);
        assert!(own("/sys/fs/cgroup/memory/x/seaworthy-1-2-3"));
        assert!(!own("/sys/fs/cgroup/memory/seaworthy-1-2-4"));
        assert!(!own("/etc/seaworthy-1-2-3"));
        assert!(!own("/sys/fs/cgroup/../../etc/seaworthy-1-2-3"));
    }
}
