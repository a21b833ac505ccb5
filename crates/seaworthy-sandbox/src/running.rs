//! A box that was booted: watching, signalling and ending it.

use std::net::TcpListener;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::cgroup::{Cgroup, Reached};
use crate::error::Error;
use crate::logs::Logs;
use crate::pipes::{self, Got};
use crate::procfs::{self, Proc, ProcStatus, Unreached};
use crate::runtime::Inner;
use crate::seccomp::Programs;
use crate::sockets::{self, Socket};
use crate::spec::Spec;
use crate::state::Layout;
use crate::sys;
use crate::writes::{Baseline, Write};
use crate::{connect, exec, registry, remove, writes};

/// How often it is looked at what a box has written.
const LOOK: Duration = Duration::from_millis(200);

/// How long a killed box may take to disappear before its directory is left to `clean`.
const PATIENCE: Duration = Duration::from_secs(10);

/// A box whose first process was started.
///
/// Dropping it kills what still runs and removes the box's groups and directory; the removal happens on another
/// thread, which the last owner of the runtime waits for.
#[derive(Debug)]
pub struct Running {
    pub(crate) live: Arc<Live>,
    pub(crate) runtime: Arc<Inner>,
    listeners: Vec<TcpListener>,
}

/// How the first process of a box ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The kernel killed a process of the box for want of memory.
    pub oom_killed: bool,
    /// When it was noticed, which is within a millisecond or so of the end.
    pub at: Instant,
}

/// The network namespace of a box, which lives as long as a handle to it.
#[derive(Debug, Clone)]
pub struct NetworkHandle(pub(crate) Arc<NetworkFds>);

#[derive(Debug)]
pub(crate) struct NetworkFds {
    pub(crate) net: OwnedFd,
    /// The user namespace that owns it, in a rootless box.
    pub(crate) user: Option<OwnedFd>,
    /// The ids of the box as its own namespace numbers them.
    pub(crate) ids: (u32, u32),
}

/// What all owners of a box share: the handle, the monitor thread and the registry.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
    pub(crate) started: Instant,
    pub(crate) network: NetworkHandle,
    pub(crate) layout: Layout,
    pub(crate) cgroup: Mutex<Cgroup>,
    pub(crate) upper: OwnedFd,
    pub(crate) baseline: Baseline,
    pub(crate) lowers: Vec<PathBuf>,
    /// What a process that joins needs to be like the box.
    pub(crate) spec: Spec,
    pub(crate) bounding: u64,
    pub(crate) programs: Arc<Programs>,
    pub(crate) rootless: bool,
    pub(crate) unapplied: Vec<String>,
    /// Processes that joined and have not ended, as the host numbers them.
    pub(crate) joined: Mutex<Vec<i32>>,
    state: Mutex<State>,
    changed: Condvar,
    monitor: Mutex<Option<JoinHandle<()>>>,
    cleaned: Mutex<bool>,
}

#[derive(Debug, Default)]
struct State {
    exit: Option<Exit>,
    memory_peak: Option<u64>,
    /// How often limits were reached, as long as the groups were there.
    reached: Reached,
    logs: Logs,
    /// It was killed for writing more than it may.
    overfilled: bool,
    /// Both streams are at their end, or the monitor has given up on them.
    silent: bool,
}

/// The parts of a [`Live`] that boot found out.
pub(crate) struct Parts {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
    pub(crate) started: Instant,
    pub(crate) network: NetworkHandle,
    pub(crate) layout: Layout,
    pub(crate) cgroup: Cgroup,
    pub(crate) upper: OwnedFd,
    pub(crate) baseline: Baseline,
    pub(crate) spec: Spec,
    pub(crate) bounding: u64,
    pub(crate) programs: Arc<Programs>,
    pub(crate) rootless: bool,
    pub(crate) unapplied: Vec<String>,
}

impl Live {
    /// Takes a started box over and watches it.
    pub(crate) fn watch(parts: Parts, output: [OwnedFd; 2]) -> Result<Arc<Self>, Error> {
        let live = Arc::new(Self {
            pid: parts.pid,
            pidfd: parts.pidfd,
            started: parts.started,
            network: parts.network,
            layout: parts.layout,
            cgroup: Mutex::new(parts.cgroup),
            upper: parts.upper,
            baseline: parts.baseline,
            lowers: parts.spec.rootfs.lowers.clone(),
            spec: parts.spec,
            bounding: parts.bounding,
            programs: parts.programs,
            rootless: parts.rootless,
            unapplied: parts.unapplied,
            joined: Mutex::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
            monitor: Mutex::default(),
            cleaned: Mutex::new(false),
        });
        let watched = Arc::clone(&live);
        let monitor = std::thread::Builder::new()
            .name("sandbox-monitor".to_owned())
            .spawn(move || watched.monitor(&output));
        match monitor {
            Ok(monitor) => {
                *lock(&live.monitor) = Some(monitor);
                Ok(live)
            }
            Err(source) => {
                // Nobody else would ever end or reap this box.
                live.send_kill();
                let _ = sys::wait_pidfd(live.pidfd.as_raw_fd(), true);
                live.remove();
                Err(Error::Setup { step: "start a monitor thread".to_owned(), source })
            }
        }
    }

    /// Reads both streams and reaps the first process. Ends when the box has ended and its streams are read.
    fn monitor(&self, output: &[OwnedFd; 2]) {
        let mut buffer = vec![0; 64 << 10];
        let mut open = [true, true];
        let mut deadline: Option<Instant> = None;
        let mut looked = Instant::now();
        let free = writes::free(&self.upper);
        loop {
            let ended = lock(&self.state).exit.is_some();
            if ended && (open == [false, false] || deadline.is_some_and(|at| Instant::now() >= at)) {
                break;
            }
            // A negative descriptor is passed over by poll.
            let watch = |on: bool, fd: &OwnedFd| sys::pollin(if on { fd.as_raw_fd() } else { -1 });
            let mut fds =
                [watch(open[0], &output[0]), watch(open[1], &output[1]), watch(!ended, &self.pidfd)];
            let timeout = match deadline {
                Some(at) => Some(at.saturating_duration_since(Instant::now())),
                None => self.spec.disk_bytes.map(|_| LOOK),
            };
            if looked.elapsed() >= LOOK && !ended {
                looked = Instant::now();
                self.bound_disk(free);
            }
            if !matches!(sys::poll(&mut fds, timeout), Ok(true)) {
                continue;
            }
            for (index, (fd, open)) in output.iter().zip(&mut open).enumerate() {
                if fds.get(index).is_none_or(|fd| fd.revents == 0) {
                    continue;
                }
                match pipes::read(fd, &mut buffer) {
                    Got::Bytes(length) => {
                        let bytes = buffer.get(..length).unwrap_or_default();
                        lock(&self.state).logs.push(index == 1, bytes);
                        self.changed.notify_all();
                    }
                    Got::Nothing => {}
                    Got::End => *open = false,
                }
            }
            if fds[2].revents != 0 {
                self.reap();
                // Everything in the box died with its first process, so the streams end now; the limit is for a
                // descriptor that went elsewhere.
                deadline = Some(Instant::now() + Duration::from_millis(500));
            }
        }
        lock(&self.state).silent = true;
        self.changed.notify_all();
    }

    /// Kills the box where it wrote more than it may.
    fn bound_disk(&self, free: Option<u64>) {
        let Some(most) = self.spec.disk_bytes else { return };
        // What is free says at once that it cannot be too much; only then its files are counted.
        let taken = free.zip(writes::free(&self.upper)).map(|(before, now)| before.saturating_sub(now));
        if taken.is_none_or(|taken| taken >= most) && writes::bytes(self.upper.as_fd(), most) > most {
            lock(&self.state).overfilled = true;
            self.send_kill();
        }
    }

    fn reap(&self) {
        let at = Instant::now();
        let status = match sys::wait_pidfd(self.pidfd.as_raw_fd(), false) {
            Ok(Some(status)) => status,
            Ok(None) => return,
            // Somebody else reaped it, as with SIGCHLD ignored; how it ended is lost.
            Err(_) => sys::WaitStatus { code: None, signal: None },
        };
        let cgroup = lock(&self.cgroup);
        let (reached, peak) = (cgroup.reached(), cgroup.memory_peak());
        let oom_killed = reached.memory > 0;
        drop(cgroup);
        let mut state = lock(&self.state);
        state.reached = reached;
        state.exit = Some(Exit { code: status.code, signal: status.signal, oom_killed, at });
        state.memory_peak = peak;
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn exit(&self) -> Option<Exit> {
        lock(&self.state).exit
    }

    fn wait(&self, timeout: Duration) -> Option<Exit> {
        let state = lock(&self.state);
        let (state, _) = self
            .changed
            .wait_timeout_while(state, timeout, |state| state.exit.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        state.exit
    }

    pub(crate) fn send_kill(&self) {
        if self.exit().is_none() {
            let _ = sys::pidfd_send_signal(self.pidfd.as_raw_fd(), libc::SIGKILL);
        }
    }

    /// Kills the box and waits for its end. The kernel kills everything else in its pid namespace.
    pub(crate) fn kill(&self) {
        self.send_kill();
        if self.wait(PATIENCE).is_some()
            && let Some(monitor) = lock(&self.monitor).take()
        {
            let _ = monitor.join();
        }
    }

    /// Removes groups and directory, once.
    pub(crate) fn clean(&self) {
        let mut cleaned = lock(&self.cleaned);
        if *cleaned || self.exit().is_none() {
            return;
        }
        self.remove();
        *cleaned = true;
    }

    fn remove(&self) {
        lock(&self.cgroup).remove();
        // What cannot be removed stays with its record, and `Runtime::leftovers` names it.
        let _ = remove::remove_tree(&self.layout.directory);
    }
}

impl Running {
    pub(crate) fn new(live: Arc<Live>, runtime: Arc<Inner>, listeners: Vec<TcpListener>) -> Self {
        registry::add(&live);
        Self { live, runtime, listeners }
    }

    /// The first process as the host numbers it.
    pub fn pid(&self) -> i32 {
        self.live.pid
    }

    /// When the image's program was executed.
    pub fn started(&self) -> Instant {
        self.live.started
    }

    /// The listeners of [`Spec::listen`], in its order; nothing when they were taken before.
    pub fn take_listeners(&mut self) -> Vec<TcpListener> {
        std::mem::take(&mut self.listeners)
    }

    /// A handle for [`crate::Network::Join`].
    pub fn network(&self) -> NetworkHandle {
        self.live.network.clone()
    }

    /// Sends a signal to the first process.
    ///
    /// # Errors
    /// [`Error::Ended`] when it has ended; otherwise the kernel's answer.
    pub fn signal(&self, signal: i32) -> Result<(), Error> {
        match sys::pidfd_send_signal(self.live.pidfd.as_raw_fd(), signal) {
            Err(libc::ESRCH) => Err(Error::Ended),
            other => other.map_err(|errno| Error::setup("send a signal to the sandbox", errno)),
        }
    }

    /// Sends a signal to every process of the box, the first one first.
    ///
    /// # Errors
    /// [`Error::Ended`] when the first process has ended; otherwise the kernel's answer for it.
    pub fn signal_all(&self, signal: i32) -> Result<(), Error> {
        self.signal(signal)?;
        let others = self.host_pids().into_iter().filter(|pid| *pid != self.live.pid);
        let held: Vec<(i32, OwnedFd)> =
            others.filter_map(|pid| Some((pid, sys::hold_process(pid).ok()?))).collect();
        // A number may have passed to a stranger before it was held; what is still in the box now is no stranger.
        let still = self.host_pids();
        for (_, pidfd) in held.iter().filter(|(pid, _)| still.contains(pid)) {
            let _ = sys::pidfd_send_signal(pidfd.as_raw_fd(), signal);
        }
        Ok(())
    }

    /// Waits for the end of the first process; `None` when the time is over. Every call gives the same exit.
    ///
    /// # Errors
    /// None at present; the signature leaves room for a lost monitor.
    pub fn wait(&self, timeout: Duration) -> Result<Option<Exit>, Error> {
        Ok(self.live.wait(timeout))
    }

    /// The output so far. After the end of the box it is complete.
    pub fn logs(&self) -> Logs {
        let state = lock(&self.live.state);
        let (state, _) = self
            .live
            .changed
            .wait_timeout_while(state, Duration::from_secs(1), |state| state.exit.is_some() && !state.silent)
            .unwrap_or_else(PoisonError::into_inner);
        state.logs.clone()
    }

    /// Waits until the output satisfies a predicate, the box has ended, or the time is over; says whether it
    /// does.
    pub fn wait_for_logs(&self, timeout: Duration, wanted: impl Fn(&Logs) -> bool) -> bool {
        let state = lock(&self.live.state);
        let (state, _) = self
            .live
            .changed
            .wait_timeout_while(state, timeout, |state| !wanted(&state.logs) && !state.silent)
            .unwrap_or_else(PoisonError::into_inner);
        wanted(&state.logs)
    }

    /// Runs a program inside the box and waits for it; see [`exec::Exec`].
    ///
    /// # Errors
    /// [`Error::Exec`] when the program cannot be executed, [`Error::Ended`] when the box is gone.
    pub fn exec(&self, exec: &exec::Exec) -> Result<exec::ExecOutput, Error> {
        exec::run(&self.live, exec)
    }

    /// Opens a TCP connection to 127.0.0.1, then ::1, inside the box's network.
    ///
    /// # Errors
    /// That of the last attempt.
    pub fn connect(&self, port: u16, timeout: Duration) -> std::io::Result<std::net::TcpStream> {
        connect::connect(&self.live, port, timeout)
    }

    /// The sockets of the box's network, and which of its processes holds each.
    ///
    /// # Errors
    /// [`Error::Ended`] when the box is gone.
    pub fn sockets(&self) -> Result<Vec<Socket>, Error> {
        sockets::read(self.live.pid, &self.host_pids()).ok_or(Error::Ended)
    }

    /// What the kernel tells about the first process.
    ///
    /// # Errors
    /// [`Error::Ended`] when it is gone.
    pub fn status(&self) -> Result<ProcStatus, Error> {
        if self.live.exit().is_some() {
            return Err(Error::Ended);
        }
        procfs::status(self.live.pid).ok_or(Error::Ended)
    }

    /// All processes of the box, zombies and joined ones included.
    ///
    /// # Errors
    /// [`Error::Ended`] when the box is gone.
    pub fn processes(&self) -> Result<Vec<Proc>, Error> {
        if self.live.exit().is_some() {
            return Err(Error::Ended);
        }
        Ok(self.host_pids().into_iter().filter_map(procfs::process).collect())
    }

    fn host_pids(&self) -> Vec<i32> {
        let mut roots = lock(&self.live.joined).clone();
        roots.push(self.live.pid);
        procfs::descendants(&roots).into_iter().collect()
    }

    /// What the box wrote to its root: the overlay's upper directory, without the mount points the sandbox made.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn writes(&self) -> Result<Vec<Write>, Error> {
        writes::list(&self.live.upper, &self.live.baseline, &self.live.lowers)
    }

    /// The overlay's upper directory, for use as a further tree above those of this box once it has ended and as long as
    /// this value lives: what it wrote is then there for the next box, as with an image that was committed. Nothing where
    /// the upper directory is in memory inside of the box, because the state directory's file system cannot be one.
    pub fn upper_directory(&self) -> Option<PathBuf> {
        let path = &self.live.layout.upper;
        let held = rustix::fs::fstat(&self.live.upper).ok()?;
        let named = rustix::fs::stat(path).ok()?;
        (self.live.exit().is_some() && (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino))
            .then(|| path.clone())
    }

    /// Most memory the box used at once, in bytes, where a memory group could be made.
    pub fn memory_peak(&self) -> Option<u64> {
        let known = lock(&self.live.state).memory_peak;
        known.or_else(|| lock(&self.live.cgroup).memory_peak())
    }

    /// How often the box ran into its limits; only what could be limited is counted.
    pub fn reached(&self) -> Reached {
        let state = lock(&self.live.state);
        if state.exit.is_some() {
            return state.reached;
        }
        drop(state);
        lock(&self.live.cgroup).reached()
    }

    /// Whether the box was killed for writing more to its root than it may.
    pub fn overfilled(&self) -> bool {
        lock(&self.live.state).overfilled
    }

    /// What the box could not reach in its network.
    ///
    /// # Errors
    /// [`Error::Ended`] when the box is gone.
    pub fn unreached(&self) -> Result<Unreached, Error> {
        procfs::unreached(self.live.pid).ok_or(Error::Ended)
    }

    /// What was asked for and not applied, each with its reason.
    pub fn unapplied(&self) -> &[String] {
        &self.live.unapplied
    }

    /// Whether the box runs rootless with one mapped id: every file looks owned by its user, so results about
    /// owners and permissions are not faithful.
    pub fn reduced_fidelity(&self) -> bool {
        self.live.rootless
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.live.kill();
        self.runtime.clean_later(Arc::clone(&self.live));
    }
}

/// Locks a mutex; a panic elsewhere does not keep a box from being cleaned.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
