//! The spawner: the one thread of the process that clones children.
//!
//! PR_SET_PDEATHSIG fires when the *thread* that cloned a child ends, not when the process does. All children
//! are therefore cloned by one thread that blocks every signal and lives as long as the process. The thread
//! only clones; waiting for a child's set-up happens in the caller.

use std::os::fd::{FromRawFd as _, OwnedFd};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::error::Error;
use crate::sys::{self, CloneArgs};

type Job = Box<dyn FnOnce() + Send>;

static SPAWNER: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();

/// A child that was just cloned.
#[derive(Debug)]
pub(crate) struct Cloned {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
}

/// Clones a child with the given namespace flags and runs `child` in it.
///
/// # Errors
/// When clone3 fails; the step says so.
///
/// # Safety
/// `child` runs in a copy of one thread of a process with many: it must neither allocate nor lock, must not
/// touch `Drop` values of the parent, and ends by executing a program or by `_exit` (its type says so).
pub(crate) unsafe fn clone_child<F>(flags: u64, child: F) -> Result<Cloned, Error>
where
    F: FnOnce() -> Never + Send + 'static,
{
    let (answer, result) = channel();
    let job = Box::new(move || {
        let mut pidfd: i32 = -1;
        let args = CloneArgs {
            flags: flags | libc::CLONE_PIDFD as u64,
            pidfd: std::ptr::from_mut(&mut pidfd) as u64,
            exit_signal: libc::SIGCHLD as u64,
            ..CloneArgs::default()
        };
        // SAFETY: no memory is shared, and the caller vouches for the child's code.
        let cloned = match unsafe { sys::clone3(&args) } {
            Ok(0) => match child() {},
            Ok(pid) => {
                // SAFETY: the kernel stored a new descriptor that nobody else owns.
                let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
                Ok(Cloned { pid, pidfd })
            }
            Err(errno) => Err(errno),
        };
        // The closure's captures are returned too, to be dropped by the caller and not by the spawner.
        let _ = answer.send(cloned);
    });
    spawner()?
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(job)
        .map_err(|_| Error::setup("reach the spawner thread", libc::ESRCH))?;
    result
        .recv()
        .map_err(|_| Error::setup("hear from the spawner thread", libc::ESRCH))?
        .map_err(|errno| Error::setup("clone a process into new namespaces", errno))
}

/// The type of a function that does not return.
#[derive(Debug)]
pub(crate) enum Never {}

fn spawner() -> Result<&'static Mutex<Sender<Job>>, Error> {
    if let Some(sender) = SPAWNER.get() {
        return Ok(sender);
    }
    let (sender, jobs) = channel::<Job>();
    std::thread::Builder::new()
        .name("sandbox-spawner".to_owned())
        .spawn(move || {
            sys::block_signals();
            for job in jobs {
                job();
            }
        })
        .map_err(|source| Error::Setup { step: "start the spawner thread".to_owned(), source })?;
    // A second thread of a lost race ends at once, because its sender is dropped, and has cloned nothing.
    Ok(SPAWNER.get_or_init(|| Mutex::new(sender)))
}
