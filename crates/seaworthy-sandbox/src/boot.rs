//! Booting a box: the owner's side, from a [`Spec`] to a [`Running`].

use std::fmt::Write as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cgroup::Cgroup;
use crate::child;
use crate::clone::{self, Cloned};
use crate::command::Command;
use crate::control::{self, Kind, Message};
use crate::error::Error;
use crate::exec;
use crate::idmap::Maps;
use crate::plan::{Plan, Start, Step, c_string, step_words};
use crate::privileges::Privileges;
use crate::running::{Live, NetworkFds, NetworkHandle, Parts, Running};
use crate::runtime::{Inner, Mode};
use crate::seccomp::Programs;
use crate::spec::{Bind, Network, Spec};
use crate::state::{self, Identity, Layout, Record};
use crate::sys;
use crate::writes::Baseline;
use crate::{connect, doctor, guard, mounts, overlay, pipes, registry, remove};

/// How long a child may take to mount its root. A network file system below a tree can be slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// The process between, which ends by itself once it has reported, and has reported before this is dropped unless
/// the boot has failed.
struct Middle(Cloned);

impl Drop for Middle {
    fn drop(&mut self) {
        let _ = sys::wait_pidfd(self.0.pidfd.as_raw_fd(), true);
    }
}

/// Removes a box that was never handed over, also when a step fails or panics.
struct Unfinished {
    layout: Layout,
    child: Option<Cloned>,
    cgroup: Option<Cgroup>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(child) = &self.child {
            let _ = sys::pidfd_send_signal(child.pidfd.as_raw_fd(), libc::SIGKILL);
            let _ = sys::wait_pidfd(child.pidfd.as_raw_fd(), true);
        }
        if let Some(cgroup) = &self.cgroup {
            cgroup.remove();
            let _ = remove::remove_tree(&self.layout.directory);
        }
    }
}

pub(crate) fn boot(inner: &Arc<Inner>, spec: &Spec) -> Result<Running, Error> {
    let gate = registry::enter()?;
    let rootless = match &inner.mode {
        Mode::Root => false,
        Mode::Rootless => true,
        Mode::Unavailable { reason } => return Err(Error::Unavailable { reason: reason.clone() }),
    };
    let mut unapplied = Vec::new();
    // Only root is limited to the powers it has itself; in a user namespace every capability is there.
    let bounding = if rootless { spec.capabilities.bits() } else { grantable(spec, &mut unapplied) };
    if rootless && !spec.groups.is_empty() {
        unapplied.push("supplementary groups: cannot be set with one mapped id".to_owned());
    }
    let programs = Programs::of(spec.seccomp, spec.capabilities)?;
    let name = state::next_name(inner.owner);
    let mut record = Record {
        owner: inner.owner,
        boot_id: inner.boot_id.clone(),
        first_process: None,
        cgroups: inner.groups.planned(&name),
        program: spec.argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    let top = spec.rootfs.lowers.last().ok_or_else(|| Error::invalid("there is no root file system tree"))?;
    let layout = state::make_box(&inner.state, name, &record, top)?;
    let mut unfinished = Unfinished { layout: layout.clone(), child: None, cgroup: Some(Cgroup::default()) };
    // Making groups is quick; moving a process into them is not, and happens while the child mounts.
    let cgroup = Cgroup::make(&inner.groups, &layout.name, spec.memory_bytes, spec.pids);
    record.cgroups = cgroup.directories();
    let views = cgroup.views();
    unfinished.cgroup = Some(cgroup);
    let mut binds = etc_files(spec, &layout)?;
    // Names that the program needs are worth a place in an image that has none.
    let optional = binds.len() - usize::from(!spec.hosts.is_empty());
    binds.extend(spec.binds.iter().cloned());

    let (stdout, stdout_writer) = pipes::pipe()?;
    let (stderr, stderr_writer) = pipes::pipe()?;
    let (owner_end, child_end) = control::pair()?;
    let joined = match &spec.network {
        Network::Private => None,
        Network::Join(handle) => Some(handle),
    };
    let nested = if rootless { joined } else { None };
    let plan = Arc::new(Plan {
        maps: if rootless {
            // A box that joins lives below the user namespace it joins, whose only id is the box's own.
            let outer = nested.map_or_else(own_ids, |handle| handle.0.ids);
            Some(Maps::single((spec.uid, spec.gid), outer)?)
        } else {
            None
        },
        join_network: if rootless { None } else { joined.map(|handle| handle.0.net.as_raw_fd()) },
        loopback: joined.is_none(),
        low_ports: spec.low_ports && joined.is_none(),
        overlay: overlay::Plan::new(&spec.rootfs, &layout, rootless)?,
        mounts: mounts::Plan::new(&binds, optional, &spec.tmpfs, &views, spec.read_only, rootless)?,
        hostname: c_string(&spec.hostname, "host name")?,
        start: Start {
            command: Command::new(&spec.argv, &spec.env, &spec.cwd)?,
            privileges: Privileges {
                uid: spec.uid,
                gid: spec.gid,
                groups: (!rootless).then(|| spec.groups.clone()),
                bounding,
                no_new_privileges: spec.no_new_privileges,
                programs: Arc::clone(&programs),
            },
            output: [stdout_writer.as_raw_fd(), stderr_writer.as_raw_fd()],
            control: child_end.as_raw_fd(),
        },
    });

    let mut flags = libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP;
    if joined.is_none() {
        flags |= libc::CLONE_NEWNET;
    }
    if rootless {
        flags |= libc::CLONE_NEWUSER;
    }
    let flags = flags as u64;
    let boxed = Arc::clone(&plan);
    let middle = match nested.and_then(|handle| Some((handle.0.user.as_ref()?, &handle.0.net))) {
        Some((user, net)) => {
            let enter = [(user.as_raw_fd(), libc::CLONE_NEWUSER), (net.as_raw_fd(), libc::CLONE_NEWNET)];
            // SAFETY: `clone_on` and `run_box` neither allocate nor lock, and never return.
            Some(Middle(unsafe {
                clone::clone_child(0, move || {
                    let (control, output) = (boxed.start.control, boxed.start.output);
                    exec::clone_on(control, output, enter, flags, || child::run_box(&boxed))
                })?
            }))
        }
        None => {
            // SAFETY: `run_box` neither allocates nor locks, and never returns.
            unfinished.child = Some(unsafe { clone::clone_child(flags, move || child::run_box(&boxed))? });
            None
        }
    };
    drop((child_end, stdout_writer, stderr_writer));

    let deadline = Instant::now() + PATIENCE;
    let hear = || control::receive(&owner_end, deadline, PATIENCE);
    let mut upper = None;
    loop {
        // Everything slow about a known child happens while it mounts.
        if let (Some(child), Some(cgroup)) = (&unfinished.child, &mut unfinished.cgroup)
            && record.first_process.is_none()
        {
            record.first_process = Identity::of(child.pid);
            state::write_record(&layout.directory, &record)?;
            guard::watch(&child.pidfd);
            cgroup.attach(child.pid);
        }
        if upper.is_some() && unfinished.child.is_some() {
            break;
        }
        match hear()? {
            Some((message, mut fds)) if message.kind == Kind::Mounted => {
                upper = fds.pop();
                for (_, bind) in
                    binds.iter().take(optional).enumerate().filter(|(i, _)| message.number >> i & 1 == 1)
                {
                    unapplied.push(format!("`{}`: the image has no place for it", bind.target.display()));
                }
            }
            Some((message, _)) if message.kind == Kind::Cloned => {
                unfinished.child = Some(adopt(message.number)?);
            }
            Some((message, _)) => return Err(failure(message, spec)),
            None => return Err(Error::setup("start the sandbox's first process", libc::ECHILD)),
        }
    }
    drop(middle);
    let upper = upper.ok_or_else(|| Error::setup("receive the upper directory", libc::EBADMSG))?;
    let baseline = Baseline::take(&upper)?;
    let pid = unfinished.child.as_ref().map_or(0, |child| child.pid);
    let network = match joined {
        Some(handle) => handle.clone(),
        None => network_of(pid, rootless, spec)?,
    };
    let listeners = connect::listen(&network.0, rootless, &spec.listen)
        .map_err(|source| Error::Setup { step: "listen inside the sandbox's network".to_owned(), source })?;
    control::allow(&owner_end)?;
    if let Some((message, _)) = hear()? {
        return Err(failure(message, spec));
    }
    let started = Instant::now();
    let (Some(child), Some(cgroup)) = (unfinished.child.take(), unfinished.cgroup.take()) else {
        return Err(Error::setup("start the sandbox's first process", libc::ECHILD));
    };
    unapplied.extend(cgroup.unapplied.iter().cloned());
    let parts = Parts {
        pid: child.pid,
        pidfd: child.pidfd,
        started,
        network,
        layout,
        cgroup,
        upper,
        baseline,
        spec: spec.clone(),
        bounding,
        programs,
        rootless,
        unapplied,
    };
    let running = Running::new(Live::watch(parts, [stdout, stderr])?, Arc::clone(inner), listeners);
    drop(gate);
    Ok(running)
}

/// A child that another child cloned for this process.
pub(crate) fn adopt(pid: i32) -> Result<Cloned, Error> {
    let pidfd = sys::pidfd_open(pid).map_err(|errno| Error::setup("hold the new process", errno))?;
    // SAFETY: the descriptor was just made and belongs to nobody else. The number is still this child's, for
    // only this process can reap it.
    Ok(Cloned { pid, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } })
}

/// The capabilities asked for that this process can hand on.
fn grantable(spec: &Spec, unapplied: &mut Vec<String>) -> u64 {
    let own = doctor::own_capabilities();
    let wanted = spec.capabilities.bits();
    for name in crate::caps::CapSet::from_bits(wanted & !own).names() {
        unapplied.push(format!("capability {name}: Seaworthy itself does not have it here"));
    }
    wanted & own
}

fn own_ids() -> (u32, u32) {
    // SAFETY: neither call can fail.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

fn network_of(pid: i32, rootless: bool, spec: &Spec) -> Result<NetworkHandle, Error> {
    let open = |kind: &str| {
        let path = PathBuf::from(format!("/proc/{pid}/ns/{kind}"));
        std::fs::File::open(&path).map(OwnedFd::from).map_err(|source| state::file("open", &path, source))
    };
    let user = if rootless { Some(open("user")?) } else { None };
    Ok(NetworkHandle(Arc::new(NetworkFds { net: open("net")?, user, ids: (spec.uid, spec.gid) })))
}

/// Writes the files Docker provides, and binds them, so that they are no writes of the box.
fn etc_files(spec: &Spec, layout: &Layout) -> Result<Vec<Bind>, Error> {
    let mut hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n".to_owned();
    for host in &spec.hosts {
        let _ = writeln!(hosts, "{}\t{}", host.address, host.name);
    }
    let _ = writeln!(hosts, "127.0.1.1\t{}", spec.hostname);
    let files = [
        ("hostname", format!("{}\n", spec.hostname)),
        ("resolv.conf", "# No name server: the sandbox has no way to the outside.\n".to_owned()),
        ("hosts", hosts),
    ];
    files
        .into_iter()
        .map(|(name, text)| {
            let source = layout.etc.join(name);
            std::fs::write(&source, text).map_err(|error| state::file("write", &source, error))?;
            Ok(Bind { source, target: Path::new("/etc").join(name), read_only: false })
        })
        .collect()
}

/// A child's report in words.
fn failure(message: Message, spec: &Spec) -> Error {
    if message.step == Step::Execute as u8 {
        let program = spec.argv.first().map(|program| program.to_string_lossy()).unwrap_or_default();
        return Error::exec(&program, message.number, message.detail == 1);
    }
    let words = step_words(message.step);
    let index = usize::from(message.detail);
    let binds = ["/etc/hostname", "/etc/resolv.conf", "/etc/hosts"];
    let about = if message.step == Step::Lower as u8 {
        spec.rootfs.lowers.iter().rev().nth(index).map(|path| path.display().to_string())
    } else if message.step == Step::MountTmpfs as u8 {
        spec.tmpfs.get(index).map(|tmpfs| tmpfs.path.display().to_string())
    } else if message.step == Step::BindTarget as u8 || message.step == Step::BindSource as u8 {
        binds.get(index).map(|path| (*path).to_owned()).or_else(|| {
            let bind = spec.binds.get(index.checked_sub(binds.len())?)?;
            Some(bind.target.display().to_string())
        })
    } else if message.step == Step::WorkingDirectory as u8 {
        Some(spec.cwd.display().to_string())
    } else {
        None
    };
    Error::setup(
        about.map_or_else(|| words.to_owned(), |about| format!("{words} (`{about}`)")),
        message.number,
    )
}
