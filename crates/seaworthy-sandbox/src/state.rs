//! The state directory: one directory per live box with a record of what has to be cleaned up.
//!
//! A directory is named `<owner's pid>-<owner's start time>-<counter>`, so that it tells its owner even when it
//! was killed before the record was written.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::procfs;

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) pid: i32,
    /// Start time in clock ticks since boot, field 22 of `/proc/<pid>/stat`.
    pub(crate) started: u64,
}

impl Identity {
    /// The identity of a process that exists.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        procfs::start_time(pid).map(|started| Self { pid, started })
    }

    /// Whether exactly this process still exists and is not a zombie.
    pub(crate) fn lives(self) -> bool {
        procfs::stat(self.pid).is_some_and(|stat| stat.started == self.started && stat.state != 'Z')
    }
}

/// What a box leaves behind when its owner is killed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) owner: Identity,
    /// Start times count from a boot; after another one every process is gone.
    pub(crate) boot_id: String,
    #[serde(default)]
    pub(crate) first_process: Option<Identity>,
    #[serde(default)]
    pub(crate) cgroups: Vec<PathBuf>,
    /// The program, for a message.
    #[serde(default)]
    pub(crate) program: String,
}

/// The paths of one box's directory.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) directory: PathBuf,
    /// Holds upper and work, or has a tmpfs mounted on it inside the box's namespace.
    pub(crate) layer: PathBuf,
    pub(crate) upper: PathBuf,
    pub(crate) work: PathBuf,
    /// Where the box mounts its root, in its own namespace only.
    pub(crate) root: PathBuf,
    /// The files bound over `/etc/hosts` and the like.
    pub(crate) etc: PathBuf,
    pub(crate) name: String,
}

const RECORD: &str = "record.json";

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Finds or makes the state directory.
///
/// # Errors
/// When none can be made, or the one found belongs to somebody else or is open to others.
pub(crate) fn find(asked: Option<PathBuf>) -> Result<PathBuf, Error> {
    // SAFETY: geteuid cannot fail.
    let uid = unsafe { libc::geteuid() };
    let name = format!("seaworthy-{uid}");
    let candidates = match asked {
        Some(path) => vec![path],
        None => {
            let mut list = Vec::new();
            if let Some(run) = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
                list.push(PathBuf::from(run).join(&name));
            }
            list.push(Path::new("/run").join(&name));
            list.push(std::env::temp_dir().join(&name));
            list
        }
    };
    let mut last = None;
    for path in candidates {
        match make_private(&path, uid) {
            Ok(()) => return path.canonicalize().map_err(|source| file("resolve", &path, source)),
            Err(source) => last = Some(file("use the state directory", &path, source)),
        }
    }
    Err(last.unwrap_or_else(|| Error::invalid("there is no place for a state directory")))
}

fn make_private(path: &Path, uid: u32) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).recursive(true).create(path)?;
    // In a shared directory somebody else may have made it first, or put a symbolic link in its place.
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() || metadata.uid() != uid {
        return Err(io::Error::other("not a directory of this user"));
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    // Being allowed to make directories is what it is for. A trial would leave one behind when it is killed.
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?)
}

/// Removes the state directory when nothing is in it; another run that needs it makes it anew.
pub(crate) fn tidy(state: &Path) {
    // Not empty means in use, by this user's other runs or by what killed ones left.
    let _ = fs::remove_dir(state);
}

/// The name of an owner's next box.
pub(crate) fn next_name(owner: Identity) -> String {
    format!("{}-{}-{}", owner.pid, owner.started, COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// Makes the directory of a new box with everything a mount needs. The record is written before anything it
/// names is made, so that an owner killed at any moment leaves nothing without one.
pub(crate) fn make_box(state: &Path, name: String, record: &Record, top: &Path) -> Result<Layout, Error> {
    let directory = state.join(&name);
    let layer = directory.join("layer");
    let layout = Layout {
        upper: layer.join("upper"),
        work: layer.join("work"),
        root: directory.join("root"),
        etc: directory.join("etc"),
        layer,
        directory,
        name,
    };
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o755);
    if !state.exists() {
        // Another run ended and took the empty directory along.
        // SAFETY: geteuid cannot fail.
        let uid = unsafe { libc::geteuid() };
        make_private(state, uid).map_err(|source| file("use the state directory", state, source))?;
    }
    let paths = [&layout.directory, &layout.layer, &layout.upper, &layout.work, &layout.root, &layout.etc];
    for path in paths {
        builder.create(path).map_err(|source| file("create", path, source))?;
    }
    write_record(&layout.directory, record)?;
    // The root of the box looks like the root of the image, whose attributes the upper directory replaces.
    let metadata = fs::metadata(top).map_err(|source| file("read the tree", top, source))?;
    let mode = fs::Permissions::from_mode(metadata.mode() & 0o7777);
    let _ = std::os::unix::fs::chown(&layout.upper, Some(metadata.uid()), Some(metadata.gid()));
    fs::set_permissions(&layout.upper, mode)
        .map_err(|source| file("set the mode of", &layout.upper, source))?;
    Ok(layout)
}

/// Writes a record so that a reader sees the old or the new one.
pub(crate) fn write_record(directory: &Path, record: &Record) -> Result<(), Error> {
    let path = directory.join(RECORD);
    let fresh = directory.join("record.new");
    let text = serde_json::to_vec(record)
        .map_err(|error| Error::invalid(format!("the record of a box cannot be written: {error}")))?;
    fs::write(&fresh, text).map_err(|source| file("write", &fresh, source))?;
    fs::rename(&fresh, &path).map_err(|source| file("write", &path, source))
}

/// Reads the record of a box's directory.
pub(crate) fn read_record(directory: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(directory.join(RECORD)).ok()?).ok()
}

/// The owner a box's directory is named after.
pub(crate) fn owner_in_name(name: &str) -> Option<Identity> {
    let mut parts = name.split('-');
    let identity = Identity { pid: parts.next()?.parse().ok()?, started: parts.next()?.parse().ok()? };
    parts.next()?.parse::<u64>().ok()?;
    parts.next().is_none().then_some(identity)
}

/// The kernel's name for the current boot.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

pub(crate) fn file(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_name_tells_its_owner() {
        assert_eq!(owner_in_name("12-345-0"), Some(Identity { pid: 12, started: 345 }));
        for name in ["", "12", "12-345", "12-345-0-9", "a-b-c", "record.json"] {
            assert_eq!(owner_in_name(name), None, "{name}");
        }
    }

    #[test]
    fn this_process_lives_and_another_start_time_does_not() {
        let this = Identity::of(std::process::id().cast_signed()).unwrap();
        assert!(this.lives());
        assert!(!Identity { started: this.started + 1, ..this }.lives());
    }
}
