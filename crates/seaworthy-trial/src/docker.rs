//! The trial on a Docker Engine or Podman.
//!
//! What the API cannot show (sockets, signal masks, zombies) is read from the container's first process, which a local
//! engine's containers have under this kernel. Where it is not seen here, as with a remote engine, nothing is proven.
//!
//! Root enters a container's network, which then has no way out at all, and mounts the files of a run. Somebody else who
//! may use the engine reaches the container over a network without a way out, and the engine puts the files in.

use crate::boot::signal_name;
use crate::driver::{
    Captured, Container, Driver, DriverError, ExecResult, Launch, PROCESSES, PrivilegeStatus, ProcessStatus,
    Reached, Unreached, write_files,
};
use crate::sandbox::{processes, socket_facts, unreached};
use seaworthy_engine::{
    Bind, ChangeKind, ContainerSpec, Engine, EngineError, ErrorKind, ExecSpec, HealthOverride, NetworkGuard,
    NetworkMode,
};
use seaworthy_facts::{Exit, SocketFact, WriteFact};
use seaworthy_sandbox::Foreign;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most bytes of a log that are read.
const LOG: usize = 8 * 1024 * 1024;

/// Boots an image that a Docker Engine holds.
pub struct DockerDriver {
    engine: Engine,
    image: String,
    run: String,
    work: PathBuf,
    boots: Arc<AtomicU64>,
    /// Whether this process is root, and may enter networks and give files away.
    root: bool,
    /// The network without a way out, made when it is first needed.
    network: Arc<Mutex<Option<NetworkGuard>>>,
    /// Names of the volumes that were kept.
    volumes: Mutex<BTreeSet<String>>,
}

impl Drop for DockerDriver {
    fn drop(&mut self) {
        for name in self.volumes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // One that was never made, or that the engine lost, needs no removal.
            let _ = self.engine.remove_volume(name);
        }
    }
}

impl DockerDriver {
    /// A driver for an image of the engine, by id or name. `run` labels what is made; `work` is a private directory.
    pub fn new(engine: Engine, image: &str, run: &str, work: &Path) -> Self {
        Self {
            engine,
            image: image.to_owned(),
            run: run.to_owned(),
            work: work.to_owned(),
            boots: Arc::default(),
            // The owner of a process's own directory is its effective user.
            root: std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0),
            network: Arc::default(),
            volumes: Mutex::default(),
        }
    }

    /// A driver for another image on the same engine, whose boots meet those of this one on one network.
    #[must_use]
    pub fn beside(&self, image: &str) -> Self {
        Self {
            engine: self.engine.clone(),
            image: image.to_owned(),
            run: self.run.clone(),
            work: self.work.clone(),
            boots: Arc::clone(&self.boots),
            root: self.root,
            network: Arc::clone(&self.network),
            volumes: Mutex::default(),
        }
    }

    /// Writes the files of a run where the engine can mount them from.
    fn files(&self, launch: &Launch) -> Result<Vec<Bind>, DriverError> {
        let dir = self.work.join(format!("files-{}", self.boots.fetch_add(1, Ordering::Relaxed)));
        let written = write_files(&dir, &launch.files, true)?;
        Ok(written.into_iter().map(|(source, target)| Bind { source, target, read_only: true }).collect())
    }

    /// The volumes that are kept: their names and paths. They are removed with the driver.
    fn kept(&self, launch: &Launch) -> BTreeMap<String, String> {
        let Some(keep) = &launch.keep else { return BTreeMap::new() };
        let mut known = self.volumes.lock().unwrap_or_else(PoisonError::into_inner);
        let named = launch.volumes.iter().enumerate().map(|(at, path)| {
            let name = format!("seaworthy-trial-{}-{keep}-{at}", self.run);
            known.insert(name.clone());
            (name, path.clone())
        });
        named.collect()
    }

    /// The network of the boots: none, or one that the host reaches and that leads nowhere else.
    fn network(&self, launch: &Launch) -> Result<NetworkMode, DriverError> {
        if self.root && launch.names.is_empty() && launch.peers.is_empty() {
            return Ok(NetworkMode::None);
        }
        let mut guard = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            let name = format!("seaworthy-trial-{}", self.run);
            *guard =
                Some(self.engine.create_network(&name, &self.run, true).map_err(|error| explain(&error))?);
        }
        let network = guard.as_ref().map(|network| network.id().to_owned()).unwrap_or_default();
        Ok(NetworkMode::Named { network, aliases: launch.names.clone() })
    }

    /// Has the engine put the files of a run into their volumes, with owners and modes only root could give.
    fn put_files(container: &seaworthy_engine::Container, launch: &Launch) -> Result<(), DriverError> {
        for file in &launch.files {
            let failed = |error: std::io::Error| {
                DriverError::Failed(format!("failed to pack `{}` for the engine: {error}", file.path))
            };
            let path = Path::new(&file.path);
            let (Some(directory), Some(name)) = (path.parent().and_then(Path::to_str), path.file_name())
            else {
                return Err(DriverError::Failed(format!("`{}` is no place for a file", file.path)));
            };
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(file.content.len() as u64);
            header.set_mode(file.mode);
            header.set_uid(u64::from(file.uid));
            header.set_gid(u64::from(file.gid));
            let mut tar = tar::Builder::new(Vec::new());
            tar.append_data(&mut header, name, file.content.as_slice()).map_err(failed)?;
            let tar = tar.into_inner().map_err(failed)?;
            container.put_archive(directory, &mut tar.as_slice()).map_err(|error| explain(&error))?;
        }
        Ok(())
    }

    /// Why a running container cannot be looked at and reached from here, where it cannot.
    fn unreachable(&self, process: Option<&Foreign>, pid: Option<u32>) -> Option<String> {
        let (Some(process), Some(pid)) = (process, pid) else {
            return Some(
                "the engine runs its containers on another machine or in a virtual machine, where they are not reached from here"
                    .to_owned(),
            );
        };
        if self.root {
            return (!process.enterable())
                .then(|| "the container's network may not be entered from here".to_owned());
        }
        // A rootless engine keeps its networks in a namespace of its own, and maps its users.
        let map = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/uid_map")).ok();
        (map(&pid.to_string()) != map("self")).then(|| {
            "the engine is rootless, and the network of its containers is not reached from here; the sandbox needs no engine"
                .to_owned()
        })
    }
}

/// The directories that files of a run are put into.
fn directories(launch: &Launch) -> BTreeSet<String> {
    let parents = launch.files.iter().filter_map(|file| Path::new(&file.path).parent()?.to_str());
    parents.filter(|path| *path != "/").map(str::to_owned).collect()
}

impl Driver for DockerDriver {
    fn name(&self) -> String {
        let info = self.engine.info();
        format!("{} {}", info.name, info.version)
    }

    fn reduced_fidelity(&self) -> Vec<String> {
        if self.root {
            Vec::new()
        } else {
            vec![
                "not root: files of the run lie in volumes, so what is written beside them is not seen".to_owned(),
                "not root: the service is reached over a network without a way out, and not through its loopback"
                    .to_owned(),
            ]
        }
    }

    fn start(&self, launch: &Launch) -> Result<Box<dyn Container>, DriverError> {
        let tmpfs = launch.tmpfs.iter().map(|mount| {
            let size = mount.size.map(|size| format!(",size={size}")).unwrap_or_default();
            let exec = if mount.exec { "exec" } else { "noexec" };
            let options = format!(
                "rw,nosuid,nodev,{exec},mode={:o},uid={},gid={}{size}",
                mount.mode, mount.uid, mount.gid
            );
            (mount.path.clone(), options)
        });
        let (program, arguments) = launch.argv.split_at(1);
        let spec = ContainerSpec {
            image: self.image.clone(),
            run: self.run.clone(),
            entrypoint: Some(program.to_vec()),
            cmd: Some(arguments.to_vec()),
            env: launch.env.iter().cloned().collect::<BTreeMap<_, _>>(),
            without: launch.without.clone(),
            user: Some(format!("{}:{}", launch.uid, launch.gid)),
            groups: launch.groups.clone(),
            working_dir: Some(launch.cwd.clone()),
            read_only: launch.read_only,
            cap_drop: vec!["ALL".to_owned()],
            cap_add: launch.capabilities.clone(),
            no_new_privileges: !launch.may_gain_privileges,
            tmpfs: tmpfs.collect(),
            binds: if self.root { self.files(launch)? } else { Vec::new() },
            volumes: if self.root { Vec::new() } else { directories(launch).into_iter().collect() },
            memory: launch.memory,
            pids: Some(u64::from(launch.pids.unwrap_or(PROCESSES))),
            // The strictest platforms ask for a capability where the kernel does: below port 1024.
            sysctls: BTreeMap::from([(
                "net.ipv4.ip_unprivileged_port_start".to_owned(),
                if launch.low_ports { "0" } else { "1024" }.to_owned(),
            )]),
            // Nobody answers there, so that looking up a name is told from reaching for an address. Names of services are
            // the engine's to answer.
            dns: if launch.peers.is_empty() { vec!["127.0.0.1".to_owned()] } else { Vec::new() },
            kept_volumes: self.kept(launch),
            network: self.network(launch)?,
            health: HealthOverride::Off,
            ..ContainerSpec::default()
        };
        let container = self.engine.create_container(&spec).map_err(|error| explain(&error))?;
        if !self.root {
            Self::put_files(&container, launch)?;
        }
        let started = Instant::now();
        if let Err(error) = container.start() {
            let text = chain(&error);
            // The engine answers so when the program does not exist or cannot be executed: a fault of the image.
            let unstartable = [
                "executable file not found",
                "no such file or directory",
                "permission denied",
                "exec format error",
            ];
            return Err(if unstartable.iter().any(|part| text.contains(part)) {
                DriverError::NotExecutable(text)
            } else {
                explain(&error)
            });
        }
        // A process that is just ending has no namespaces any more, while the engine still says that it runs; so an answer
        // that nothing is reached is only believed when it lasts. One that has ended has its exit code and log, and that is
        // all there is to see.
        let (process, state) = loop {
            let pid = container.local_pid().ok().flatten();
            let process = pid.and_then(|pid| Foreign::new(i32::try_from(pid).ok()?));
            let why = self.unreachable(process.as_ref(), pid);
            let state = container.state().map_err(|error| explain(&error))?;
            match why.filter(|_| state.running) {
                None => break (process, state),
                Some(why) if started.elapsed() > Duration::from_secs(2) => {
                    return Err(DriverError::Unavailable(why));
                }
                Some(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let address = state.addresses.values().find_map(|address| address.parse().ok());
        let kept = if launch.keep.is_some() { launch.volumes.clone() } else { Vec::new() };
        Ok(Box::new(DockerContainer { container, started, process, address, made: made_for(launch), kept }))
    }
}

struct DockerContainer {
    container: seaworthy_engine::Container,
    started: Instant,
    process: Option<Foreign>,
    /// Its address, where its network is reached over the engine's.
    address: Option<IpAddr>,
    /// Paths the engine makes where the image has none.
    made: BTreeSet<String>,
    /// Volumes that are kept.
    kept: Vec<String>,
}

impl DockerContainer {
    fn process(&self) -> Result<&Foreign, DriverError> {
        self.process.as_ref().ok_or_else(|| {
            DriverError::Unavailable(
                "the container's first process is not seen from here: the engine is remote, or it has ended"
                    .to_owned(),
            )
        })
    }
}

impl Container for DockerContainer {
    fn started(&self) -> Instant {
        self.started
    }

    fn signal(&self, signal: i32) -> Result<(), DriverError> {
        let name = signal_name(signal);
        let name = name.strip_prefix("signal ").unwrap_or(&name);
        self.container.kill(name).map(drop).map_err(|error| explain(&error))
    }

    fn wait(&self, limit: Duration) -> Result<Option<Exit>, DriverError> {
        if limit.is_zero() || self.container.wait(limit).map_err(|error| explain(&error))?.is_some() {
            let state = self.container.state().map_err(|error| explain(&error))?;
            if state.running {
                return Ok(None);
            }
            return Ok(Some(exit_of(state.exit_code, state.oom_killed)));
        }
        Ok(None)
    }

    fn logs(&self) -> Captured {
        let logs = self.container.logs(LOG).unwrap_or_default();
        Captured {
            stdout: String::from_utf8_lossy(&logs.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&logs.stderr).into_owned(),
        }
    }

    fn logs_truncated(&self) -> bool {
        // A log that cannot be read at all must not count as one without secrets.
        self.container.logs(LOG).map_or(true, |logs| logs.truncated)
    }

    fn suspend(&self, stop: bool) -> Result<(), DriverError> {
        const SIGCONT: i32 = 18;
        const SIGSTOP: i32 = 19;
        // A paused container runs no health check, so it is stopped by signals; the engine signals the first process only.
        let signal = if stop { SIGSTOP } else { SIGCONT };
        self.signal(signal)?;
        let all = self.process()?.signal_descendants(signal);
        let all = all.map_err(|error| DriverError::Failed(format!("failed to {error}")))?;
        if stop && !all {
            self.signal(SIGCONT)?;
            return Err(DriverError::Unavailable(
                "only root can stop every process of the service".to_owned(),
            ));
        }
        Ok(())
    }

    fn exec(&self, argv: &[String], limit: Duration) -> ExecResult {
        let spec = ExecSpec { argv: argv.to_vec(), timeout: limit, ..ExecSpec::default() };
        match self.container.exec(&spec) {
            Ok(output) => {
                let text = format!(
                    "{}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                );
                let status = output.exit_code.and_then(|code| i32::try_from(code).ok());
                let unstartable = matches!(status, Some(126 | 127)) && text.contains("exec failed");
                ExecResult {
                    status: status.filter(|_| !unstartable),
                    error: unstartable.then(|| text.trim().to_owned()),
                    output: text,
                    timed_out: output.timed_out,
                }
            }
            Err(error) => ExecResult { error: Some(chain(&error)), ..ExecResult::default() },
        }
    }

    fn connect(&self, port: u16, limit: Duration) -> std::io::Result<TcpStream> {
        let process = self.process().map_err(std::io::Error::other)?;
        match self.address {
            Some(address) if !process.enterable() => {
                TcpStream::connect_timeout(&SocketAddr::new(address, port), limit)
            }
            _ => process.connect(port, limit),
        }
    }

    fn sockets(&self) -> Result<Vec<SocketFact>, DriverError> {
        let sockets =
            self.process()?.sockets().map_err(|error| DriverError::Failed(format!("failed to {error}")))?;
        // In a network of its own the engine answers for names at this address, inside the container.
        let resolver = IpAddr::from([127, 0, 0, 11]);
        let own = sockets.into_iter().filter(|socket| self.address.is_none() || socket.addr != resolver);
        Ok(socket_facts(own.collect()))
    }

    fn status(&self) -> Result<PrivilegeStatus, DriverError> {
        let status =
            self.process()?.status().map_err(|error| DriverError::Failed(format!("failed to {error}")))?;
        Ok(crate::sandbox::privileges(status))
    }

    fn writes(&self) -> Result<Vec<WriteFact>, DriverError> {
        let changes = self.container.changes().map_err(|error| explain(&error))?;
        let parents: Vec<String> = changes.iter().map(|change| format!("{}/", change.path)).collect();
        let mut writes = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            // The engine lists the directories on the way to a change as modified too.
            let on_the_way = changes
                .iter()
                .enumerate()
                .any(|(other, below)| other != at && below.path.starts_with(&parents[at]));
            if change.kind == ChangeKind::Modified && on_the_way {
                continue;
            }
            if change.kind == ChangeKind::Added && self.made.contains(&change.path) {
                continue;
            }
            let entry = match change.kind {
                ChangeKind::Deleted => None,
                ChangeKind::Added | ChangeKind::Modified => self.container.entry(&change.path).ok().flatten(),
            };
            // A directory that only changed its times says nothing beyond the entries in it.
            if change.kind == ChangeKind::Modified && entry.is_some_and(|entry| entry.directory) {
                continue;
            }
            let kind = match change.kind {
                ChangeKind::Added => "created",
                ChangeKind::Modified => "modified",
                ChangeKind::Deleted => "deleted",
            };
            let size = entry.map_or(0, |entry| entry.size);
            writes.push(WriteFact { path: change.path.clone(), kind: kind.to_owned(), size, covered: false });
        }
        Ok(writes)
    }

    fn processes(&self) -> Result<Vec<ProcessStatus>, DriverError> {
        let list = self.process()?.processes();
        Ok(processes(list.map_err(|error| DriverError::Failed(format!("failed to {error}")))?))
    }

    fn reached(&self) -> Result<Reached, DriverError> {
        let state = self.container.state().map_err(|error| explain(&error))?;
        let seen = self.process.as_ref().and_then(|process| process.reached().ok().flatten());
        let seen = seen.map(|seen| Reached { memory: seen.memory, processes: seen.processes });
        Ok(match seen {
            Some(seen) => seen,
            // Its groups are gone with it, or not seen from here: the engine knows of its memory only.
            None => Reached { memory: u64::from(state.oom_killed), processes: 0 },
        })
    }

    fn unreached(&self) -> Result<Unreached, DriverError> {
        if self.address.is_some() {
            return Err(DriverError::Unavailable(
                "only root gives a container no network at all, in which attempts to leave it are counted"
                    .to_owned(),
            ));
        }
        let counted = self.process()?.unreached();
        Ok(unreached(counted.map_err(|error| DriverError::Failed(format!("failed to {error}")))?))
    }

    fn kept(&self) -> Result<Vec<String>, DriverError> {
        let mut files = Vec::new();
        for path in &self.kept {
            let failed = |error: std::io::Error| {
                DriverError::Failed(format!("failed to list the volume `{path}`: {error}"))
            };
            let parent = Path::new(path).parent().and_then(Path::to_str).unwrap_or("/");
            let stream = self.container.archive(path).map_err(|error| explain(&error))?;
            for entry in tar::Archive::new(stream).entries().map_err(failed)? {
                let entry = entry.map_err(failed)?;
                if !entry.header().entry_type().is_dir() {
                    let inside = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                    files.push(format!("{}/{inside}", parent.trim_end_matches('/')));
                }
            }
        }
        Ok(files)
    }

    fn memory_peak(&self) -> Option<u64> {
        let stats = self.container.memory().ok().flatten()?;
        Some(stats.peak.unwrap_or(stats.used))
    }
}

/// The places an engine makes before the service starts, where the image lacks them: the targets of mounts, the working
/// directory, and the directories above them.
fn made_for(launch: &Launch) -> BTreeSet<String> {
    let mounts = launch.tmpfs.iter().map(|mount| mount.path.as_str());
    let files = launch.files.iter().map(|file| file.path.as_str());
    mounts
        .chain(files)
        .chain([launch.cwd.as_str()])
        .flat_map(|path| Path::new(path).ancestors())
        .filter_map(|path| path.to_str())
        .map(|path| path.trim_end_matches('/').to_owned())
        .filter(|path| !path.is_empty())
        .collect()
}

/// How a process ended that an engine reports with this code.
///
/// Engines show a death by signal as 128 + its number, and a process may also exit so by itself. The first process of a
/// container dies only of signals it cannot lack a handler for: SIGKILL and those of the processor and of `abort`.
fn exit_of(code: i64, oom_killed: bool) -> Exit {
    const DEADLY: [i64; 7] = [4, 6, 7, 8, 9, 11, 31];
    // An engine says that memory ran out also where only another process was killed for it.
    let signal = Some(code - 128).filter(|number| DEADLY.contains(number));
    let code = i32::try_from(code).unwrap_or(i32::MAX);
    Exit {
        code: signal.is_none().then_some(code),
        signal: signal.and_then(|number| i32::try_from(number).ok()),
        oom_killed,
    }
}

/// An engine's error with its sources.
fn chain(error: &EngineError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn explain(error: &EngineError) -> DriverError {
    match error.kind() {
        ErrorKind::Unreachable => DriverError::Unavailable(chain(error)),
        _ => DriverError::Failed(chain(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{MountedFile, TmpfsMount};

    #[test]
    fn exit_codes_of_an_engine_become_signals_only_where_they_can_be_signals() {
        assert_eq!(exit_of(0, false), Exit { code: Some(0), signal: None, oom_killed: false });
        assert_eq!(exit_of(2, false).code, Some(2));
        assert_eq!(exit_of(143, false).code, Some(143), "no first process dies of SIGTERM's default action");
        assert_eq!(exit_of(137, false), Exit { code: None, signal: Some(9), oom_killed: false });
        assert_eq!(exit_of(139, false).signal, Some(11));
        assert_eq!(exit_of(0, true), Exit { code: Some(0), signal: None, oom_killed: true });
        assert_eq!(exit_of(137, true), Exit { code: None, signal: Some(9), oom_killed: true });
    }

    #[test]
    fn mount_points_and_what_is_above_them_are_the_engines_work() {
        let launch = Launch {
            argv: vec![],
            env: vec![],
            without: vec![],
            cwd: "/srv/app".to_owned(),
            uid: 1,
            gid: 1,
            groups: vec![],
            files: vec![MountedFile {
                path: "/run/secrets/t".to_owned(),
                content: vec![],
                mode: 0,
                uid: 1,
                gid: 1,
            }],
            read_only: false,
            tmpfs: vec![TmpfsMount {
                path: "/tmp/".to_owned(),
                size: None,
                mode: 0,
                uid: 0,
                gid: 0,
                exec: false,
            }],
            capabilities: vec![],
            volumes: vec![],
            memory: None,
            ..Launch::default()
        };
        let made: Vec<String> = made_for(&launch).into_iter().collect();
        assert_eq!(made, ["/run", "/run/secrets", "/run/secrets/t", "/srv", "/srv/app", "/tmp"]);
    }
}
