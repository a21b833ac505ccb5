//! Everything a child needs between clone3 and execve, prepared by the owner, because the child may not
//! allocate; and the steps it reports when one of them fails.

use std::ffi::{CString, OsStr};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::command::Command;
use crate::error::Error;
use crate::idmap::Maps;
use crate::privileges::Privileges;
use crate::{mounts, overlay};

/// The plan of a box.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Identity maps to write when the box has a user namespace of its own.
    pub(crate) maps: Option<Maps>,
    /// A network namespace to enter, which the box was not cloned into.
    pub(crate) join_network: Option<RawFd>,
    /// Whether the network namespace is new and its loopback still down.
    pub(crate) loopback: bool,
    /// Whether every port of the new network is for every user.
    pub(crate) low_ports: bool,
    pub(crate) overlay: overlay::Plan,
    pub(crate) mounts: mounts::Plan,
    pub(crate) hostname: CString,
    pub(crate) start: Start,
}

/// The part a box and a process that joins it have in common.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) command: Command,
    pub(crate) privileges: Privileges,
    /// What becomes standard output and standard error.
    pub(crate) output: [RawFd; 2],
    /// The child's end of the control socket.
    pub(crate) control: RawFd,
}

/// A step of the child, with the words its failure is reported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    UserMap = 1,
    GroupMap,
    DenySetgroups,
    PrivateMounts,
    JoinNetwork,
    Loopback,
    BindSource,
    ProcFs,
    DevPts,
    DeviceSource,
    Lower,
    Upper,
    UpperTmpfs,
    Overlay,
    Pivot,
    MountProc,
    MountSys,
    MountDev,
    DeviceNode,
    MountTmpfs,
    BindTarget,
    Mask,
    ReadOnlyPath,
    WorkingDirectory,
    ReadOnlyRoot,
    Hostname,
    StandardStreams,
    Report,
    NoNewPrivileges,
    Seccomp,
    BoundingSet,
    Groups,
    GroupId,
    UserId,
    Capabilities,
    ParentDeath,
    Execute,
    EnterNamespaces,
    CloneAgain,
    MakeSocket,
}

/// A failed step: which one, which of its objects, and the error number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    pub(crate) step: Step,
    pub(crate) detail: u16,
    pub(crate) errno: i32,
}

impl Step {
    /// Turns an error number into a failure of this step.
    pub(crate) fn failed(self, errno: i32) -> Failure {
        Failure { step: self, detail: 0, errno }
    }

    /// The same for one of several objects.
    pub(crate) fn failed_at(self, index: usize, errno: i32) -> Failure {
        Failure { step: self, detail: u16::try_from(index).unwrap_or(u16::MAX), errno }
    }
}

const WORDS: [&str; 40] = [
    "map the user id",
    "map the group id",
    "give up setting groups",
    "make the mounts private",
    "join the network namespace",
    "bring the loopback interface up",
    "take a bind source",
    "make a proc file system",
    "make a devpts file system",
    "take a device of the host",
    "open a root file system tree",
    "open the upper directory",
    "mount a tmpfs for the upper directory",
    "mount the overlay",
    "pivot into the image's root",
    "mount `/proc` in the image",
    "mount `/sys` in the image",
    "mount `/dev` in the image",
    "make a device node",
    "mount a tmpfs in the image",
    "mount a bind in the image",
    "hide a kernel file",
    "make a kernel directory read-only",
    "enter the working directory",
    "make the root read-only",
    "set the host name",
    "set the standard streams up",
    "report to the owner",
    "set no_new_privs",
    "install the seccomp filter",
    "reduce the bounding set",
    "set the supplementary groups",
    "set the group id",
    "set the user id",
    "set the capabilities",
    "tie the process to its owner",
    "execute the program",
    "enter the sandbox's namespaces",
    "clone inside the sandbox",
    "make a socket inside the sandbox",
];

/// The words of a step number.
pub(crate) fn step_words(step: u8) -> &'static str {
    usize::from(step).checked_sub(1).and_then(|index| WORDS.get(index)).copied().unwrap_or("start a process")
}

/// A path or name as the kernel takes it.
///
/// # Errors
/// When it contains a NUL byte.
pub(crate) fn c_string(text: impl AsRef<OsStr>, what: &str) -> Result<CString, Error> {
    let bytes = text.as_ref().as_bytes();
    CString::new(bytes).map_err(|_| {
        Error::invalid(format!("{what} `{}` contains a NUL byte", String::from_utf8_lossy(bytes)))
    })
}

/// An absolute path inside the image as the kernel takes it.
///
/// # Errors
/// When it is relative, has a `..` component or a NUL byte, or is longer than the kernel takes.
pub(crate) fn inner_path(path: &Path, what: &str) -> Result<CString, Error> {
    let parent = path.components().any(|part| part == std::path::Component::ParentDir);
    if !path.is_absolute() || parent || path.as_os_str().len() > 2048 {
        return Err(Error::invalid(format!("{what} `{}` is not an absolute, plain path", path.display())));
    }
    c_string(path, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_words() {
        assert_eq!(Step::MakeSocket as usize, WORDS.len());
        assert_eq!(step_words(Step::Overlay as u8), "mount the overlay");
        assert_eq!(step_words(Step::Execute as u8), "execute the program");
        assert_eq!(step_words(0), "start a process");
    }
}
