//! The trial on the embedded sandbox.

use crate::driver::{
    Captured, Container, Driver, DriverError, ExecResult, Launch, PROCESSES, Peer, PrivilegeStatus,
    ProcessStatus, Reached, Unreached, write_files,
};
use crate::forward::Forwards;
use seaworthy_facts::{Exit, SocketFact, WriteFact};
use seaworthy_sandbox::{
    Bind, CapSet, ErrorKind, Exec, Host, Mode, Network, ProcStatus, Protocol, Rootfs, Running, Runtime,
    Seccomp, Socket, Spec, Tmpfs, WriteKind,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Most bytes a boot may write to its root.
const DISK: u64 = 2 << 30;

/// Boots an unpacked image in the embedded sandbox.
pub struct SandboxDriver<'a> {
    runtime: &'a Runtime,
    /// Trees of the image, the base first.
    rootfs: Vec<PathBuf>,
    work: PathBuf,
    notes: Vec<String>,
    boots: AtomicU64,
}

impl<'a> SandboxDriver<'a> {
    /// A driver for an unpacked image. `work` is a private directory for files of the runs; `notes` are reasons for
    /// reduced fidelity that are known already, such as owners that could not be restored when unpacking.
    pub fn new(runtime: &'a Runtime, rootfs: &Path, work: &Path, notes: Vec<String>) -> Self {
        Self::stacked(runtime, vec![rootfs.to_owned()], work, notes)
    }

    /// The same for trees that overlayfs stacks, the base first. Volumes that the image fills need the first way.
    pub fn stacked(runtime: &'a Runtime, trees: Vec<PathBuf>, work: &Path, notes: Vec<String>) -> Self {
        Self { runtime, rootfs: trees, work: work.to_owned(), notes, boots: AtomicU64::new(0) }
    }

    fn spec(&self, launch: &Launch, binds: Vec<Bind>) -> Result<Spec, DriverError> {
        let mut capabilities = CapSet::none();
        for name in &launch.capabilities {
            capabilities = capabilities.with(name).map_err(|error| DriverError::Failed(error.to_string()))?;
        }
        let tmpfs = launch.tmpfs.iter().map(|mount| Tmpfs {
            size: mount.size,
            mode: mount.mode,
            uid: mount.uid,
            gid: mount.gid,
            noexec: !mount.exec,
            ..Tmpfs::new(&mount.path)
        });
        let mut spec = Spec::new(Rootfs { lowers: self.rootfs.clone() }, launch.argv.iter().cloned());
        spec.read_only = launch.read_only;
        spec.env.clone_from(&launch.env);
        spec.cwd = PathBuf::from(&launch.cwd);
        spec.uid = launch.uid;
        spec.gid = launch.gid;
        spec.groups.clone_from(&launch.groups);
        spec.capabilities = capabilities;
        spec.no_new_privileges = !launch.may_gain_privileges;
        spec.seccomp = Seccomp::Docker;
        spec.tmpfs = tmpfs.collect();
        spec.binds = binds;
        spec.network = Network::Private;
        let host = |peer: &Peer| Host { name: peer.name.clone(), address: address(peer).into() };
        spec.hosts = launch.peers.iter().map(host).collect();
        let ports = |peer: &Peer| {
            let address = address(peer);
            peer.ports.iter().map(move |port| SocketAddrV4::new(address, *port)).collect::<Vec<_>>()
        };
        spec.listen = launch.peers.iter().flat_map(ports).collect();
        spec.low_ports = launch.low_ports;
        spec.disk_bytes = Some(DISK);
        spec.memory_bytes = launch.memory;
        spec.pids = Some(launch.pids.unwrap_or(PROCESSES));
        Ok(spec)
    }

    /// Volumes with a copy of the image's files, as an engine makes them: fresh ones, or those kept under a name. They go
    /// with the work directory. Gives those that are kept.
    fn volumes(&self, launch: &Launch, binds: &mut Vec<Bind>) -> Result<Vec<(String, PathBuf)>, DriverError> {
        let mut kept = Vec::new();
        for (at, path) in launch.volumes.iter().enumerate() {
            let name = match &launch.keep {
                Some(name) => format!("kept-{name}-{at}"),
                None => format!("volume-{}", self.boots.fetch_add(1, Ordering::Relaxed)),
            };
            let source = self.work.join(name);
            if launch.keep.is_some() {
                kept.push((path.clone(), source.clone()));
            }
            if !source.exists() {
                let owners = self.runtime.mode() == &Mode::Root;
                let [rootfs] = self.rootfs.as_slice() else {
                    return Err(DriverError::Failed(format!(
                        "the volume `{path}` cannot be filled from several trees"
                    )));
                };
                crate::volume::copy(rootfs, path, &source, owners)
                    .or_else(|error| crate::volume::empty(&source, error))
                    .map_err(|error| {
                        DriverError::Failed(format!("failed to fill the volume `{path}`: {error}"))
                    })?;
            }
            binds.push(Bind { source, target: PathBuf::from(path), read_only: false });
        }
        Ok(kept)
    }

    /// Writes the files of a run to the host, as the process will see them.
    fn files(&self, launch: &Launch) -> Result<(Option<PathBuf>, Vec<Bind>), DriverError> {
        if launch.files.is_empty() {
            return Ok((None, Vec::new()));
        }
        let dir = self.work.join(format!("files-{}", self.boots.fetch_add(1, Ordering::Relaxed)));
        let written = write_files(&dir, &launch.files, self.runtime.mode() == &Mode::Root)?;
        let bind =
            |(source, target): (PathBuf, String)| Bind { source, target: target.into(), read_only: true };
        let binds = written.into_iter().map(bind).collect();
        Ok((Some(dir), binds))
    }
}

impl Driver for SandboxDriver<'_> {
    fn name(&self) -> String {
        "sandbox".to_owned()
    }

    fn reduced_fidelity(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if let Mode::Rootless = self.runtime.mode() {
            notes.push("no root: every file looks owned by the service's user, so permission results are not faithful".to_owned());
        }
        notes
    }

    fn start(&self, launch: &Launch) -> Result<Box<dyn Container>, DriverError> {
        let (dir, mut binds) = self.files(launch)?;
        let kept = self.volumes(launch, &mut binds)?;
        let spec = self.spec(launch, binds);
        let booted = spec.and_then(|spec| self.runtime.boot(&spec).map_err(|error| explain(&error)));
        if let Some(dir) = dir {
            // The box holds the files by their mounts; on the host they need not stay, and secrets must not.
            let _ = std::fs::remove_dir_all(dir);
        }
        let mut running = booted?;
        let targets = launch
            .peers
            .iter()
            .flat_map(|peer| peer.ports.iter().map(|port| (Arc::clone(&peer.container), *port)));
        let pairs = running.take_listeners().into_iter().zip(targets);
        let forwards =
            Forwards::start(pairs.map(|(listener, (target, port))| (listener, target, port)).collect())
                .map_err(|error| DriverError::Failed(format!("failed to lead to the services: {error}")))?;
        Ok(Box::new(SandboxContainer(running, kept, forwards)))
    }
}

/// A box, the volumes of it that are kept (where inside, and where here), and what leads from it to its services. The box
/// ends first.
struct SandboxContainer(
    Running,
    Vec<(String, PathBuf)>,
    #[expect(dead_code, reason = "held for its drop")] Forwards,
);

/// The address of a service on the loopback of every box: its number counts from 127.0.2.1.
fn address(peer: &Peer) -> Ipv4Addr {
    let [_, _, high, low] = u32::try_from(peer.number + 1).unwrap_or(u32::MAX).to_be_bytes();
    Ipv4Addr::new(127, 0, 2_u8.saturating_add(high), low)
}

/// Whether an address is one of a service, on which this process listens.
fn is_service(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_loopback() && address.octets()[2] >= 2)
}

impl Container for SandboxContainer {
    fn started(&self) -> Instant {
        self.0.started()
    }

    fn signal(&self, signal: i32) -> Result<(), DriverError> {
        match self.0.signal(signal) {
            // A process that is gone already needs no signal.
            Err(error) if error.kind() == ErrorKind::Ended => Ok(()),
            other => other.map_err(|error| explain(&error)),
        }
    }

    fn wait(&self, limit: Duration) -> Result<Option<Exit>, DriverError> {
        let exit = self.0.wait(limit).map_err(|error| explain(&error))?;
        Ok(exit.map(|exit| Exit { code: exit.code, signal: exit.signal, oom_killed: exit.oom_killed }))
    }

    fn logs(&self) -> Captured {
        let logs = self.0.logs();
        Captured { stdout: logs.stdout_text(), stderr: logs.stderr_text() }
    }

    fn logs_truncated(&self) -> bool {
        self.0.logs().truncated
    }

    fn suspend(&self, stop: bool) -> Result<(), DriverError> {
        self.0.signal_all(if stop { 19 } else { 18 }).map_err(|error| explain(&error))
    }

    fn exec(&self, argv: &[String], limit: Duration) -> ExecResult {
        let exec = Exec {
            argv: argv.iter().map(Into::into).collect(),
            env: None,
            cwd: None,
            uid: None,
            gid: None,
            timeout: Some(limit),
        };
        match self.0.exec(&exec) {
            Ok(output) => ExecResult {
                status: (!output.timed_out)
                    .then(|| output.exit.code.unwrap_or(128 + output.exit.signal.unwrap_or(0))),
                output: format!(
                    "{}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                ),
                timed_out: output.timed_out,
                error: None,
            },
            Err(error) => ExecResult { error: Some(format!("failed to {error}")), ..ExecResult::default() },
        }
    }

    fn connect(&self, port: u16, limit: Duration) -> std::io::Result<TcpStream> {
        self.0.connect(port, limit)
    }

    fn sockets(&self) -> Result<Vec<SocketFact>, DriverError> {
        let sockets = self.0.sockets().map_err(|error| explain(&error))?;
        let own = sockets.into_iter().filter(|socket| socket.owner.is_some() || !is_service(socket.addr));
        Ok(socket_facts(own.collect()))
    }

    fn status(&self) -> Result<PrivilegeStatus, DriverError> {
        Ok(privileges(self.0.status().map_err(|error| explain(&error))?))
    }

    fn writes(&self) -> Result<Vec<WriteFact>, DriverError> {
        let writes = self.0.writes().map_err(|error| explain(&error))?;
        // A directory that only changed its times says nothing beyond the entries in it.
        let telling =
            writes.into_iter().filter(|write| !(write.is_dir && matches!(write.kind, WriteKind::Modified)));
        Ok(telling
            .map(|write| WriteFact {
                path: format!("/{}", String::from_utf8_lossy(&write.path).trim_start_matches('/')),
                kind: match write.kind {
                    WriteKind::Created => "created",
                    WriteKind::Modified | WriteKind::Replaced => "modified",
                    WriteKind::Deleted => "deleted",
                }
                .to_owned(),
                size: write.size,
                covered: false,
            })
            .collect())
    }

    fn memory_peak(&self) -> Option<u64> {
        self.0.memory_peak()
    }

    fn overfilled(&self) -> bool {
        self.0.overfilled()
    }

    fn logged(&self) -> u64 {
        self.0.logs().written
    }

    fn processes(&self) -> Result<Vec<ProcessStatus>, DriverError> {
        Ok(processes(self.0.processes().map_err(|error| explain(&error))?))
    }

    fn reached(&self) -> Result<Reached, DriverError> {
        let reached = self.0.reached();
        Ok(Reached { memory: reached.memory, processes: reached.processes })
    }

    fn unreached(&self) -> Result<Unreached, DriverError> {
        Ok(unreached(self.0.unreached().map_err(|error| explain(&error))?))
    }

    fn kept(&self) -> Result<Vec<String>, DriverError> {
        let mut files = Vec::new();
        for (path, source) in &self.1 {
            crate::volume::list(source, path, &mut files).map_err(|error| {
                DriverError::Failed(format!("failed to list the volume `{path}`: {error}"))
            })?;
        }
        Ok(files)
    }
}

/// Sockets that listen, as facts.
pub(crate) fn socket_facts(sockets: Vec<Socket>) -> Vec<SocketFact> {
    let mut facts: Vec<SocketFact> = sockets
        .into_iter()
        .filter(|socket| socket.listening && !chosen_by_the_kernel(socket))
        .map(|socket| SocketFact {
            protocol: match socket.proto {
                Protocol::Tcp | Protocol::Tcp6 => "tcp".to_owned(),
                Protocol::Udp | Protocol::Udp6 => "udp".to_owned(),
            },
            address: socket.addr.to_string(),
            port: socket.port,
            loopback: socket.addr.is_loopback(),
        })
        .collect();
    facts.sort();
    facts.dedup();
    facts
}

/// A UDP socket in the range the kernel takes ports from is a client's that waits for an answer (ip(7),
/// `ip_local_port_range`); nothing in `/proc` tells it from a server's.
fn chosen_by_the_kernel(socket: &Socket) -> bool {
    matches!(socket.proto, Protocol::Udp | Protocol::Udp6) && (32_768..=60_999).contains(&socket.port)
}

/// Processes as a trial shows them.
pub(crate) fn processes(list: Vec<seaworthy_sandbox::Proc>) -> Vec<ProcessStatus> {
    let inside: std::collections::BTreeMap<i32, i32> = list.iter().map(|one| (one.pid, one.ns_pid)).collect();
    list.into_iter()
        .map(|one| ProcessStatus {
            pid: one.ns_pid,
            parent: inside.get(&one.ppid).copied().unwrap_or_default(),
            name: one.comm,
            zombie: one.state == 'Z',
            memory: one.rss_kib << 10,
            threads: one.threads,
            descriptors: one.fds as u64,
            cpu_ms: one.cpu_ms,
        })
        .collect()
}

/// The counters of a network as a trial shows them.
pub(crate) fn unreached(counted: seaworthy_sandbox::Unreached) -> Unreached {
    Unreached { direct: counted.no_route, lookups: counted.no_port }
}

/// What the kernel says of a process, as far as a trial needs it.
pub(crate) fn privileges(status: ProcStatus) -> PrivilegeStatus {
    PrivilegeStatus {
        uid: status.uid,
        gid: status.gid,
        bounding: status.cap_bnd,
        effective: status.cap_eff,
        no_new_privileges: status.no_new_privs,
        seccomp: status.seccomp_mode == 2,
        caught: status.sig_caught,
        cmdline: status.cmdline,
    }
}

/// The sandbox's error as a driver's.
fn explain(error: &seaworthy_sandbox::Error) -> DriverError {
    let mut text = format!("failed to {error}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    match error.kind() {
        ErrorKind::Unavailable => DriverError::Unavailable(text),
        ErrorKind::NotFound | ErrorKind::NotExecutable => DriverError::NotExecutable(text),
        _ => DriverError::Failed(text),
    }
}
