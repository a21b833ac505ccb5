//! The crate's one error type.

use std::io;
use std::path::PathBuf;

/// Why a box could not be booted, entered or looked at.
///
/// Every message fits behind "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This machine grants neither root's nor a user namespace's powers.
    #[error("use namespaces here: {reason}")]
    Unavailable {
        /// What was tried and what the kernel answered.
        reason: String,
    },
    /// The specification contradicts itself or cannot be expressed to the kernel.
    #[error("accept the sandbox specification: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// The program of a box or of an [`crate::Exec`] could not be executed.
    #[error("execute `{path}`: {why}")]
    Exec {
        /// The program as it was asked for.
        path: String,
        /// The kernel's error number.
        errno: i32,
        /// The error in words, with the usual cause.
        why: String,
    },
    /// A step between the clone and the execution of the program failed.
    #[error("{step}")]
    Setup {
        /// The step, as an infinitive.
        step: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A file or directory of the host could not be used.
    #[error("{action} `{}`", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The path on the host.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The box's PID 1 has ended, so there is nothing left to enter or to look at.
    #[error("reach the sandbox: its first process has ended")]
    Ended,
    /// [`crate::Runtime::shut_down`] was called; nothing is started any more.
    #[error("start a sandbox: Seaworthy is being stopped")]
    Stopping,
    /// The child did not answer in time.
    #[error("start a sandbox: no answer from the new process within {seconds} s")]
    Silent {
        /// How long was waited, in seconds.
        seconds: u64,
    },
}

/// The families of [`Error`], for exit codes and verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing can be run on this machine; a check is "not run".
    Unavailable,
    /// The caller's specification is at fault.
    Invalid,
    /// The program does not exist (a shell would answer 127).
    NotFound,
    /// The program exists and cannot be executed (a shell would answer 126).
    NotExecutable,
    /// The box is gone.
    Ended,
    /// The process is being stopped.
    Stopping,
    /// The machine is at fault.
    System,
}

impl Error {
    /// Which family this error belongs to.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Exec { errno, .. } if matches!(*errno, libc::ENOENT | libc::ENOTDIR) => ErrorKind::NotFound,
            Self::Exec { .. } => ErrorKind::NotExecutable,
            Self::Ended => ErrorKind::Ended,
            Self::Stopping => ErrorKind::Stopping,
            Self::Setup { .. } | Self::File { .. } | Self::Silent { .. } => ErrorKind::System,
        }
    }

    pub(crate) fn setup(step: impl Into<String>, errno: i32) -> Self {
        Self::Setup { step: step.into(), source: io::Error::from_raw_os_error(errno) }
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid { reason: reason.into() }
    }

    /// The error of an execve, in words. `present` says that the file itself exists.
    pub(crate) fn exec(path: &str, errno: i32, present: bool) -> Self {
        let why = match errno {
            libc::ENOENT if present => {
                "no such file or directory: the file exists, but its interpreter (dynamic loader or `#!` line) does not".to_owned()
            }
            libc::ENOENT | libc::ENOTDIR => {
                "no such file or directory: the binary or its interpreter".to_owned()
            }
            libc::EACCES => {
                "permission denied: not executable for this user, or a directory on the way is closed".to_owned()
            }
            libc::ENOEXEC => {
                "exec format error: built for another architecture, or a script without a `#!` line".to_owned()
            }
            libc::E2BIG => "the arguments and the environment are too long".to_owned(),
            libc::EPERM => "operation not permitted: the file asks for capabilities the sandbox does not grant".to_owned(),
            other => io::Error::from_raw_os_error(other).to_string(),
        };
        Self::Exec { path: path.to_owned(), errno, why }
    }
}
