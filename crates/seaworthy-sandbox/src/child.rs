//! The child's side of a start: from clone3 to execve. Nothing here allocates or takes a lock.

use std::os::fd::RawFd;

use crate::clone::Never;
use crate::control::{self, Kind, Message};
use crate::plan::{Failure, Plan, Start, Step};
use crate::sys;

/// The first process of a box, until it becomes the image's program.
pub(crate) fn run_box(plan: &Plan) -> Never {
    report(plan.start.control, set_up(plan))
}

/// Sends the failure a start always ends with, and ends.
pub(crate) fn report(control: RawFd, result: Result<Never, Failure>) -> Never {
    match result {
        Ok(never) => never,
        Err(failure) => {
            let message = Message {
                kind: Kind::Failed,
                step: failure.step as u8,
                detail: failure.detail,
                number: failure.errno,
            };
            let _ = control::send(control, message, &[]);
            sys::exit(125)
        }
    }
}

fn set_up(plan: &Plan) -> Result<Never, Failure> {
    let [out, err] = plan.start.output;
    sys::keep_only(&mut [plan.start.control, out, err, plan.join_network.unwrap_or(-1)]);
    // For a start that is cut short; the change of user clears it, and it is set again after that.
    sys::die_with_owner().map_err(|e| Step::ParentDeath.failed(e))?;
    sys::reset_signals();
    sys::setsid();
    sys::umask(0o022);
    if let Some(maps) = &plan.maps {
        maps.write()?;
    }
    if let Some(network) = plan.join_network {
        sys::setns(network, libc::CLONE_NEWNET).map_err(|e| Step::JoinNetwork.failed(e))?;
    }
    if plan.loopback {
        sys::loopback_up().map_err(|e| Step::Loopback.failed(e))?;
    }
    if plan.low_ports {
        // The file is that of this process's network. Where it may not be written, the kernel's rule stays.
        let _ = sys::write_file(c"/proc/sys/net/ipv4/ip_unprivileged_port_start", b"0");
    }
    sys::make_private(c"/").map_err(|e| Step::PrivateMounts.failed(e))?;
    let sources = plan.mounts.take_sources()?;
    let upper = plan.overlay.mount()?;
    sys::pivot_to_current_directory().map_err(|e| Step::Pivot.failed(e))?;
    let skipped = plan.mounts.furnish(&sources)?;
    plan.mounts.finish(&plan.start.command.cwd)?;
    sys::sethostname(plan.hostname.to_bytes()).map_err(|e| Step::Hostname.failed(e))?;
    let mounted = Message { kind: Kind::Mounted, step: 0, detail: 0, number: skipped };
    control::send(plan.start.control, mounted, &[upper]).map_err(|e| Step::Report.failed(e))?;
    sys::close(upper);
    control::wait_for_permission(plan.start.control).map_err(|e| Step::Report.failed(e))?;
    become_program(&plan.start)
}

/// Sets the streams up, gives up privileges and executes the program. The working directory is already set.
pub(crate) fn become_program(start: &Start) -> Result<Never, Failure> {
    let failed = |e| Step::StandardStreams.failed(e);
    let null = sys::openat(libc::AT_FDCWD, c"/dev/null", libc::O_RDONLY, 0).map_err(failed)?;
    sys::dup2(null, 0).map_err(failed)?;
    for (from, to) in start.output.iter().zip([1, 2]) {
        // A program that opens `/dev/stdout` is judged by the pipe's owner.
        sys::fchown(*from, start.privileges.uid, start.privileges.gid).map_err(failed)?;
        sys::dup2(*from, to).map_err(failed)?;
    }
    // Whatever the owner forgot to mark must not reach the image. Kernels before 5.11 lack the call.
    match sys::close_on_exec_from(3) {
        Ok(()) | Err(libc::ENOSYS | libc::EINVAL) => {}
        Err(errno) => return Err(failed(errno)),
    }
    start.privileges.apply(start.control)?;
    let (errno, present) = start.command.execute();
    Err(Failure { step: Step::Execute, detail: u16::from(present), errno })
}
