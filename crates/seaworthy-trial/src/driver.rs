//! What a trial needs of an engine, so that the same behaviours are observed on each.

use seaworthy_facts::{Exit, SocketFact, WriteFact};
use std::net::TcpStream;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A file put into a container before it starts.
#[derive(Clone, PartialEq, Eq)]
pub struct MountedFile {
    /// Where in the image.
    pub path: String,
    /// Content; may be a secret, so it is never shown.
    pub content: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl std::fmt::Debug for MountedFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {:o} {}:{} ({} bytes)", self.path, self.mode, self.uid, self.gid, self.content.len())
    }
}

/// A memory file system of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TmpfsMount {
    /// Where.
    pub path: String,
    /// Limit in bytes.
    pub size: Option<u64>,
    /// Permission bits of its root.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Whether programs may be run from it.
    pub exec: bool,
}

/// A service beside a boot, ready and reachable by its name.
#[derive(Clone)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its place among the services, by which the sandbox numbers its address.
    pub number: usize,
    /// TCP ports it is reached at.
    pub ports: Vec<u16>,
    /// It runs as long as somebody holds it.
    pub container: Arc<dyn Container>,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {:?}", self.name, self.ports)
    }
}

/// One boot, completely resolved.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The complete environment.
    pub env: Vec<(String, String)>,
    /// Variables of the image that must not be there.
    pub without: Vec<String>,
    /// Working directory.
    pub cwd: String,
    /// Numeric user.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Files put in.
    pub files: Vec<MountedFile>,
    /// Whether the root is read-only.
    pub read_only: bool,
    /// Memory file systems.
    pub tmpfs: Vec<TmpfsMount>,
    /// Volumes of the image that hold files of the image: fresh ones, with a copy of those files.
    pub volumes: Vec<String>,
    /// Capabilities to keep, by name without `CAP_`.
    pub capabilities: Vec<String>,
    /// Memory limit in bytes.
    pub memory: Option<u64>,
    /// Whether set-user-id programs and file capabilities may raise privileges.
    pub may_gain_privileges: bool,
    /// Limit on processes and threads; 512 when absent.
    pub pids: Option<u32>,
    /// The names other boots reach it by.
    pub names: Vec<String>,
    /// The services it reaches.
    pub peers: Vec<Peer>,
    /// Whether any user may listen on ports below 1024, as Docker sets it up and the kernel does not.
    pub low_ports: bool,
    /// Keeps the volumes under this name, for later boots that say the same one; they go with the driver.
    pub keep: Option<String>,
}

/// Most processes and threads of a boot.
pub(crate) const PROCESSES: u32 = 512;

/// What a container wrote so far.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Captured {
    /// The last lines of both streams, standard error last.
    pub fn tail(&self, lines: usize) -> Vec<&str> {
        let mut tail: Vec<&str> =
            self.stderr.lines().rev().chain(self.stdout.lines().rev()).take(lines).collect();
        tail.reverse();
        tail
    }
}

/// A command run inside a running container.
#[derive(Clone, Debug, Default)]
pub struct ExecResult {
    /// Exit status; absent when it timed out or could not start.
    pub status: Option<i32>,
    /// Both streams.
    pub output: String,
    /// Whether it was ended for taking too long.
    pub timed_out: bool,
    /// Why it could not start.
    pub error: Option<String>,
}

/// Privileges and signals of PID 1.
#[derive(Clone, Debug, Default)]
pub struct PrivilegeStatus {
    /// Effective user.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// Bounding capabilities as a mask.
    pub bounding: u64,
    /// Effective capabilities as a mask.
    pub effective: u64,
    /// Whether no-new-privileges is set.
    pub no_new_privileges: bool,
    /// Whether a seccomp filter is in force.
    pub seccomp: bool,
    /// Mask of signals with a handler; bit n-1 is signal n.
    pub caught: u64,
    /// Command line of PID 1.
    pub cmdline: Vec<String>,
}

/// One process of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessStatus {
    /// Its id inside the container.
    pub pid: i32,
    /// Its parent's id inside the container; 0 where the parent is outside.
    pub parent: i32,
    /// The kernel's short name.
    pub name: String,
    /// Whether it has ended and was not reaped.
    pub zombie: bool,
    /// Resident memory in bytes.
    pub memory: u64,
    /// Threads.
    pub threads: u32,
    /// Open file descriptors.
    pub descriptors: u64,
    /// Processor time used or waited for so far, in milliseconds.
    pub cpu_ms: u64,
}

/// How often a container ran into its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Processes killed for want of memory.
    pub memory: u64,
    /// Processes and threads refused.
    pub processes: u64,
}

/// What a container could not reach, by the kernel's counters of its network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unreached {
    /// Packets and connections to addresses outside.
    pub direct: u64,
    /// Packets to the name server, which is not there.
    pub lookups: u64,
}

/// Why a container could not be started or looked at.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The machine cannot run containers; checks are not run.
    #[error("{0}")]
    Unavailable(String),
    /// The program could not be executed: a fault of the image.
    #[error("{0}")]
    NotExecutable(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// A running container.
pub trait Container: Send + Sync {
    /// When its process was started.
    fn started(&self) -> Instant;
    /// Sends a signal to PID 1.
    ///
    /// # Errors
    /// The container has ended or the engine refuses.
    fn signal(&self, signal: i32) -> Result<(), DriverError>;
    /// Waits for its end, at most so long; nothing when it still runs.
    ///
    /// # Errors
    /// The engine does not answer.
    fn wait(&self, limit: Duration) -> Result<Option<Exit>, DriverError>;
    /// What it wrote so far.
    fn logs(&self) -> Captured;
    /// Whether [`Container::logs`] is not all it wrote: more than is kept, or unreadable.
    fn logs_truncated(&self) -> bool {
        false
    }
    /// Stops or continues everything inside, by SIGSTOP or SIGCONT.
    ///
    /// # Errors
    /// The container has ended or the engine refuses.
    fn suspend(&self, stop: bool) -> Result<(), DriverError> {
        self.signal(if stop { 19 } else { 18 })
    }
    /// Runs a command inside, as the container's user.
    fn exec(&self, argv: &[String], limit: Duration) -> ExecResult;
    /// Connects to a port inside.
    ///
    /// # Errors
    /// Nobody listens, or the network cannot be entered.
    fn connect(&self, port: u16, limit: Duration) -> std::io::Result<TcpStream>;
    /// Sockets that listen inside.
    ///
    /// # Errors
    /// The container's processes cannot be looked at.
    fn sockets(&self) -> Result<Vec<SocketFact>, DriverError>;
    /// Privileges of PID 1.
    ///
    /// # Errors
    /// The container's processes cannot be looked at.
    fn status(&self) -> Result<PrivilegeStatus, DriverError>;
    /// Paths written on its root.
    ///
    /// # Errors
    /// The engine cannot tell.
    fn writes(&self) -> Result<Vec<WriteFact>, DriverError>;
    /// Peak memory in bytes.
    fn memory_peak(&self) -> Option<u64>;
    /// Whether it was ended for writing more to its root than any boot may.
    fn overfilled(&self) -> bool {
        false
    }
    /// Bytes written to both streams so far, also those that are not kept.
    fn logged(&self) -> u64 {
        let logs = self.logs();
        (logs.stdout.len() + logs.stderr.len()) as u64
    }
    /// Its processes, zombies included.
    ///
    /// # Errors
    /// The container's processes cannot be looked at.
    fn processes(&self) -> Result<Vec<ProcessStatus>, DriverError>;
    /// How often it ran into its limits; after its end too.
    ///
    /// # Errors
    /// The limits cannot be looked at.
    fn reached(&self) -> Result<Reached, DriverError>;
    /// What it could not reach.
    ///
    /// # Errors
    /// The container's network cannot be looked at.
    fn unreached(&self) -> Result<Unreached, DriverError>;
    /// Files in the volumes that are kept, by their paths inside; after its end too.
    ///
    /// # Errors
    /// The volumes cannot be looked at.
    fn kept(&self) -> Result<Vec<String>, DriverError>;
}

/// An engine that boots one image.
pub trait Driver: Sync {
    /// Its name and version.
    fn name(&self) -> String;
    /// Why its results are less faithful than on a full engine.
    fn reduced_fidelity(&self) -> Vec<String>;
    /// Starts a container.
    ///
    /// # Errors
    /// The machine or the image does not allow it.
    fn start(&self, launch: &Launch) -> Result<Box<dyn Container>, DriverError>;
}

/// Writes the files of a run into a new private directory, as the process will see them; gives where each lies and where
/// it goes. `owners` says whether they can be given away, which only root can.
pub(crate) fn write_files(
    dir: &Path,
    files: &[MountedFile],
    owners: bool,
) -> Result<Vec<(PathBuf, String)>, DriverError> {
    let failed = |error: std::io::Error| {
        DriverError::Failed(format!("failed to write the run's files in `{}`: {error}", dir.display()))
    };
    std::fs::DirBuilder::new().mode(0o700).create(dir).map_err(failed)?;
    let mut written = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let source = dir.join(at.to_string());
        std::fs::write(&source, &file.content).map_err(failed)?;
        if owners {
            std::os::unix::fs::chown(&source, Some(file.uid), Some(file.gid)).map_err(failed)?;
        }
        std::fs::set_permissions(&source, std::fs::Permissions::from_mode(file.mode)).map_err(failed)?;
        written.push((source, file.path.clone()));
    }
    Ok(written)
}
