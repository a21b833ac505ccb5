//! Unpacks an image's root file system for the sandbox.
//!
//! Every path is walked from a descriptor of the target directory, one part at a time, and never through a symbolic
//! link: a link of the image cannot lead out of it, whatever it points at. Where a lower layer has a link or a file
//! and an upper layer a directory of that name, the directory takes its place, as with overlayfs.

use crate::tape::{Entry, Kind, Walker, clean, shown};
use crate::{Image, Limits, StoreError};
use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use seaworthy_oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Most parts of a path.
const DEPTH: usize = 200;

/// How an image is unpacked.
#[derive(Clone, Copy, Debug)]
pub struct UnpackOptions {
    /// Bounds on each layer.
    pub limits: Limits,
    /// Most bytes written in all.
    pub max_bytes: u64,
    /// Most entries written in all.
    pub max_entries: u64,
}

impl Default for UnpackOptions {
    fn default() -> Self {
        Self { limits: Limits::default(), max_bytes: 64 << 30, max_entries: 8_000_000 }
    }
}

/// What was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpacked {
    /// Digest of the manifest.
    pub digest: String,
    /// The root directory.
    pub root: PathBuf,
    /// Entries written, of all layers.
    pub entries: u64,
    /// Bytes written, of all layers.
    pub bytes: u64,
    /// Owners that could not be set, by absolute path: who is not root cannot give files away. Root-owned files are
    /// left out.
    pub owners: BTreeMap<String, (u32, u32)>,
    /// What differs from the image, for people: devices, owners, attributes.
    pub reduced: Vec<String>,
}

/// Unpacks an image into a directory, which appears whole or not at all. A directory that already has this image is
/// taken as it is; one that has another is replaced.
///
/// # Errors
/// When a layer is broken or passes a limit, an entry would leave the directory, or the directory cannot be written.
pub fn unpack(image: &Image, folder: &Path, options: &UnpackOptions) -> Result<Unpacked, StoreError> {
    let digest = image.descriptor.digest.to_string();
    let record = sibling(folder, ".unpacked.json");
    if let Some(known) = cached(folder, &record, &digest) {
        return Ok(known);
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| StoreError::io("create", parent, error))?;
    let scratch = tempfile::Builder::new()
        .prefix(".unpack-")
        .tempdir_in(parent)
        .map_err(|error| StoreError::io("create a temporary directory in", parent, error))?;
    let root = scratch.path().join("rootfs");
    fs::create_dir(&root).map_err(|error| StoreError::io("create", &root, error))?;
    let mut unpacker = Unpacker::new(&root, options)?;
    let outcome = (0..image.manifest.layers.len()).try_for_each(|index| unpacker.layer(image, index));
    // Modes come last even after a failure: a directory nobody may write to could not be removed.
    if outcome.is_ok() {
        unpacker.settle()?;
    }
    let mut unpacked = unpacker.finish();
    outcome?;
    unpacked.digest = digest;
    folder.clone_into(&mut unpacked.root);
    if folder.exists() {
        // The old state goes with the scratch directory.
        fs::rename(folder, scratch.path().join("old"))
            .map_err(|error| StoreError::io("replace", folder, error))?;
    }
    fs::rename(&root, folder).map_err(|error| StoreError::io("rename", folder, error))?;
    let json = serde_json::to_vec(&unpacked)
        .map_err(|source| StoreError::Json { what: record.display().to_string(), source })?;
    crate::layout::replace_file(parent, &record, &json)?;
    Ok(unpacked)
}

/// The record of what a directory holds lies beside it, never in it.
fn sibling(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn cached(folder: &Path, record: &Path, digest: &str) -> Option<Unpacked> {
    if !folder.is_dir() {
        return None;
    }
    let known: Unpacked = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
    let digest_is_one = digest.parse::<Digest>().is_ok();
    (digest_is_one && known.digest == digest && known.root == folder).then_some(known)
}

/// A directory on the way to the current entry.
struct Step {
    name: Vec<u8>,
    fd: OwnedFd,
}

struct Unpacker<'a> {
    root: OwnedFd,
    path: &'a Path,
    options: &'a UnpackOptions,
    privileged: bool,
    /// Open directories from the root to the last entry's parent.
    steps: Vec<Step>,
    /// Paths that the current layer wrote.
    fresh: BTreeSet<Vec<u8>>,
    /// Modes and times of directories, set at the end so that they can be written to until then.
    folders: BTreeMap<Vec<u8>, (u32, i64)>,
    out: Unpacked,
    devices: u64,
    attributes: u64,
}

impl<'a> Unpacker<'a> {
    fn new(path: &'a Path, options: &'a UnpackOptions) -> Result<Self, StoreError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|error| StoreError::io("open", path, error.into()))?;
        Ok(Self {
            root,
            path,
            options,
            privileged: rustix::process::geteuid().is_root(),
            steps: Vec::new(),
            fresh: BTreeSet::new(),
            folders: BTreeMap::new(),
            out: Unpacked::default(),
            devices: 0,
            attributes: 0,
        })
    }

    fn layer(&mut self, image: &Image, index: usize) -> Result<(), StoreError> {
        let what = format!("layer {index}");
        let stream = image.layer(index, self.options.limits)?;
        let mut walker = Walker::new(stream, what.as_str(), self.options.limits.entries);
        self.fresh.clear();
        while walker.advance()? {
            self.out.entries += 1;
            if self.out.entries > self.options.max_entries {
                let limit = self.options.max_entries.to_string();
                return Err(StoreError::Limit { what: format!("number of entries up to {what}"), limit });
            }
            let entry = walker.entry();
            let Some(path) = clean(&entry.path) else {
                let why = format!("entry `{}` leaves the image's root", shown(&entry.path));
                return Err(StoreError::Tar { what, why });
            };
            // Each part of a path is an open directory here.
            if path.split(|byte| *byte == b'/').count() > DEPTH {
                let what = format!("depth of entry `{}` of {what}", shown(&entry.path));
                return Err(StoreError::Limit { what, limit: DEPTH.to_string() });
            }
            self.out.bytes += entry.stored;
            if self.out.bytes > self.options.max_bytes {
                let limit = format!("{} bytes", self.options.max_bytes);
                return Err(StoreError::Limit { what: format!("unpacked size up to {what}"), limit });
            }
            let (folder, name) = match path.iter().rposition(|byte| *byte == b'/') {
                Some(at) => (path[..at].to_vec(), path[at + 1..].to_vec()),
                None => (Vec::new(), path.clone()),
            };
            if name.is_empty() {
                self.folders.insert(Vec::new(), (entry.mode, entry.mtime));
                continue;
            }
            if name == b".wh..wh..opq" {
                self.opaque(&folder)?;
                continue;
            }
            if let Some(hidden) = name.strip_prefix(b".wh.") {
                // aufs kept files of its own under a doubled prefix.
                if !hidden.is_empty() && !hidden.starts_with(b".wh.") && hidden != b"." && hidden != b".." {
                    self.whiteout(&folder, hidden)?;
                }
                continue;
            }
            let entry = entry.clone();
            self.entry(&entry, &path, &folder, &name, &mut walker)
                .map_err(|error| named(error, &what, &entry.path))?;
            self.fresh.insert(path);
        }
        let end = walker.into_tape().finish()?;
        match image.config.rootfs.diff_ids.get(index) {
            Some(diff_id) if diff_id.algorithm() == "sha256" && *diff_id != end.diff_id => {
                Err(StoreError::Mismatch {
                    what: format!("{what}, unpacked (its diff id)"),
                    expected: diff_id.clone(),
                    got: end.diff_id.to_string(),
                })
            }
            _ => Ok(()),
        }
    }

    fn entry(
        &mut self,
        entry: &Entry,
        path: &[u8],
        folder: &[u8],
        name: &[u8],
        walker: &mut Walker<crate::LayerStream>,
    ) -> Result<(), StoreError> {
        if matches!(entry.kind, Kind::CharDevice | Kind::BlockDevice) {
            self.devices += 1;
            return Ok(());
        }
        if entry.kind == Kind::Directory {
            let fd = self.enter(path)?;
            let uid_gid = (entry.uid, entry.gid);
            let fd = rustix::io::dup(fd).map_err(|error| self.io("open", path, error))?;
            self.own(fd.as_fd(), path, uid_gid)?;
            self.attributes(fd.as_fd(), entry);
            self.folders.insert(path.to_vec(), (entry.mode, entry.mtime));
            return Ok(());
        }
        let parent = self.enter(folder)?;
        let parent = rustix::io::dup(parent).map_err(|error| self.io("open", folder, error))?;
        self.clear(parent.as_fd(), path, name)?;
        match entry.kind {
            Kind::File => self.file(parent.as_fd(), entry, path, name, walker)?,
            Kind::Symlink => {
                rustix::fs::symlinkat(entry.link.as_slice(), &parent, name)
                    .map_err(|error| self.io("create the link", path, error))?;
                self.own_link(parent.as_fd(), name, path, (entry.uid, entry.gid))?;
            }
            Kind::Fifo => {
                let kind = rustix::fs::FileType::Fifo;
                rustix::fs::mknodat(&parent, name, kind, Mode::from_raw_mode(0o600), 0)
                    .map_err(|error| self.io("create the pipe", path, error))?;
                self.own_link(parent.as_fd(), name, path, (entry.uid, entry.gid))?;
                rustix::fs::chmodat(&parent, name, Mode::from_raw_mode(entry.mode), AtFlags::empty())
                    .map_err(|error| self.io("set the mode of", path, error))?;
            }
            Kind::HardLink => self.hard_link(parent.as_fd(), entry, path, name)?,
            Kind::Directory | Kind::CharDevice | Kind::BlockDevice => {}
        }
        Ok(())
    }

    fn file(
        &mut self,
        parent: BorrowedFd<'_>,
        entry: &Entry,
        path: &[u8],
        name: &[u8],
        walker: &mut Walker<crate::LayerStream>,
    ) -> Result<(), StoreError> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(parent, name, flags, Mode::from_raw_mode(0o600))
            .map_err(|error| self.io("create", path, error))?;
        let mut file = File::from(fd);
        let place = self.path.join(shown(path));
        let failed = |error| StoreError::io("write", &place, error);
        // Where a sparse file's next piece goes; one piece for a file without holes.
        let mut pieces = entry.sparse.iter().copied();
        let mut room = if entry.sparse.is_empty() { u64::MAX } else { 0 };
        while let Some(chunk) = walker.chunk()? {
            let mut rest = chunk;
            while !rest.is_empty() {
                while room == 0 {
                    let Some((offset, length)) = pieces.next() else { break };
                    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                    room = length;
                }
                let step = usize::try_from(room).map_or(rest.len(), |room| room.min(rest.len()));
                if step == 0 {
                    // The map was checked to cover the content, so this is not reached.
                    break;
                }
                file.write_all(&rest[..step]).map_err(failed)?;
                rest = &rest[step..];
                room -= step as u64;
            }
        }
        if !entry.sparse.is_empty() {
            file.set_len(entry.size).map_err(failed)?;
        }
        // The owner comes first: giving a file away drops its setuid bit.
        self.own(file.as_fd(), path, (entry.uid, entry.gid))?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(entry.mode))
            .map_err(|error| self.io("set the mode of", path, error))?;
        self.attributes(file.as_fd(), entry);
        // A time that the file system cannot hold is no reason to stop.
        let _ = rustix::fs::futimens(&file, &times(entry.mtime));
        Ok(())
    }

    fn hard_link(
        &mut self,
        parent: BorrowedFd<'_>,
        entry: &Entry,
        path: &[u8],
        name: &[u8],
    ) -> Result<(), StoreError> {
        let broken = |why: &str| StoreError::Tar {
            what: String::new(),
            why: format!("hard link to `{}`: {why}", shown(&entry.link)),
        };
        let target = clean(&entry.link).ok_or_else(|| broken("it leaves the image's root"))?;
        if target == path {
            return Err(broken("it is its own target"));
        }
        let (folder, last) = match target.iter().rposition(|byte| *byte == b'/') {
            Some(at) => (&target[..at], &target[at + 1..]),
            None => (&b""[..], target.as_slice()),
        };
        let from = self.look(folder)?.ok_or_else(|| broken("its directory is not in the image"))?;
        // Without AT_SYMLINK_FOLLOW a link to a symbolic link is a link to that link.
        rustix::fs::linkat(&from, last, parent, name, AtFlags::empty()).map_err(|error| match error {
            Errno::NOENT => broken("it is not in the image"),
            Errno::PERM | Errno::ISDIR => broken("it is a directory"),
            other => self.io("link", path, other),
        })
    }

    /// Opens a directory of the image, made where it is missing; what is no directory gives way, unless the same layer
    /// put it there.
    fn enter(&mut self, folder: &[u8]) -> Result<BorrowedFd<'_>, StoreError> {
        let parts: Vec<&[u8]> = folder.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
        let common = self.steps.iter().zip(&parts).take_while(|(step, part)| step.name == **part).count();
        self.steps.truncate(common);
        for depth in common..parts.len() {
            let name = parts[depth];
            let parent = self.steps.last().map_or(self.root.as_fd(), |step| step.fd.as_fd());
            let path = parts[..=depth].join(&b'/');
            let fd = match open_folder(parent, name) {
                Ok(fd) => fd,
                Err(Errno::NOENT) => self.make(parent, name, &path)?,
                Err(Errno::NOTDIR | Errno::LOOP) => {
                    if self.fresh.contains(&path) {
                        let why = format!("`{}` is no directory, but an entry lies below it", shown(&path));
                        return Err(StoreError::Tar { what: String::new(), why });
                    }
                    rustix::fs::unlinkat(parent, name, AtFlags::empty())
                        .map_err(|error| self.io("replace", &path, error))?;
                    self.make(parent, name, &path)?
                }
                Err(error) => return Err(self.io("open", &path, error)),
            };
            self.steps.push(Step { name: name.to_vec(), fd });
        }
        Ok(self.steps.last().map_or(self.root.as_fd(), |step| step.fd.as_fd()))
    }

    fn make(&self, parent: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Result<OwnedFd, StoreError> {
        let made = rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755))
            .and_then(|()| open_folder(parent, name))
            .map_err(|error| self.io("create", path, error))?;
        // The umask took part above.
        rustix::fs::fchmod(&made, Mode::from_raw_mode(0o755))
            .map_err(|error| self.io("set the mode of", path, error))?;
        Ok(made)
    }

    /// Opens a directory of the image without making or replacing anything; nothing when it is not there.
    fn look(&self, folder: &[u8]) -> Result<Option<OwnedFd>, StoreError> {
        let mut fd = rustix::io::dup(&self.root).map_err(|error| self.io("open", folder, error))?;
        for part in folder.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            match open_folder(fd.as_fd(), part) {
                Ok(next) => fd = next,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
                Err(error) => return Err(self.io("open", folder, error)),
            }
        }
        Ok(Some(fd))
    }

    /// Makes room for an entry that is no directory.
    fn clear(&mut self, parent: BorrowedFd<'_>, path: &[u8], name: &[u8]) -> Result<(), StoreError> {
        match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
            Ok(()) => {
                self.out.owners.remove(&absolute(path));
                Ok(())
            }
            Err(Errno::NOENT) => Ok(()),
            Err(Errno::ISDIR | Errno::PERM) => self.remove(parent, path, name),
            Err(error) => Err(self.io("replace", path, error)),
        }
    }

    fn whiteout(&mut self, folder: &[u8], hidden: &[u8]) -> Result<(), StoreError> {
        let Some(parent) = self.look(folder)? else { return Ok(()) };
        let mut path = folder.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(hidden);
        // A whiteout hides what lower layers have, not what its own layer has.
        if self.fresh.contains(&path) {
            return Ok(());
        }
        self.remove(parent.as_fd(), &path, hidden)
    }

    /// Empties a directory of what lower layers put there.
    fn opaque(&mut self, folder: &[u8]) -> Result<(), StoreError> {
        let Some(fd) = self.look(folder)? else { return Ok(()) };
        for name in names(fd.as_fd()).map_err(|error| self.io("read", folder, error))? {
            let mut path = folder.to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&name);
            if !self.fresh.contains(&path) {
                if self.has_fresh_below(&path) {
                    self.opaque(&path)?;
                } else {
                    self.remove(fd.as_fd(), &path, &name)?;
                }
            } else if open_folder(fd.as_fd(), &name).is_ok() {
                self.opaque(&path)?;
            }
        }
        Ok(())
    }

    fn has_fresh_below(&self, path: &[u8]) -> bool {
        let mut start = path.to_vec();
        start.push(b'/');
        self.fresh.range(start.clone()..).next().is_some_and(|next| next.starts_with(&start))
    }

    /// Removes an entry with everything below it.
    fn remove(&mut self, parent: BorrowedFd<'_>, path: &[u8], name: &[u8]) -> Result<(), StoreError> {
        self.forget(path);
        remove_tree(parent, name).map_err(|error| self.io("remove", path, error))
    }

    /// Drops what was noted about a path and what is below it.
    fn forget(&mut self, path: &[u8]) {
        let depth = path.split(|byte| *byte == b'/').count();
        let on_it = self.steps.len() >= depth
            && self.steps.iter().zip(path.split(|byte| *byte == b'/')).all(|(step, part)| step.name == part);
        if on_it {
            self.steps.truncate(depth - 1);
        }
        let mut below = path.to_vec();
        below.push(b'/');
        self.folders.retain(|folder, _| folder != path && !folder.starts_with(&below));
        if !self.out.owners.is_empty() {
            let (own, below) = (absolute(path), absolute(&below));
            self.out.owners.retain(|known, _| *known != own && !known.starts_with(&below));
        }
    }

    fn own(&mut self, fd: BorrowedFd<'_>, path: &[u8], (uid, gid): (u32, u32)) -> Result<(), StoreError> {
        if !self.privileged {
            self.note_owner(path, (uid, gid));
            return Ok(());
        }
        let (user, group) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(gid));
        match rustix::fs::fchown(fd, Some(user), Some(group)) {
            Ok(()) => Ok(()),
            // Root of a user namespace cannot give files to users it does not map.
            Err(Errno::PERM | Errno::INVAL) => {
                self.note_owner(path, (uid, gid));
                Ok(())
            }
            Err(error) => Err(self.io("set the owner of", path, error)),
        }
    }

    fn own_link(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &[u8],
        path: &[u8],
        (uid, gid): (u32, u32),
    ) -> Result<(), StoreError> {
        if self.privileged {
            let (user, group) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(gid));
            match rustix::fs::chownat(parent, name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(()) => return Ok(()),
                Err(Errno::PERM | Errno::INVAL) => {}
                Err(error) => return Err(self.io("set the owner of", path, error)),
            }
        }
        self.note_owner(path, (uid, gid));
        Ok(())
    }

    fn note_owner(&mut self, path: &[u8], owner: (u32, u32)) {
        if owner != (0, 0) {
            self.out.owners.insert(absolute(path), owner);
        }
    }

    fn attributes(&mut self, fd: BorrowedFd<'_>, entry: &Entry) {
        for (name, value) in &entry.xattrs {
            // Others say nothing to a container, and some would change how the host sees the file.
            if name == b"security.capability" {
                let flags = rustix::fs::XattrFlags::empty();
                if !self.privileged || rustix::fs::fsetxattr(fd, name.as_slice(), value, flags).is_err() {
                    self.attributes += 1;
                }
            }
        }
    }

    /// Sets modes and times of directories, deepest first.
    fn settle(&mut self) -> Result<(), StoreError> {
        let folders = std::mem::take(&mut self.folders);
        for (path, (mode, mtime)) in folders.iter().rev() {
            let Some(fd) = self.look(path)? else { continue };
            rustix::fs::fchmod(&fd, Mode::from_raw_mode(*mode))
                .map_err(|error| self.io("set the mode of", path, error))?;
            let _ = rustix::fs::futimens(&fd, &times(*mtime));
        }
        // The root's own mode matters to every user of the container.
        if !folders.contains_key(&b""[..]) {
            rustix::fs::fchmod(&self.root, Mode::from_raw_mode(0o755))
                .map_err(|error| self.io("set the mode of", b"", error))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Unpacked {
        if self.devices > 0 {
            self.out.reduced.push(format!("{} device nodes were left out", self.devices));
        }
        if !self.out.owners.is_empty() {
            let count = self.out.owners.len();
            self.out.reduced.push(format!("the owners of {count} files could not be set without root"));
        }
        if self.attributes > 0 {
            let count = self.attributes;
            self.out
                .reduced
                .push(format!("the file capabilities of {count} files could not be set without root"));
        }
        self.out
    }

    fn io(&self, action: &'static str, path: &[u8], error: Errno) -> StoreError {
        StoreError::io(action, &self.path.join(shown(path)), error.into())
    }
}

/// Puts the layer and the entry into an error that has neither.
fn named(error: StoreError, layer: &str, entry: &[u8]) -> StoreError {
    match error {
        StoreError::Tar { what, why } if what.is_empty() => {
            StoreError::Tar { what: format!("{layer}, entry `{}`", shown(entry)), why }
        }
        other => other,
    }
}

fn absolute(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}

fn times(mtime: i64) -> Timestamps {
    let time = Timespec { tv_sec: mtime, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}

fn open_folder(parent: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

fn names(fd: BorrowedFd<'_>) -> Result<Vec<Vec<u8>>, Errno> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(fd)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(name);
        }
    }
    Ok(names)
}

/// Removes an entry with everything below it, through no link, without recursion: a hostile tree may be deep.
fn remove_tree(parent: BorrowedFd<'_>, name: &[u8]) -> Result<(), Errno> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    let top = open_folder(parent, name)?;
    let mut stack: Vec<(OwnedFd, Vec<Vec<u8>>, Vec<u8>)> = Vec::new();
    let left = names(top.as_fd())?;
    stack.push((top, left, name.to_vec()));
    while let Some((fd, left, _)) = stack.last_mut() {
        let Some(next) = left.pop() else {
            let Some((_, _, own)) = stack.pop() else { break };
            let above = stack.last().map_or(parent, |(fd, ..)| fd.as_fd());
            rustix::fs::unlinkat(above, own.as_slice(), AtFlags::REMOVEDIR)?;
            continue;
        };
        match rustix::fs::unlinkat(fd.as_fd(), next.as_slice(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::ISDIR | Errno::PERM) => {
                let below = open_folder(fd.as_fd(), &next)?;
                let left = names(below.as_fd())?;
                stack.push((below, left, next));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
