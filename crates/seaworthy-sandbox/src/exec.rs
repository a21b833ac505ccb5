//! Running another program inside a box, as a health check does.

use std::ffi::OsString;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::boot::adopt;
use crate::child;
use crate::clone::{self, Cloned, Never};
use crate::command::Command;
use crate::control::{self, Kind, Message};
use crate::error::Error;
use crate::logs::Logs;
use crate::pipes::{self, Got};
use crate::plan::{Failure, Start, Step, step_words};
use crate::privileges::Privileges;
use crate::running::{Exit, Live, lock};
use crate::sys::{self, CloneArgs};

/// How long the set-up of a joining process may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program to run inside a box. What is `None` is as for the box's first process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exec {
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// The complete environment.
    pub env: Option<Vec<(String, String)>>,
    /// Working directory inside the image, which must exist.
    pub cwd: Option<PathBuf>,
    /// User id.
    pub uid: Option<u32>,
    /// Group id.
    pub gid: Option<u32>,
    /// After this time the program and its process group are killed.
    pub timeout: Option<Duration>,
}

impl Exec {
    /// A program with everything else as for the first process.
    pub fn new(argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// From the call to the end, in milliseconds.
    pub ms: u64,
    /// It was killed because its time was over.
    pub timed_out: bool,
    /// More than 8 MiB were written; the rest is missing.
    pub truncated: bool,
}

/// Enters up to two sets of namespaces and clones on, so that the second child is in them and still a child of the owner
/// (CLONE_PARENT), which alone can wait for it. Runs in the child; the middle process ends here.
pub(crate) fn clone_on(
    control: RawFd,
    output: [RawFd; 2],
    enter: [(RawFd, i32); 2],
    flags: u64,
    run: impl FnOnce() -> Never,
) -> Never {
    sys::keep_only(&mut [control, output[0], output[1], enter[0].0, enter[1].0]);
    let result = (|| {
        sys::die_with_owner().map_err(|e| Step::ParentDeath.failed(e))?;
        for (fd, kinds) in enter.iter().filter(|(fd, _)| *fd >= 0) {
            sys::setns(*fd, *kinds).map_err(|e| Step::EnterNamespaces.failed(e))?;
        }
        let args = CloneArgs { flags: flags | libc::CLONE_PARENT as u64, ..CloneArgs::default() };
        // SAFETY: no memory is shared, and `run` is bound by the same rules as this function.
        match unsafe { sys::clone3(&args) } {
            Ok(0) => Ok(run()),
            Ok(pid) => {
                let cloned = Message { kind: Kind::Cloned, step: 0, detail: 0, number: pid };
                control::send(control, cloned, &[]).map_err(|e| Step::Report.failed(e))?;
                sys::exit(0)
            }
            Err(errno) => Err(Step::CloneAgain.failed(errno)),
        }
    })();
    child::report(control, result)
}

/// The joining process, until it becomes the program.
fn joining(start: &Start) -> Never {
    let result = (|| -> Result<Never, Failure> {
        sys::die_with_owner().map_err(|e| Step::ParentDeath.failed(e))?;
        sys::reset_signals();
        sys::setsid();
        sys::umask(0o022);
        sys::chdir(&start.command.cwd).map_err(|e| Step::WorkingDirectory.failed(e))?;
        // Only after this is the process in the box's control groups.
        control::wait_for_permission(start.control).map_err(|e| Step::Report.failed(e))?;
        child::become_program(start)
    })();
    child::report(start.control, result)
}

pub(crate) fn run(live: &Arc<Live>, exec: &Exec) -> Result<ExecOutput, Error> {
    let begun = Instant::now();
    if live.exit().is_some() {
        return Err(Error::Ended);
    }
    let spec = &live.spec;
    let (uid, gid) = (exec.uid.unwrap_or(spec.uid), exec.gid.unwrap_or(spec.gid));
    if live.rootless && (uid, gid) != (spec.uid, spec.gid) {
        return Err(Error::invalid(format!(
            "user {uid}:{gid} does not exist in a rootless sandbox, which has one id"
        )));
    }
    let (stdout, stdout_writer) = pipes::pipe()?;
    let (stderr, stderr_writer) = pipes::pipe()?;
    let (owner_end, child_end) = control::pair()?;
    let start = Arc::new(Start {
        command: Command::new(
            &exec.argv,
            exec.env.as_ref().unwrap_or(&spec.env),
            exec.cwd.as_ref().unwrap_or(&spec.cwd),
        )?,
        privileges: Privileges {
            uid,
            gid,
            groups: (!live.rootless).then(|| spec.groups.clone()),
            bounding: live.bounding,
            no_new_privileges: spec.no_new_privileges,
            programs: Arc::clone(&live.programs),
        },
        output: [stdout_writer.as_raw_fd(), stderr_writer.as_raw_fd()],
        control: child_end.as_raw_fd(),
    });
    let mut kinds = libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    // A rootless box's user namespace has to be entered with the rest, which then belongs to it. A joined
    // network may belong to another user namespace, and is entered all the same: it is an ancestor's.
    kinds |= libc::CLONE_NEWNET;
    if live.rootless {
        kinds |= libc::CLONE_NEWUSER;
    }
    let enter = [(live.pidfd.as_raw_fd(), kinds), (-1, 0)];
    let joined = Arc::clone(&start);
    // SAFETY: `clone_on` and `joining` neither allocate nor lock, and never return.
    let middle = unsafe {
        clone::clone_child(0, move || clone_on(joined.control, joined.output, enter, 0, || joining(&joined)))?
    };
    drop((child_end, stdout_writer, stderr_writer));
    let deadline = Instant::now() + PATIENCE;
    let started = started(live, &owner_end, deadline, &start.command);
    let _ = sys::wait_pidfd(middle.pidfd.as_raw_fd(), true);
    let child = started?;
    let output = collect(live, &child, &[stdout, stderr], begun, exec.timeout);
    lock(&live.joined).retain(|pid| *pid != child.0.pid);
    output
}

/// A joined process that is killed and reaped when the owner loses interest.
struct Joined(Cloned);

impl Drop for Joined {
    fn drop(&mut self) {
        let fd = self.0.pidfd.as_raw_fd();
        let _ = sys::pidfd_send_signal(fd, libc::SIGKILL);
        // Already reaped in the ordinary case, which the kernel answers with ECHILD.
        let _ = sys::wait_pidfd(fd, true);
    }
}

fn started(live: &Live, owner_end: &OwnedFd, deadline: Instant, command: &Command) -> Result<Joined, Error> {
    let mut child = None;
    loop {
        match control::receive(owner_end, deadline, PATIENCE)? {
            Some((message, _)) if message.kind == Kind::Cloned => {
                let joined = Joined(adopt(message.number)?);
                lock(&live.joined).push(joined.0.pid);
                lock(&live.cgroup).attach(joined.0.pid);
                child = Some(joined);
                control::allow(owner_end)?;
            }
            Some((message, _)) => {
                if let Some(Joined(child)) = &child {
                    lock(&live.joined).retain(|pid| *pid != child.pid);
                }
                return Err(failure(message, command));
            }
            None => return child.ok_or(Error::Ended),
        }
    }
}

fn failure(message: Message, command: &Command) -> Error {
    match message.number {
        number if message.step == Step::Execute as u8 => {
            Error::exec(&command.program, number, message.detail == 1)
        }
        libc::ESRCH if message.step == Step::EnterNamespaces as u8 => Error::Ended,
        // The namespace's first process has ended, so nothing can be cloned into it.
        libc::ENOMEM if message.step == Step::CloneAgain as u8 => Error::Ended,
        number => Error::setup(step_words(message.step), number),
    }
}

fn collect(
    live: &Live,
    child: &Joined,
    output: &[OwnedFd; 2],
    begun: Instant,
    timeout: Option<Duration>,
) -> Result<ExecOutput, Error> {
    let pidfd = &child.0.pidfd;
    let (mut logs, mut buffer, mut open) = (Logs::default(), vec![0; 64 << 10], [true, true]);
    let (mut status, mut timed_out) = (None, false);
    let mut deadline = timeout.and_then(|timeout| begun.checked_add(timeout));
    let mut at = begun;
    while status.is_none() || open != [false, false] {
        let watch = |on: bool, fd: &OwnedFd| sys::pollin(if on { fd.as_raw_fd() } else { -1 });
        let mut fds =
            [watch(open[0], &output[0]), watch(open[1], &output[1]), watch(status.is_none(), pidfd)];
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let ready =
            sys::poll(&mut fds, left).map_err(|e| Error::setup("wait for a program in the sandbox", e))?;
        if !ready {
            if deadline.is_none_or(|at| Instant::now() < at) {
                continue;
            }
            if status.is_some() {
                // A background process keeps the streams open; the program itself has ended.
                break;
            }
            timed_out = true;
            deadline = None;
            // The program leads its own session and group. It is not reaped yet, so the number is its own.
            // SAFETY: only numbers are passed.
            unsafe { libc::kill(-child.0.pid, libc::SIGKILL) };
            let _ = sys::pidfd_send_signal(pidfd.as_raw_fd(), libc::SIGKILL);
            continue;
        }
        for (index, (fd, open)) in output.iter().zip(&mut open).enumerate() {
            if fds.get(index).is_none_or(|fd| fd.revents == 0) {
                continue;
            }
            match pipes::read(fd, &mut buffer) {
                Got::Bytes(length) => logs.push(index == 1, buffer.get(..length).unwrap_or_default()),
                Got::Nothing => {}
                Got::End => *open = false,
            }
        }
        if fds[2].revents != 0 {
            at = Instant::now();
            status = sys::wait_pidfd(pidfd.as_raw_fd(), false)
                .map_err(|e| Error::setup("wait for a program in the sandbox", e))?;
            deadline = Some(at + Duration::from_millis(100));
        }
    }
    let status = status.ok_or(Error::Ended)?;
    let oom_killed = status.signal == Some(libc::SIGKILL) && lock(&live.cgroup).oom_kills() > 0;
    let bytes = |chunks: &[crate::logs::LogChunk]| chunks.iter().flat_map(|c| c.bytes.clone()).collect();
    Ok(ExecOutput {
        exit: Exit { code: status.code, signal: status.signal, oom_killed, at },
        stdout: bytes(&logs.stdout),
        stderr: bytes(&logs.stderr),
        ms: u64::try_from(at.saturating_duration_since(begun).as_millis()).unwrap_or(u64::MAX),
        timed_out,
        truncated: logs.truncated,
    })
}
