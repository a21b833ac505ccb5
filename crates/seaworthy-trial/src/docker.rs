//! The trial on a Docker Engine or Podman.
//!
//! What the API cannot show (sockets, signal masks, zombies) is read from the container's first process, which a local
//! engine's containers have under this kernel. Where it is not seen here, as with a remote engine, those checks are not run.

use crate::boot::signal_name;
use crate::driver::{Captured, Container, Driver, DriverError, ExecResult, Launch, PrivilegeStatus};
use crate::sandbox::socket_facts;
use seaworthy_engine::{
    Bind, ChangeKind, ContainerSpec, Engine, EngineError, ErrorKind, ExecSpec, HealthOverride, NetworkMode,
};
use seaworthy_facts::{Exit, SocketFact, WriteFact};
use seaworthy_sandbox::Foreign;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Most bytes of a log that are read.
const LOG: usize = 8 * 1024 * 1024;

/// Boots an image that a Docker Engine holds.
pub struct DockerDriver {
    engine: Engine,
    image: String,
    run: String,
    work: PathBuf,
    boots: AtomicU64,
}

impl DockerDriver {
    /// A driver for an image of the engine, by id or name. `run` labels what is made; `work` is a private directory.
    pub fn new(engine: Engine, image: &str, run: &str, work: &Path) -> Self {
        Self {
            engine,
            image: image.to_owned(),
            run: run.to_owned(),
            work: work.to_owned(),
            boots: AtomicU64::new(0),
        }
    }

    /// Writes the files of a run where the engine can mount them from.
    fn files(&self, launch: &Launch) -> Result<Vec<Bind>, DriverError> {
        let dir = self.work.join(format!("files-{}", self.boots.fetch_add(1, Ordering::Relaxed)));
        let failed = |error: std::io::Error| {
            DriverError::Failed(format!("failed to write the run's files in `{}`: {error}", dir.display()))
        };
        std::fs::DirBuilder::new().mode(0o700).create(&dir).map_err(failed)?;
        let mut binds = Vec::new();
        for (at, file) in launch.files.iter().enumerate() {
            let source = dir.join(at.to_string());
            std::fs::write(&source, &file.content).map_err(failed)?;
            std::os::unix::fs::chown(&source, Some(file.uid), Some(file.gid)).map_err(failed)?;
            std::fs::set_permissions(&source, std::fs::Permissions::from_mode(file.mode)).map_err(failed)?;
            binds.push(Bind { source, target: file.path.clone(), read_only: true });
        }
        Ok(binds)
    }
}

impl Driver for DockerDriver {
    fn name(&self) -> String {
        let info = self.engine.info();
        format!("{} {}", info.name, info.version)
    }

    fn reduced_fidelity(&self) -> Vec<String> {
        Vec::new()
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
            no_new_privileges: true,
            tmpfs: tmpfs.collect(),
            binds: self.files(launch)?,
            memory: launch.memory,
            pids: Some(512),
            network: NetworkMode::None,
            health: HealthOverride::Off,
            ..ContainerSpec::default()
        };
        let container = self.engine.create_container(&spec).map_err(|error| explain(&error))?;
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
        let process =
            container.local_pid().ok().flatten().and_then(|pid| Foreign::new(i32::try_from(pid).ok()?));
        Ok(Box::new(DockerContainer { container, started, process, made: made_for(launch) }))
    }
}

struct DockerContainer {
    container: seaworthy_engine::Container,
    started: Instant,
    process: Option<Foreign>,
    /// Paths the engine makes where the image has none.
    made: BTreeSet<String>,
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
        process.connect(port, limit)
    }

    fn sockets(&self) -> Result<Vec<SocketFact>, DriverError> {
        let sockets =
            self.process()?.sockets().map_err(|error| DriverError::Failed(format!("failed to {error}")))?;
        Ok(socket_facts(sockets))
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
    let signal = if oom_killed { Some(9) } else { Some(code - 128).filter(|number| DEADLY.contains(number)) };
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
            memory: None,
        };
        let made: Vec<String> = made_for(&launch).into_iter().collect();
        assert_eq!(made, ["/run", "/run/secrets", "/run/secrets/t", "/srv", "/srv/app", "/tmp"]);
    }
}
