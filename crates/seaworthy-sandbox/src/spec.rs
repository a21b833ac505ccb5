//! What to boot, completely resolved.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddrV4};
use std::path::PathBuf;

use crate::caps::CapSet;
use crate::running::NetworkHandle;
use crate::seccomp::Seccomp;

/// The root file system of a box: unpacked trees that are stacked by overlayfs and never written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rootfs {
    /// Directories in the order of an image's layers: the base first, the top-most **last**.
    ///
    /// A tree above another one expresses deletions the way overlayfs does (a character device 0:0, and
    /// `trusted.overlay.opaque` or, rootless, `user.overlay.opaque`), not with `.wh.` names.
    pub lowers: Vec<PathBuf>,
}

impl Rootfs {
    /// One flattened directory.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self { lowers: vec![path.into()] }
    }
}

/// A memory file system inside the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where, inside the image.
    pub path: PathBuf,
    /// Limit in bytes; the kernel's default is half of the memory.
    pub size: Option<u64>,
    /// Permission bits of its root.
    pub mode: u32,
    /// Nothing on it can be executed.
    pub noexec: bool,
    /// Set-user-id bits on it have no effect.
    pub nosuid: bool,
    /// Device files on it cannot be opened.
    pub nodev: bool,
    /// Owner of its root.
    pub uid: u32,
    /// Group of its root.
    pub gid: u32,
}

impl Tmpfs {
    /// What `docker run --tmpfs PATH` mounts: mode 1777, owned by root, noexec, nosuid, nodev.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            size: None,
            mode: 0o1777,
            noexec: true,
            nosuid: true,
            nodev: true,
            uid: 0,
            gid: 0,
        }
    }
}

/// A file or directory of the host that appears inside the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// On the host; a final symbolic link is followed there.
    pub source: PathBuf,
    /// Inside the image; symbolic links are followed inside the image's root only.
    pub target: PathBuf,
    /// Writing to it fails with EROFS.
    pub read_only: bool,
}

/// A line of the box's `/etc/hosts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The name to resolve.
    pub name: String,
    /// Where it leads.
    pub address: IpAddr,
}

/// Which network a box sees. There is no way to the outside in either case.
#[derive(Debug, Clone, Default)]
pub enum Network {
    /// Its own, with only the loopback interface, which is up.
    #[default]
    Private,
    /// That of another box, as in a pod; names go through [`Spec::hosts`].
    Join(NetworkHandle),
}

/// What to boot. Everything is resolved: this crate knows neither images nor user names.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The trees that make up the root.
    pub rootfs: Rootfs,
    /// Mounts the root read-only once the mount points exist.
    pub read_only: bool,
    /// The program and its arguments; a program without a slash is looked up in `PATH` inside the image.
    pub argv: Vec<OsString>,
    /// The complete environment.
    pub env: Vec<(String, String)>,
    /// Working directory inside the image; created when missing, as Docker does.
    pub cwd: PathBuf,
    /// User id of PID 1.
    pub uid: u32,
    /// Group id of PID 1.
    pub gid: u32,
    /// Supplementary groups; cannot be set rootless.
    pub groups: Vec<u32>,
    /// Host name in the box.
    pub hostname: String,
    /// Additional lines of `/etc/hosts`.
    pub hosts: Vec<Host>,
    /// The bounding set, and for uid 0 the permitted and effective sets too. Inheritable and ambient stay empty.
    pub capabilities: CapSet,
    /// Sets `no_new_privs`.
    pub no_new_privileges: bool,
    /// The system call filter.
    pub seccomp: Seccomp,
    /// Memory file systems, mounted in order, before the binds.
    pub tmpfs: Vec<Tmpfs>,
    /// Files and directories of the host, mounted in order.
    pub binds: Vec<Bind>,
    /// The network namespace.
    pub network: Network,
    /// Addresses inside the box's own network on which this process listens before the program starts; their
    /// listeners are taken by [`crate::Running::take_listeners`].
    pub listen: Vec<SocketAddrV4>,
    /// Whether any user may listen on ports below 1024, as Docker sets it up; the kernel asks for `NET_BIND_SERVICE`. Only in
    /// a network of its own.
    pub low_ports: bool,
    /// Most bytes it may write to its root before it is killed; looked at a few times a second.
    pub disk_bytes: Option<u64>,
    /// Limit in bytes, swap included where the kernel accounts it.
    pub memory_bytes: Option<u64>,
    /// Limit on processes and threads.
    pub pids: Option<u32>,
}

impl Spec {
    /// A box like `docker run --network none` makes it: root, Docker's capabilities and seccomp profile, a
    /// writable root, no limits.
    pub fn new(rootfs: Rootfs, argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            rootfs,
            read_only: false,
            argv: argv.into_iter().map(Into::into).collect(),
            env: vec![("PATH".to_owned(), DEFAULT_PATH.to_owned())],
            cwd: PathBuf::from("/"),
            uid: 0,
            gid: 0,
            groups: Vec::new(),
            hostname: "seaworthy".to_owned(),
            hosts: Vec::new(),
            capabilities: CapSet::docker_default(),
            no_new_privileges: false,
            seccomp: Seccomp::Docker,
            tmpfs: Vec::new(),
            binds: Vec::new(),
            network: Network::Private,
            listen: Vec::new(),
            low_ports: false,
            disk_bytes: None,
            memory_bytes: None,
            pids: None,
        }
    }
}

/// The `PATH` Docker sets where an image sets none.
pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
