//! A process that something else started, such as the first process of an engine's container: looked at through the
//! same tables of the kernel, and its network entered, so that every engine gives the same facts.

use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use crate::cgroup::Reached;
use crate::connect;
use crate::error::Error;
use crate::procfs::{self, Proc, ProcStatus, Unreached};
use crate::sockets::{self, Socket};
use crate::sys;

/// A process under this kernel, by its id here.
#[derive(Debug)]
pub struct Foreign {
    pid: i32,
    /// Tells the process from a later one with the same id.
    started: u64,
    /// Keeps the network namespace reachable as long as this value lives; absent where it may not be entered.
    net: Option<File>,
}

impl Foreign {
    /// Takes hold of a process; nothing when it is not there.
    pub fn new(pid: i32) -> Option<Self> {
        let started = procfs::start_time(pid)?;
        let net = File::open(format!("/proc/{pid}/ns/net")).ok();
        (procfs::start_time(pid) == Some(started)).then_some(Self { pid, started, net })
    }

    /// Whether its network may be entered, which takes root.
    pub fn enterable(&self) -> bool {
        self.net.is_some()
    }

    fn alive(&self) -> Result<i32, Error> {
        if procfs::start_time(self.pid) == Some(self.started) { Ok(self.pid) } else { Err(Error::Ended) }
    }

    /// What the kernel tells about the process.
    ///
    /// # Errors
    /// [`Error::Ended`] when it is gone.
    pub fn status(&self) -> Result<ProcStatus, Error> {
        procfs::status(self.alive()?).ok_or(Error::Ended)
    }

    /// The process and its descendants, zombies included.
    ///
    /// # Errors
    /// [`Error::Ended`] when it is gone.
    pub fn processes(&self) -> Result<Vec<Proc>, Error> {
        Ok(procfs::descendants(&[self.alive()?]).into_iter().filter_map(procfs::process).collect())
    }

    /// Sends a signal to its descendants and says whether all of them could be sent it; only root may for other users'.
    ///
    /// # Errors
    /// [`Error::Ended`] when it is gone.
    pub fn signal_descendants(&self, signal: i32) -> Result<bool, Error> {
        let first = self.alive()?;
        let descendants = || procfs::descendants(&[first]);
        let others = descendants().into_iter().filter(|pid| *pid != first);
        let held: Vec<(i32, OwnedFd)> =
            others.filter_map(|pid| Some((pid, sys::hold_process(pid).ok()?))).collect();
        // A number may have passed to a stranger before it was held; what still descends from the first one is no stranger.
        let still = descendants();
        let mut all = true;
        for (_, pidfd) in held.iter().filter(|(pid, _)| still.contains(pid)) {
            match sys::pidfd_send_signal(pidfd.as_raw_fd(), signal) {
                Ok(()) | Err(libc::ESRCH) => {}
                Err(_) => all = false,
            }
        }
        Ok(all)
    }

    /// The sockets of its network.
    ///
    /// # Errors
    /// [`Error::Ended`] when it is gone.
    pub fn sockets(&self) -> Result<Vec<Socket>, Error> {
        let pid = self.alive()?;
        let own: Vec<i32> = procfs::descendants(&[pid]).into_iter().collect();
        sockets::read(pid, &own).ok_or(Error::Ended)
    }

    /// What it could not reach in its network.
    ///
    /// # Errors
    /// [`Error::Ended`] when it is gone.
    pub fn unreached(&self) -> Result<Unreached, Error> {
        procfs::unreached(self.alive()?).ok_or(Error::Ended)
    }

    /// How often it ran into the limits of its control groups, where they are seen from here.
    ///
    /// # Errors
    /// [`Error::Ended`] when it is gone.
    pub fn reached(&self) -> Result<Option<Reached>, Error> {
        Ok(Reached::of(self.alive()?))
    }

    /// Opens a TCP connection to 127.0.0.1, then ::1, inside its network. Needs root.
    ///
    /// # Errors
    /// That of the last attempt.
    pub fn connect(&self, port: u16, timeout: Duration) -> io::Result<TcpStream> {
        let net = self.net.as_ref().ok_or(io::ErrorKind::PermissionDenied)?;
        connect::connect_into(net.as_raw_fd(), port, timeout)
    }
}
