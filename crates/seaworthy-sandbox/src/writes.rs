//! What a box wrote to its root: the overlay's upper directory compared with the trees below it.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};

use crate::error::Error;
use crate::state;

/// How many entries are listed at most; a box that writes more is told apart by the list's length.
const LIMIT: usize = 200_000;
const DEPTH: u32 = 512;

/// Bytes that are free where a box writes to; nothing where the file system does not say.
pub(crate) fn free(upper: &OwnedFd) -> Option<u64> {
    let state = rustix::fs::fstatvfs(upper).ok()?;
    Some(state.f_bavail.saturating_mul(state.f_frsize))
}

/// Bytes of disk a box's files take; counting ends beyond `most`.
pub(crate) fn bytes(directory: BorrowedFd<'_>, most: u64) -> u64 {
    count(directory, most, DEPTH)
}

fn count(directory: BorrowedFd<'_>, most: u64, depth: u32) -> u64 {
    let mut total = 0_u64;
    // The box goes on while it is counted: what is gone in between counts as nothing.
    let Ok(entries) = Dir::read_from(directory) else { return 0 };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        if name == c"." || name == c".." || total > most {
            continue;
        }
        let Ok(stat) = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        total = total.saturating_add(u64::try_from(stat.st_blocks).unwrap_or_default().saturating_mul(512));
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory && depth > 0 {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            if let Ok(below) = rustix::fs::openat(directory, name, flags, Mode::empty()) {
                total = total.saturating_add(count(below.as_fd(), most, depth - 1));
            }
        }
    }
    total
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteKind {
    /// The image has no such path.
    Created,
    /// The image has it with other contents, permissions or owner.
    Modified,
    /// The image has it and the box removed it.
    Deleted,
    /// A directory of the image was removed and made again.
    Replaced,
}

/// One path that differs from the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Absolute inside the image, as bytes.
    pub path: Vec<u8>,
    /// What happened to it.
    pub kind: WriteKind,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size in bytes of a file; 0 for anything else.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Write {
    /// The path for people, with replacement characters for what is not UTF-8.
    pub fn path_lossy(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    modified: (i64, i64),
    device: u64,
    opaque: bool,
}

type Entries = BTreeMap<Vec<u8>, Entry>;

/// The upper directory before the program ran: the mount points the sandbox made itself.
#[derive(Debug, Default)]
pub(crate) struct Baseline(Entries);

impl Baseline {
    /// Reads the upper directory.
    pub(crate) fn take(upper: &OwnedFd) -> Result<Self, Error> {
        Ok(Self(walk(upper)?))
    }
}

/// Compares the upper directory with its baseline and with the trees.
pub(crate) fn list(upper: &OwnedFd, baseline: &Baseline, lowers: &[PathBuf]) -> Result<Vec<Write>, Error> {
    // A tree that has been removed meanwhile only makes its files look created.
    let trees: Vec<OwnedFd> = lowers.iter().rev().filter_map(|path| open(CWD, path).ok()).collect();
    let mut writes = Vec::new();
    for (path, entry) in walk(upper)? {
        let is_dir = file_type(entry.mode) == FileType::Directory;
        let before = baseline.0.get(&path);
        let same = before.is_some_and(|before| {
            // The time and size of a directory change with what is in it, which is listed itself.
            if is_dir {
                (before.mode, before.uid, before.gid) == (entry.mode, entry.uid, entry.gid)
            } else {
                *before == entry
            }
        });
        if same {
            continue;
        }
        let below = lookup(&trees, &path);
        let kind = if is_whiteout(&entry) {
            WriteKind::Deleted
        } else if let Some(below) = below {
            if is_dir && file_type(below.st_mode) == FileType::Directory {
                let same = (below.st_mode, below.st_uid, below.st_gid) == (entry.mode, entry.uid, entry.gid);
                match (entry.opaque, same) {
                    (true, _) => WriteKind::Replaced,
                    (false, false) => WriteKind::Modified,
                    // Copied up only to hold something.
                    (false, true) => continue,
                }
            } else {
                WriteKind::Modified
            }
        } else {
            WriteKind::Created
        };
        let whiteout = kind == WriteKind::Deleted;
        writes.push(Write {
            path,
            kind,
            is_dir: is_dir
                || (whiteout && below.is_some_and(|b| file_type(b.st_mode) == FileType::Directory)),
            size: if file_type(entry.mode) == FileType::RegularFile { entry.size } else { 0 },
            mode: if whiteout { 0 } else { entry.mode & 0o7777 },
            uid: entry.uid,
            gid: entry.gid,
        });
    }
    Ok(writes)
}

fn file_type(mode: u32) -> FileType {
    FileType::from_raw_mode(mode)
}

fn is_whiteout(entry: &Entry) -> bool {
    file_type(entry.mode) == FileType::CharacterDevice && entry.device == 0
}

/// Looks a path up in the trees, top-most first. A deletion in a tree hides what is below it.
fn lookup(trees: &[OwnedFd], path: &[u8]) -> Option<Stat> {
    let relative = CString::new(path.strip_prefix(b"/")?).ok()?;
    for tree in trees {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // A trailing symbolic link is opened itself, which NO_SYMLINKS forbids, so its parent is opened instead.
        let (parent, name) = split(&relative);
        let parent = if parent.is_empty() { c".".to_owned() } else { CString::new(parent).ok()? };
        let name = CString::new(name).ok()?;
        let Ok(parent) = rustix::fs::openat2(tree, parent.as_c_str(), flags, Mode::empty(), resolve) else {
            continue;
        };
        if let Ok(stat) = rustix::fs::statat(&parent, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
            let whiteout = file_type(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0;
            return (!whiteout).then_some(stat);
        }
    }
    None
}

fn split(path: &CStr) -> (&[u8], &[u8]) {
    let bytes = path.to_bytes();
    match bytes.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default()),
        None => (&[], bytes),
    }
}

fn open(parent: impl AsFd, name: impl rustix::path::Arg) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

fn walk(upper: &OwnedFd) -> Result<Entries, Error> {
    let mut entries = Entries::new();
    // A fresh descriptor, for reading a directory moves the position all copies share.
    let top = open(upper, c".")
        .map_err(|error| state::file("read", &PathBuf::from("upper directory"), error.into()))?;
    descend(top.as_fd(), &mut Vec::new(), &mut entries, 0);
    Ok(entries)
}

/// Lists a directory and those below it. What disappears meanwhile, for the box may be running, is passed over.
fn descend(directory: BorrowedFd<'_>, path: &mut Vec<u8>, entries: &mut Entries, depth: u32) {
    let Ok(list) = Dir::read_from(directory) else { return };
    for item in list.flatten() {
        let name = item.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let Ok(stat) = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        if entries.len() >= LIMIT {
            return;
        }
        let length = path.len();
        path.push(b'/');
        path.extend_from_slice(name.to_bytes());
        let mut entry = Entry {
            mode: stat.st_mode,
            uid: stat.st_uid,
            gid: stat.st_gid,
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            modified: (stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or_default()),
            device: stat.st_rdev,
            opaque: false,
        };
        let child =
            (file_type(entry.mode) == FileType::Directory).then(|| open(directory, name).ok()).flatten();
        entry.opaque = child.as_ref().is_some_and(is_opaque);
        entries.insert(path.clone(), entry);
        if let Some(child) = child.filter(|_| depth < DEPTH) {
            descend(child.as_fd(), path, entries, depth + 1);
        }
        path.truncate(length);
    }
}

fn is_opaque(directory: &OwnedFd) -> bool {
    ["trusted.overlay.opaque", "user.overlay.opaque"].iter().any(|name| {
        let mut value = [0u8; 4];
        rustix::fs::fgetxattr(directory, *name, &mut value[..])
            .is_ok_and(|length| length == 1 && value[0] == b'y')
    })
}
