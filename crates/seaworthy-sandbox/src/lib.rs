//! The embedded runtime: namespaces, overlayfs, cgroups, seccomp.
//!
//! [`Runtime::boot`] starts an unpacked image as PID 1 of its own namespaces and hands back a [`Running`] box
//! that can be watched, signalled, probed and entered. Nothing here knows images, users by name or reports:
//! a [`Spec`] is completely resolved.
//!
//! What always holds:
//! - PID 1 is the image's own process; there is no shim and no shell.
//! - No path out of an image is ever resolved on the host: the root is pivoted first, and every mount point is
//!   resolved inside it.
//! - Every mount lives in the box's own mount namespace, so a killed owner leaves no mount behind.
//! - A limit that cannot be applied is reported by [`Running::unapplied`], never an error.
//! - Dropping a [`Running`], on unwinding too, kills its processes and removes its cgroups and directory.
//!
//! This is the only crate of the workspace that contains unsafe code.

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the sandbox knows the system call tables of x86_64 and aarch64 only");

mod boot;
mod caps;
mod cgroup;
mod child;
mod clone;
mod command;
mod connect;
mod control;
mod doctor;
mod error;
mod exec;
mod foreign;
mod guard;
mod idmap;
mod leftovers;
mod logs;
mod mounts;
mod overlay;
mod pipes;
mod plan;
mod privileges;
mod procfs;
mod registry;
mod remove;
mod running;
mod runtime;
mod seccomp;
mod sockets;
mod spec;
mod state;
mod sys;
mod syscalls;
mod writes;

pub use caps::{CapSet, UnknownCapability};
pub use cgroup::{CgroupMode, Reached};
pub use doctor::{Ability, HostReport};
pub use error::{Error, ErrorKind};
pub use exec::{Exec, ExecOutput};
pub use foreign::Foreign;
pub use leftovers::{CleanResult, Leftover};
pub use logs::{LogChunk, Logs};
pub use procfs::{Proc, ProcStatus, Unreached};
pub use running::{Exit, NetworkHandle, Running};
pub use runtime::{Mode, Runtime};
pub use seccomp::Seccomp;
pub use sockets::{Protocol, Socket};
pub use spec::{Bind, Host, Network, Rootfs, Spec, Tmpfs};
pub use writes::{Write, WriteKind};
