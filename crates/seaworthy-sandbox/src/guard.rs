//! The guard: a small process that ends the boxes of an owner that was killed.
//!
//! The kernel clears a child's death signal when it changes its user, as every entrypoint that steps down with
//! gosu or su does, so PR_SET_PDEATHSIG alone would leave a database running behind a killed owner. The guard is
//! cloned once per process, holds a pidfd of every box and one end of a socket. When the owner is gone, however
//! it went, the socket ends and the guard kills what is left. It does nothing else, and ends with its owner.

use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::time::Duration;

use crate::clone::{self, Never};
use crate::control::{self, Kind, Message};
use crate::sys;

/// How many boxes are held at once. Beyond that only the death signal is left.
const ROOM: usize = 1024;
/// Where the guard keeps its end of the socket.
const SOCKET: RawFd = 3;

static GUARD: OnceLock<Option<OwnedFd>> = OnceLock::new();

/// Starts the guard, once. Early is better: it keeps a copy of the memory the owner has at that time.
pub(crate) fn start() -> Option<&'static OwnedFd> {
    GUARD
        .get_or_init(|| {
            let (owner_end, child_end) = control::pair().ok()?;
            let control = child_end.as_raw_fd();
            // SAFETY: `run` neither allocates nor locks, and never returns.
            unsafe { clone::clone_child(0, move || run(control)) }.ok()?;
            Some(owner_end)
        })
        .as_ref()
}

/// Gives a box to the guard. Best effort: a killed guard leaves the death signal.
pub(crate) fn watch(pidfd: &OwnedFd) {
    if let Some(socket) = start() {
        let message = Message { kind: Kind::Cloned, step: 0, detail: 0, number: 0 };
        let _ = control::send(socket.as_raw_fd(), message, &[pidfd.as_raw_fd()]);
    }
}

fn run(control: RawFd) -> Never {
    // Nothing of the owner's may stay open here: neither a pipe somebody reads to its end, nor the other end.
    if sys::dup2(control, SOCKET).is_err() || sys::close_from(SOCKET as u32 + 1).is_err() {
        sys::exit(1);
    }
    for stream in 0..3 {
        sys::close(stream);
    }
    sys::setsid();
    let _ = sys::chdir(c"/");
    let mut held: [RawFd; ROOM] = [-1; ROOM];
    loop {
        let mut fds = [-1; control::MAX_FDS];
        match control::receive_raw(SOCKET, &mut fds) {
            Ok((0, _)) => break,
            Ok(_) | Err(libc::EINTR) => {}
            Err(_) => break,
        }
        for slot in &mut held {
            let ended = *slot >= 0 && sys::poll(&mut [sys::pollin(*slot)], Some(Duration::ZERO)) == Ok(true);
            if ended {
                sys::close(*slot);
                *slot = -1;
            }
            if *slot < 0 && fds[0] >= 0 {
                (*slot, fds[0]) = (fds[0], -1);
            }
        }
        for fd in fds.into_iter().filter(|fd| *fd >= 0) {
            sys::close(fd);
        }
    }
    for pidfd in held.into_iter().filter(|fd| *fd >= 0) {
        let _ = sys::pidfd_send_signal(pidfd, libc::SIGKILL);
    }
    sys::exit(0)
}
