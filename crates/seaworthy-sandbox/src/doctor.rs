//! What this machine allows, found out by trying.

use std::os::fd::AsRawFd as _;

use crate::cgroup::CgroupMode;
use crate::clone::{self, Never};
use crate::control::{self, Kind, Message};
use crate::idmap::Maps;
use crate::plan::{Failure, Step, step_words};
use crate::runtime::{Inner, Mode};
use crate::{caps, child, overlay, procfs, sys};

/// One thing a machine can or cannot do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// What it is about.
    pub name: &'static str,
    /// Whether it works.
    pub works: bool,
    /// How it works, or why it does not.
    pub detail: String,
}

/// What this machine can do for a sandbox.
#[derive(Debug, Clone)]
pub struct HostReport {
    /// With which powers boxes are made.
    pub mode: Mode,
    /// The kernel's release.
    pub kernel: String,
    /// How control groups are mounted.
    pub cgroup_mode: CgroupMode,
    /// Namespaces, overlay, seccomp, memory limit, process limit.
    pub abilities: Vec<Ability>,
    /// Capabilities this process itself has.
    pub capabilities: caps::CapSet,
}

/// The permitted capabilities of this process.
pub(crate) fn own_capabilities() -> u64 {
    procfs::status(std::process::id().cast_signed()).map_or(0, |status| status.cap_prm)
}

/// Tries root's way, then the rootless one. Takes about a millisecond.
pub(crate) fn probe_mode() -> Mode {
    // SAFETY: neither call can fail.
    let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
    let flags = libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;
    let mut reasons = Vec::new();
    // 21 is CAP_SYS_ADMIN.
    if uid == 0 && own_capabilities() >> 21 & 1 == 1 {
        match try_child(flags as u64, || Ok(())) {
            Ok(()) => return Mode::Root,
            Err(reason) => reasons.push(format!("as root: {reason}")),
        }
    }
    let maps = match Maps::single((0, 0), (uid, gid)) {
        Ok(maps) => maps,
        Err(error) => return Mode::Unavailable { reason: error.to_string() },
    };
    let flags = flags | libc::CLONE_NEWUSER;
    match try_child(flags as u64, move || {
        maps.write()?;
        sys::make_private(c"/").map_err(|e| Step::PrivateMounts.failed(e))?;
        sys::fsopen(c"proc").and_then(|fs| sys::fsmount(fs, 0)).map_err(|e| Step::ProcFs.failed(e)).map(drop)
    }) {
        Ok(()) => Mode::Rootless,
        Err(reason) => {
            reasons.push(format!("in a user namespace: {reason}"));
            Mode::Unavailable { reason: reasons.join("; ") }
        }
    }
}

/// Runs a probe in a child with fresh namespaces; the error says which step failed and how.
fn try_child(flags: u64, probe: impl FnOnce() -> Result<(), Failure> + Send + 'static) -> Result<(), String> {
    let (owner_end, child_end) = control::pair().map_err(|error| error.to_string())?;
    let control = child_end.as_raw_fd();
    // SAFETY: the probes only make system calls; the closure never returns.
    let child = unsafe {
        clone::clone_child(flags, move || {
            sys::keep_only(&mut [control]);
            let result = probe().and_then(|()| -> Result<Never, Failure> {
                let fine = Message { kind: Kind::Mounted, step: 0, detail: 0, number: 0 };
                control::send(control, fine, &[]).map_err(|e| Step::Report.failed(e))?;
                sys::exit(0)
            });
            child::report(control, result)
        })
    };
    let child = child.map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("cannot {error}: {}", in_words(source)),
        None => error.to_string(),
    })?;
    drop(child_end);
    let patience = std::time::Duration::from_secs(10);
    let heard = control::receive(&owner_end, std::time::Instant::now() + patience, patience);
    let _ = sys::wait_pidfd(child.pidfd.as_raw_fd(), true);
    match heard {
        Ok(Some((message, _))) if message.kind == Kind::Mounted => Ok(()),
        Ok(Some((message, _))) => {
            let why = std::io::Error::from_raw_os_error(message.number);
            Err(format!("cannot {}: {why}", step_words(message.step)))
        }
        Ok(None) => Err("the probing process ended without an answer".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The kernel's answer to a new namespace, in words that say what to look at.
fn in_words(source: &(dyn std::error::Error + 'static)) -> String {
    let number = source.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
    match number {
        Some(libc::ENOSPC) => {
            "the limit of user namespaces is reached or is 0 (`sysctl user.max_user_namespaces`)".to_owned()
        }
        Some(libc::EPERM) => {
            "not permitted (`sysctl kernel.unprivileged_userns_clone`, AppArmor, or the container this runs in)".to_owned()
        }
        _ => source.to_string(),
    }
}

/// Everything `doctor` shows.
pub(crate) fn report(inner: &Inner) -> HostReport {
    let limit = |name, place: &Result<_, String>| match place {
        Ok(_) => Ability { name, works: true, detail: "groups can be made".to_owned() },
        Err(reason) => Ability { name, works: false, detail: reason.clone() },
    };
    let namespaces = match &inner.mode {
        Mode::Root => ("as root".to_owned(), true),
        Mode::Rootless => ("in a user namespace with one mapped id: reduced fidelity".to_owned(), true),
        Mode::Unavailable { reason } => (reason.clone(), false),
    };
    let answer = |name, result: Result<(), String>, fine: &str| match result {
        Ok(()) => Ability { name, works: true, detail: fine.to_owned() },
        Err(reason) => Ability { name, works: false, detail: reason },
    };
    HostReport {
        mode: inner.mode.clone(),
        kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
            .map(|text| text.trim().to_owned())
            .unwrap_or_default(),
        cgroup_mode: inner.groups.mode,
        abilities: vec![
            Ability { name: "namespaces", works: namespaces.1, detail: namespaces.0 },
            answer("overlay", probe_overlay(inner), "an overlay can be mounted"),
            answer("seccomp", probe_seccomp(), "filters can be installed"),
            limit("memory limit", &inner.groups.memory),
            limit("process limit", &inner.groups.pids),
        ],
        capabilities: caps::CapSet::from_bits(own_capabilities()),
    }
}

fn probe_overlay(inner: &Inner) -> Result<(), String> {
    let rootless = match &inner.mode {
        Mode::Root => false,
        Mode::Rootless => true,
        Mode::Unavailable { .. } => return Err("needs namespaces".to_owned()),
    };
    let record = crate::state::Record {
        owner: inner.owner,
        boot_id: inner.boot_id.clone(),
        first_process: None,
        cgroups: Vec::new(),
        program: "doctor".to_owned(),
    };
    let layout =
        crate::state::make_box(&inner.state, crate::state::next_name(inner.owner), &record, &inner.state)
            .map_err(|error| error.to_string())?;
    let rootfs = crate::spec::Rootfs::directory(&layout.etc);
    // SAFETY: neither call can fail.
    let ids = unsafe { (libc::geteuid(), libc::getegid()) };
    let result = overlay::Plan::new(&rootfs, &layout, rootless)
        .and_then(|plan| Ok((plan, Maps::single((0, 0), ids)?)))
        .map_err(|error| error.to_string())
        .and_then(|(plan, maps)| {
            let flags = libc::CLONE_NEWNS | if rootless { libc::CLONE_NEWUSER } else { 0 };
            try_child(flags as u64, move || {
                if rootless {
                    maps.write()?;
                }
                sys::make_private(c"/").map_err(|e| Step::PrivateMounts.failed(e))?;
                plan.mount().map(drop)
            })
        });
    let _ = crate::remove::remove_tree(&layout.directory);
    result
}

fn probe_seccomp() -> Result<(), String> {
    let action = libc::SECCOMP_RET_ERRNO;
    // SAFETY: 2 is SECCOMP_GET_ACTION_AVAIL, which reads one 32-bit number.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, 2, 0, std::ptr::from_ref(&action)) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(sys::errno()).to_string()) }
}
