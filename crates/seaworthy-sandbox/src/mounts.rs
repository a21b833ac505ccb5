//! Everything mounted inside the image's root, resolved inside it.
//!
//! Sources are taken *before* the pivot, because a new proc is refused in a user namespace once the fully
//! visible one is gone, and the host's paths are gone too. Places are found *after* it with openat2, inside the
//! root and never through a magic link such as `/proc/self/fd/3`, which could lead out again. So no name an
//! image contains is ever looked up on the host.

use std::ffi::{CStr, CString};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::error::Error;
use crate::plan::{Failure, Step, c_string, inner_path};
use crate::spec::{Bind, Tmpfs};
use crate::sys::{self, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, Sys};

/// Kernel files Docker hides behind `/dev/null`.
const HIDDEN_FILES: [&CStr; 7] = [
    c"/proc/interrupts",
    c"/proc/kcore",
    c"/proc/keys",
    c"/proc/latency_stats",
    c"/proc/timer_list",
    c"/proc/timer_stats",
    c"/proc/sched_debug",
];

/// Kernel directories Docker hides behind an empty read-only tmpfs.
const HIDDEN_DIRECTORIES: [&CStr; 5] =
    [c"/proc/acpi", c"/proc/asound", c"/proc/scsi", c"/sys/firmware", c"/sys/devices/virtual/powercap"];

/// Kernel files and directories Docker makes read-only.
const READ_ONLY: [&CStr; 5] = [c"/proc/bus", c"/proc/fs", c"/proc/irq", c"/proc/sys", c"/proc/sysrq-trigger"];

/// The device nodes of a box with their numbers (Documentation/admin-guide/devices.txt).
const DEVICES: [(&CStr, &CStr, u32, u32); 6] = [
    (c"/dev/null", c"null", 1, 3),
    (c"/dev/zero", c"zero", 1, 5),
    (c"/dev/full", c"full", 1, 7),
    (c"/dev/random", c"random", 1, 8),
    (c"/dev/urandom", c"urandom", 1, 9),
    (c"/dev/tty", c"tty", 5, 0),
];

/// Symbolic links in `/dev`: name and text.
const LINKS: [(&CStr, &CStr); 6] = [
    (c"fd", c"/proc/self/fd"),
    (c"stdin", c"/proc/self/fd/0"),
    (c"stdout", c"/proc/self/fd/1"),
    (c"stderr", c"/proc/self/fd/2"),
    (c"ptmx", c"pts/ptmx"),
    (c"core", c"/proc/kcore"),
];

/// What the child needs to furnish the root.
#[derive(Debug)]
pub(crate) struct Plan {
    binds: Vec<PlannedBind>,
    /// How many of the first binds an image may make impossible, by a directory in the place of a file.
    optional: usize,
    tmpfs: Vec<PlannedTmpfs>,
    /// The box's control groups and their names in `/sys/fs/cgroup`: a runtime that sizes its heap by them would
    /// otherwise take the machine's memory for its own.
    groups: Vec<PlannedGroup>,
    read_only: bool,
    /// Device nodes cannot be made in a user namespace, so the host's are bound.
    bind_devices: bool,
}

#[derive(Debug)]
struct PlannedBind {
    source: CString,
    target: CString,
    directory: bool,
    read_only: bool,
    /// The detached copy of the source, filled in by the child.
    tree: AtomicI32,
}

#[derive(Debug)]
struct PlannedGroup {
    source: CString,
    /// Empty for the unified hierarchy, which is mounted on the directory itself.
    name: CString,
    tree: AtomicI32,
}

#[derive(Debug)]
struct PlannedTmpfs {
    path: CString,
    options: Vec<(&'static CStr, CString)>,
    attributes: u64,
}

/// The file systems made before the pivot.
#[derive(Debug)]
pub(crate) struct Sources {
    proc: RawFd,
    /// Missing when the network namespace belongs to somebody else.
    sys: Option<RawFd>,
    pts: RawFd,
    queue: Option<RawFd>,
    devices: [RawFd; DEVICES.len()],
}

impl Plan {
    /// Prepares the mounts.
    ///
    /// # Errors
    /// When a path is not absolute and plain, or a bind source does not exist.
    pub(crate) fn new(
        binds: &[Bind],
        optional: usize,
        tmpfs: &[Tmpfs],
        groups: &[(&'static str, std::path::PathBuf)],
        read_only: bool,
        user_namespace: bool,
    ) -> Result<Self, Error> {
        let groups = groups
            .iter()
            .map(|(name, source)| {
                let (source, name) = (c_string(source, "control group")?, c_string(name, "control group")?);
                Ok(PlannedGroup { source, name, tree: AtomicI32::new(-1) })
            })
            .collect::<Result<_, Error>>()?;
        let binds = binds
            .iter()
            .map(|bind| {
                let metadata = std::fs::metadata(&bind.source).map_err(|source| Error::File {
                    action: "read the bind source",
                    path: bind.source.clone(),
                    source,
                })?;
                Ok(PlannedBind {
                    source: c_string(&bind.source, "bind source")?,
                    target: inner_path(&bind.target, "bind target")?,
                    directory: metadata.is_dir(),
                    read_only: bind.read_only,
                    tree: AtomicI32::new(-1),
                })
            })
            .collect::<Result<_, Error>>()?;
        let tmpfs = tmpfs
            .iter()
            .map(|tmpfs| {
                let mut options = vec![(c"mode", c_string(format!("{:o}", tmpfs.mode & 0o7777), "mode")?)];
                if let Some(size) = tmpfs.size {
                    options.push((c"size", c_string(size.to_string(), "size")?));
                }
                // With one mapped id every other owner is refused; the root then belongs to the box's user.
                if !user_namespace {
                    options.push((c"uid", c_string(tmpfs.uid.to_string(), "uid")?));
                    options.push((c"gid", c_string(tmpfs.gid.to_string(), "gid")?));
                }
                let flag = |on: bool, attribute: u64| if on { attribute } else { 0 };
                Ok(PlannedTmpfs {
                    path: inner_path(&tmpfs.path, "tmpfs")?,
                    options,
                    attributes: flag(tmpfs.noexec, MOUNT_ATTR_NOEXEC)
                        | flag(tmpfs.nosuid, MOUNT_ATTR_NOSUID)
                        | flag(tmpfs.nodev, MOUNT_ATTR_NODEV),
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self { binds, optional, tmpfs, groups, read_only, bind_devices: user_namespace })
    }

    /// Takes everything that only exists on the host's side. Runs in the child, before the pivot.
    pub(crate) fn take_sources(&self) -> Result<Sources, Failure> {
        let recursive = sys::OPEN_TREE_CLONE | libc::AT_RECURSIVE as libc::c_uint;
        for (index, bind) in self.binds.iter().enumerate() {
            let failed = |e| Step::BindSource.failed_at(index, e);
            let tree = sys::open_tree(&bind.source, recursive).map_err(failed)?;
            if bind.read_only {
                sys::mount_setattr(tree, MOUNT_ATTR_RDONLY, true).map_err(failed)?;
            }
            bind.tree.store(tree, Ordering::Relaxed);
        }
        let closed = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        for group in &self.groups {
            // A box without this view still runs, and is limited all the same.
            if let Ok(tree) = sys::open_tree(&group.source, sys::OPEN_TREE_CLONE) {
                match sys::mount_setattr(tree, closed | MOUNT_ATTR_RDONLY, false) {
                    Ok(()) => group.tree.store(tree, Ordering::Relaxed),
                    Err(_) => sys::close(tree),
                }
            }
        }
        let mut devices = [-1; DEVICES.len()];
        if self.bind_devices {
            for (index, ((path, ..), slot)) in DEVICES.iter().zip(&mut devices).enumerate() {
                *slot = sys::open_tree(path, sys::OPEN_TREE_CLONE)
                    .map_err(|e| Step::DeviceSource.failed_at(index, e))?;
            }
        }
        Ok(Sources {
            proc: filesystem(c"proc", &[], closed).map_err(|e| Step::ProcFs.failed(e))?,
            sys: filesystem(c"sysfs", &[], closed | MOUNT_ATTR_RDONLY).ok(),
            pts: self.devpts().map_err(|e| Step::DevPts.failed(e))?,
            queue: filesystem(c"mqueue", &[], closed).ok(),
            devices,
        })
    }

    fn devpts(&self) -> Sys<RawFd> {
        let attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
        let shared: [(&CStr, &CStr); 2] = [(c"ptmxmode", c"0666"), (c"mode", c"0620")];
        if self.bind_devices {
            return filesystem(c"devpts", &shared, attributes);
        }
        // Group 5 is tty in every distribution Docker supports.
        filesystem(c"devpts", &[shared[0], shared[1], (c"gid", c"5")], attributes)
    }

    /// Mounts everything. Runs in the child after the pivot, with `/` as the working directory. Returns a bit for
    /// each optional bind that has no place in this image.
    pub(crate) fn furnish(&self, sources: &Sources) -> Result<i32, Failure> {
        self.kernel(sources)?;
        self.devices(sources)?;
        for (index, tmpfs) in self.tmpfs.iter().enumerate() {
            let failed = |e| Step::MountTmpfs.failed_at(index, e);
            let place = place(&tmpfs.path, true, 0).map_err(failed)?;
            let fs = sys::fsopen(c"tmpfs").map_err(failed)?;
            for (key, value) in &tmpfs.options {
                sys::fsconfig_string(fs, key, value).map_err(failed)?;
            }
            let mount = sys::fsmount(fs, tmpfs.attributes).map_err(failed)?;
            sys::close(fs);
            attach(mount, place).map_err(failed)?;
        }
        let mut skipped = 0;
        for (index, bind) in self.binds.iter().enumerate() {
            let tree = bind.tree.load(Ordering::Relaxed);
            match place(&bind.target, bind.directory, 0).and_then(|place| attach(tree, place)) {
                Ok(()) => {}
                Err(_) if index < self.optional => skipped |= 1 << index,
                Err(errno) => return Err(Step::BindTarget.failed_at(index, errno)),
            }
        }
        hide()?;
        Ok(skipped)
    }

    /// Creates the working directory, then closes the root. Runs in the child, last of all.
    pub(crate) fn finish(&self, cwd: &CStr) -> Result<(), Failure> {
        let directory = place(cwd, true, 0).map_err(|e| Step::WorkingDirectory.failed(e))?;
        if self.read_only {
            let root = open(c"/", libc::O_DIRECTORY, 0).map_err(|e| Step::ReadOnlyRoot.failed(e))?;
            sys::mount_setattr(root, MOUNT_ATTR_RDONLY, false).map_err(|e| Step::ReadOnlyRoot.failed(e))?;
            sys::close(root);
        }
        sys::fchdir(directory).map_err(|e| Step::WorkingDirectory.failed(e))?;
        sys::close(directory);
        Ok(())
    }

    fn kernel(&self, sources: &Sources) -> Result<(), Failure> {
        // A `/proc`, `/sys` or `/dev` that is a symbolic link is refused, as every runtime does: the program
        // would look for it elsewhere than it is.
        let at = plain_place(c"/proc").map_err(|e| Step::MountProc.failed(e))?;
        attach(sources.proc, at).map_err(|e| Step::MountProc.failed(e))?;
        if let Some(sys) = sources.sys {
            let at = plain_place(c"/sys").map_err(|e| Step::MountSys.failed(e))?;
            attach(sys, at).map_err(|e| Step::MountSys.failed(e))?;
            let _ = self.show_groups();
        }
        Ok(())
    }

    /// Shows the box its own control groups, read-only, where Docker shows them.
    fn show_groups(&self) -> Sys<()> {
        let top = c"/sys/fs/cgroup";
        let plain = || open(top, libc::O_DIRECTORY, sys::RESOLVE_NO_SYMLINKS);
        let tree = |group: &PlannedGroup| group.tree.load(Ordering::Relaxed);
        if let Some(unified) = self.groups.iter().find(|group| group.name.is_empty() && tree(group) >= 0) {
            return attach(tree(unified), plain()?);
        }
        if self.groups.is_empty() {
            return Ok(());
        }
        let closed = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        attach(filesystem(c"tmpfs", &[(c"mode", c"755")], closed)?, plain()?)?;
        let directory = plain()?;
        for group in self.groups.iter().filter(|group| tree(group) >= 0) {
            sys::mkdirat(directory, &group.name, 0o755)?;
            let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW;
            attach(tree(group), sys::openat(directory, &group.name, flags, 0)?)?;
        }
        sys::mount_setattr(directory, MOUNT_ATTR_RDONLY, false)?;
        sys::close(directory);
        Ok(())
    }

    fn devices(&self, sources: &Sources) -> Result<(), Failure> {
        let failed = |e| Step::MountDev.failed(e);
        let at = plain_place(c"/dev").map_err(failed)?;
        let options: [(&CStr, &CStr); 2] = [(c"mode", c"755"), (c"size", c"65536k")];
        attach(filesystem(c"tmpfs", &options, MOUNT_ATTR_NOSUID).map_err(failed)?, at).map_err(failed)?;
        let dev = plain_place(c"/dev").map_err(failed)?;
        sys::umask(0);
        for (index, ((_, name, major, minor), source)) in DEVICES.iter().zip(&sources.devices).enumerate() {
            let failed = |e| Step::DeviceNode.failed_at(index, e);
            if self.bind_devices {
                let node = sys::openat(dev, name, libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW, 0o666);
                sys::close(node.map_err(failed)?);
                let node = sys::openat(dev, name, libc::O_PATH | libc::O_NOFOLLOW, 0).map_err(failed)?;
                attach(*source, node).map_err(failed)?;
            } else {
                let device = libc::makedev(*major, *minor);
                sys::mknodat(dev, name, libc::S_IFCHR | 0o666, device).map_err(failed)?;
            }
        }
        sys::umask(0o022);
        for (name, text) in LINKS {
            sys::symlinkat(text, dev, name).map_err(failed)?;
        }
        for name in [c"pts", c"shm", c"mqueue"] {
            sys::mkdirat(dev, name, 0o755).map_err(failed)?;
        }
        sys::close(dev);
        let closed = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        let shared: [(&CStr, &CStr); 2] = [(c"mode", c"1777"), (c"size", c"65536k")];
        attach(sources.pts, plain_place(c"/dev/pts").map_err(failed)?).map_err(failed)?;
        let shm = filesystem(c"tmpfs", &shared, closed).map_err(failed)?;
        attach(shm, plain_place(c"/dev/shm").map_err(failed)?).map_err(failed)?;
        if let Some(queue) = sources.queue {
            attach(queue, plain_place(c"/dev/mqueue").map_err(failed)?).map_err(failed)?;
        }
        Ok(())
    }
}

/// Hides what Docker hides and makes read-only what Docker makes read-only. What this kernel lacks is skipped.
fn hide() -> Result<(), Failure> {
    for (index, path) in HIDDEN_FILES.iter().enumerate() {
        let failed = |e| Step::Mask.failed_at(index, e);
        if let Ok(place) = open(path, 0, sys::RESOLVE_NO_SYMLINKS) {
            attach(sys::open_tree(c"/dev/null", sys::OPEN_TREE_CLONE).map_err(failed)?, place)
                .map_err(failed)?;
        }
    }
    for (index, path) in HIDDEN_DIRECTORIES.iter().enumerate() {
        let failed = |e| Step::Mask.failed_at(HIDDEN_FILES.len() + index, e);
        if let Ok(place) = open(path, libc::O_DIRECTORY, sys::RESOLVE_NO_SYMLINKS) {
            attach(filesystem(c"tmpfs", &[], MOUNT_ATTR_RDONLY).map_err(failed)?, place).map_err(failed)?;
        }
    }
    for (index, path) in READ_ONLY.iter().enumerate() {
        let failed = |e| Step::ReadOnlyPath.failed_at(index, e);
        if let Ok(place) = open(path, 0, sys::RESOLVE_NO_SYMLINKS) {
            let recursive = sys::OPEN_TREE_CLONE | libc::AT_RECURSIVE as libc::c_uint;
            let tree = sys::open_tree(path, recursive).map_err(failed)?;
            sys::mount_setattr(tree, MOUNT_ATTR_RDONLY, true).map_err(failed)?;
            attach(tree, place).map_err(failed)?;
        }
    }
    Ok(())
}

/// Makes a file system that is mounted nowhere yet.
fn filesystem(kind: &CStr, options: &[(&CStr, &CStr)], attributes: u64) -> Sys<RawFd> {
    let fs = sys::fsopen(kind)?;
    for (key, value) in options {
        sys::fsconfig_string(fs, key, value)?;
    }
    let mount = sys::fsmount(fs, attributes);
    sys::close(fs);
    mount
}

/// Puts a detached mount in its place and closes both descriptors.
fn attach(mount: RawFd, place: RawFd) -> Sys<()> {
    let result = sys::move_mount(mount, place);
    sys::close(mount);
    sys::close(place);
    result
}

/// Opens a place inside the root, which is the current directory.
fn open(path: &CStr, flags: i32, resolve: u64) -> Sys<RawFd> {
    let resolve = resolve | sys::RESOLVE_IN_ROOT | sys::RESOLVE_NO_MAGICLINKS;
    sys::openat2(libc::AT_FDCWD, path, libc::O_PATH | flags, resolve)
}

/// Opens a directory that must not be reached through a symbolic link, and makes it when it is missing.
fn plain_place(path: &CStr) -> Sys<RawFd> {
    match open(path, libc::O_DIRECTORY, sys::RESOLVE_NO_SYMLINKS) {
        Err(libc::ENOENT) => {
            sys::mkdirat(libc::AT_FDCWD, path, 0o755)?;
            open(path, libc::O_DIRECTORY, sys::RESOLVE_NO_SYMLINKS)
        }
        other => other,
    }
}

/// Opens a mount point and makes it, and the directories that lead to it, when it is missing. Symbolic links
/// are followed inside the root, dangling ones too: `/var/run -> /run` where there is no `/run` yet.
fn place(path: &CStr, directory: bool, depth: u32) -> Sys<RawFd> {
    let flags = if directory { libc::O_DIRECTORY } else { 0 };
    match open(path, flags, 0) {
        Err(libc::ENOENT) if depth < 8 => {}
        other => return other,
    }
    let bytes = path.to_bytes();
    let (mut buffer, mut end) = (Path::new(), 0);
    while end < bytes.len() {
        let start =
            end + bytes.get(end..).unwrap_or_default().iter().take_while(|byte| **byte == b'/').count();
        let rest = bytes.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| **byte != b'/').count();
        if length == 0 {
            break;
        }
        end = start + length;
        let last = rest.get(length..).unwrap_or_default().iter().all(|byte| *byte == b'/');
        buffer.set(bytes.get(..end).unwrap_or_default())?;
        match open(buffer.as_c(), 0, 0) {
            Ok(fd) => sys::close(fd),
            Err(libc::ENOENT) => {
                make(
                    bytes.get(..start).unwrap_or_default(),
                    rest.get(..length).unwrap_or_default(),
                    !last || directory,
                    depth,
                )?;
            }
            Err(error) => return Err(error),
        }
    }
    open(path, flags, 0)
}

/// Makes one entry in a directory that exists, or what a dangling symbolic link of that name points to.
fn make(parent: &[u8], name: &[u8], directory: bool, depth: u32) -> Sys<()> {
    let mut path = Path::new();
    path.set(if parent.is_empty() { b"/" } else { parent })?;
    let dir = open(path.as_c(), libc::O_DIRECTORY, 0)?;
    path.set(name)?;
    let made = if directory {
        sys::mkdirat(dir, path.as_c(), 0o755)
    } else {
        let flags = libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW | libc::O_WRONLY;
        sys::openat(dir, path.as_c(), flags, 0o644).map(sys::close)
    };
    if made != Err(libc::EEXIST) {
        sys::close(dir);
        return made;
    }
    let mut text = [0u8; 2048];
    let length = sys::readlinkat(dir, path.as_c(), &mut text);
    sys::close(dir);
    let text = text.get(..length?).unwrap_or_default();
    if text.first() == Some(&b'/') {
        path.set(text)?;
    } else {
        path.set(parent)?;
        path.add(b"/")?;
        path.add(text)?;
    }
    place(path.as_c(), directory, depth + 1).map(sys::close)
}

/// A path on the stack that always ends with a NUL byte.
struct Path {
    bytes: [u8; 4096],
    length: usize,
}

impl Path {
    fn new() -> Self {
        Self { bytes: [0; 4096], length: 0 }
    }

    fn set(&mut self, text: &[u8]) -> Sys<()> {
        self.bytes.fill(0);
        self.length = 0;
        self.add(text)
    }

    fn add(&mut self, text: &[u8]) -> Sys<()> {
        let end = self.length + text.len();
        if end >= self.bytes.len() {
            return Err(libc::ENAMETOOLONG);
        }
        self.bytes.get_mut(self.length..end).ok_or(libc::ENAMETOOLONG)?.copy_from_slice(text);
        self.length = end;
        Ok(())
    }

    fn as_c(&self) -> &CStr {
        // The buffer is longer than any text it takes, so there is always a NUL byte.
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }
}
