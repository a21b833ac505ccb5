//! System calls as thin functions that neither allocate nor take locks, so that they may run between clone3
//! and execve in a copy of a multi-threaded process.

use std::ffi::CStr;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

use libc::{c_int, c_long, c_uint, c_void};

/// The result of a system call: a value or the error number.
pub(crate) type Sys<T> = Result<T, i32>;

/// `struct clone_args` of clone3(2), version 2 (88 bytes).
#[repr(C)]
#[derive(Default)]
pub(crate) struct CloneArgs {
    pub(crate) flags: u64,
    pub(crate) pidfd: u64,
    pub(crate) child_tid: u64,
    pub(crate) parent_tid: u64,
    pub(crate) exit_signal: u64,
    pub(crate) stack: u64,
    pub(crate) stack_size: u64,
    pub(crate) tls: u64,
    pub(crate) set_tid: u64,
    pub(crate) set_tid_size: u64,
    pub(crate) cgroup: u64,
}

/// `struct mount_attr` of mount_setattr(2).
#[repr(C)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

/// `struct open_how` of openat2(2).
#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

pub(crate) const MOUNT_ATTR_RDONLY: u64 = 1;
pub(crate) const MOUNT_ATTR_NOSUID: u64 = 2;
pub(crate) const MOUNT_ATTR_NODEV: u64 = 4;
pub(crate) const MOUNT_ATTR_NOEXEC: u64 = 8;
pub(crate) const RESOLVE_NO_MAGICLINKS: u64 = 2;
pub(crate) const RESOLVE_NO_SYMLINKS: u64 = 4;
pub(crate) const RESOLVE_IN_ROOT: u64 = 16;
pub(crate) const OPEN_TREE_CLONE: c_uint = 1;
const FSCONFIG_SET_STRING: c_uint = 1;
const FSCONFIG_CMD_CREATE: c_uint = 6;
const MOVE_MOUNT_F_EMPTY_PATH: c_uint = 4;
const MOVE_MOUNT_T_EMPTY_PATH: c_uint = 0x40;
const CLOSE_RANGE_CLOEXEC: c_uint = 4;

/// The calling thread's last error number.
pub(crate) fn errno() -> i32 {
    // SAFETY: __errno_location returns a valid pointer to this thread's errno.
    unsafe { *libc::__errno_location() }
}

fn check(value: c_long) -> Sys<c_long> {
    if value < 0 { Err(errno()) } else { Ok(value) }
}

fn check_fd(value: c_long) -> Sys<RawFd> {
    // File descriptors and pids fit an int by the kernel's definition.
    check(value).map(|fd| fd as RawFd)
}

/// A fork-like clone3. Returns 0 in the child.
///
/// # Safety
/// `args` must not share memory with the parent (no CLONE_VM), and the child may only call functions that
/// neither allocate nor lock until it executes another program or exits.
pub(crate) unsafe fn clone3(args: &CloneArgs) -> Sys<i32> {
    // SAFETY: the structure lives through the call and its size is given; the caller keeps the child's rules.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, std::ptr::from_ref(args), size_of::<CloneArgs>()) };
    check_fd(pid)
}

pub(crate) fn exit(code: c_int) -> ! {
    // SAFETY: exit_group ends the process at once and runs no destructors.
    unsafe { libc::_exit(code) }
}

pub(crate) fn openat(dir: RawFd, path: &CStr, flags: c_int, mode: c_uint) -> Sys<RawFd> {
    // SAFETY: the path is NUL-terminated and lives through the call.
    check_fd(c_long::from(unsafe { libc::openat(dir, path.as_ptr(), flags | libc::O_CLOEXEC, mode) }))
}

/// How often a path is resolved again: the kernel answers EAGAIN when anything on the machine was mounted or renamed
/// while it followed a `..` that must not leave the root (openat2(2)).
const RESOLUTIONS: u32 = 1000;

pub(crate) fn openat2(dir: RawFd, path: &CStr, flags: c_int, resolve: u64) -> Sys<RawFd> {
    let how = OpenHow { flags: (flags | libc::O_CLOEXEC) as u64, mode: 0, resolve };
    let mut left = RESOLUTIONS;
    loop {
        // SAFETY: path and structure live through the call and the structure's size is given.
        let opened = check_fd(unsafe {
            libc::syscall(
                libc::SYS_openat2,
                dir,
                path.as_ptr(),
                std::ptr::from_ref(&how),
                size_of::<OpenHow>(),
            )
        });
        left -= 1;
        match opened {
            Err(libc::EAGAIN) if left > 0 => {}
            other => return other,
        }
    }
}

pub(crate) fn close(fd: RawFd) {
    // SAFETY: closing a descriptor number has no memory effects; callers own the numbers they pass.
    unsafe { libc::close(fd) };
}

pub(crate) fn dup2(from: RawFd, to: RawFd) -> Sys<()> {
    // SAFETY: only the child's descriptor table is changed.
    check(c_long::from(unsafe { libc::dup2(from, to) })).map(drop)
}

pub(crate) fn close_on_exec_from(first: c_uint) -> Sys<()> {
    // SAFETY: only sets a flag on descriptors of this process.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, c_uint::MAX, CLOSE_RANGE_CLOEXEC) }).map(drop)
}

pub(crate) fn close_from(first: c_uint) -> Sys<()> {
    // SAFETY: the caller gives up every descriptor from this number on.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, c_uint::MAX, 0) }).map(drop)
}

/// Closes every descriptor above 2 but the given ones. Negative numbers stand for none.
///
/// A child that was cloned while another box was being started holds copies of that one's sockets, and would
/// keep them from ever reaching their end.
pub(crate) fn keep_only(fds: &mut [RawFd]) {
    fds.sort_unstable();
    let mut next: c_uint = 3;
    for fd in fds.iter().filter_map(|fd| c_uint::try_from(*fd).ok()) {
        if fd > next {
            // SAFETY: these descriptors are copies of the owner's that this child has no use for.
            unsafe { libc::syscall(libc::SYS_close_range, next, fd - 1, 0) };
        }
        next = next.max(fd + 1);
    }
    let _ = close_from(next);
}

/// Has the kernel kill this process when the thread that cloned it ends.
pub(crate) fn die_with_owner() -> Sys<()> {
    prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, 0).map(drop)
}

pub(crate) fn mkdirat(dir: RawFd, path: &CStr, mode: c_uint) -> Sys<()> {
    // SAFETY: the path is NUL-terminated and lives through the call.
    check(c_long::from(unsafe { libc::mkdirat(dir, path.as_ptr(), mode) })).map(drop)
}

pub(crate) fn mknodat(dir: RawFd, path: &CStr, mode: c_uint, device: libc::dev_t) -> Sys<()> {
    // SAFETY: the path is NUL-terminated and lives through the call.
    check(c_long::from(unsafe { libc::mknodat(dir, path.as_ptr(), mode, device) })).map(drop)
}

pub(crate) fn symlinkat(text: &CStr, dir: RawFd, path: &CStr) -> Sys<()> {
    // SAFETY: both strings are NUL-terminated and live through the call.
    check(c_long::from(unsafe { libc::symlinkat(text.as_ptr(), dir, path.as_ptr()) })).map(drop)
}

/// Reads a symbolic link's text into the buffer and returns its length.
pub(crate) fn readlinkat(dir: RawFd, path: &CStr, buffer: &mut [u8]) -> Sys<usize> {
    // SAFETY: the buffer is writable for the length given.
    let length = unsafe { libc::readlinkat(dir, path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    check(length as c_long).map(|length| length as usize)
}

pub(crate) fn exists(path: &CStr) -> bool {
    // SAFETY: the path is NUL-terminated and lives through the call.
    unsafe { libc::access(path.as_ptr(), libc::F_OK) == 0 }
}

pub(crate) fn fchown(fd: RawFd, uid: u32, gid: u32) -> Sys<()> {
    // SAFETY: changes the owner of an open file; no memory is involved.
    check(c_long::from(unsafe { libc::fchown(fd, uid, gid) })).map(drop)
}

pub(crate) fn chdir(path: &CStr) -> Sys<()> {
    // SAFETY: the path is NUL-terminated and lives through the call.
    check(c_long::from(unsafe { libc::chdir(path.as_ptr()) })).map(drop)
}

pub(crate) fn fchdir(fd: RawFd) -> Sys<()> {
    // SAFETY: changes only the working directory.
    check(c_long::from(unsafe { libc::fchdir(fd) })).map(drop)
}

/// Writes the whole of a short text to a file that must exist.
pub(crate) fn write_file(path: &CStr, text: &[u8]) -> Sys<()> {
    let fd = openat(libc::AT_FDCWD, path, libc::O_WRONLY, 0)?;
    // SAFETY: the text is readable for its length.
    let written = check(unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) } as c_long);
    close(fd);
    written.map(drop)
}

pub(crate) fn mount(kind: &CStr, target: &CStr, flags: libc::c_ulong, data: *const c_void) -> Sys<()> {
    // SAFETY: all strings are NUL-terminated; `data` is null or a NUL-terminated option string of the caller.
    check(c_long::from(unsafe { libc::mount(kind.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, data) }))
        .map(drop)
}

pub(crate) fn make_private(path: &CStr) -> Sys<()> {
    let flags = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: the path is NUL-terminated; source, type and data are ignored for a change of propagation.
    let result =
        unsafe { libc::mount(std::ptr::null(), path.as_ptr(), std::ptr::null(), flags, std::ptr::null()) };
    check(c_long::from(result)).map(drop)
}

/// Makes the current directory the root and drops the old root out of this mount namespace.
pub(crate) fn pivot_to_current_directory() -> Sys<()> {
    let here = c".".as_ptr();
    // SAFETY: both paths are the static string ".".
    check(unsafe { libc::syscall(libc::SYS_pivot_root, here, here) })?;
    // SAFETY: after the pivot the old root is stacked on "."; detaching it by that name cannot hit another one.
    check(c_long::from(unsafe { libc::umount2(here, libc::MNT_DETACH) }))?;
    chdir(c"/")
}

pub(crate) fn open_tree(path: &CStr, flags: c_uint) -> Sys<RawFd> {
    let flags = flags | libc::O_CLOEXEC as c_uint;
    // SAFETY: the path is NUL-terminated and lives through the call.
    check_fd(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) })
}

/// Attaches a detached mount to the place an O_PATH descriptor names.
pub(crate) fn move_mount(from: RawFd, to: RawFd) -> Sys<()> {
    let flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
    let empty = c"".as_ptr();
    // SAFETY: both paths are the static empty string.
    check(unsafe { libc::syscall(libc::SYS_move_mount, from, empty, to, empty, flags) }).map(drop)
}

pub(crate) fn fsopen(kind: &CStr) -> Sys<RawFd> {
    // SAFETY: the name is NUL-terminated and lives through the call; 1 is FSOPEN_CLOEXEC.
    check_fd(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), 1 as c_uint) })
}

pub(crate) fn fsconfig_string(fs: RawFd, key: &CStr, value: &CStr) -> Sys<()> {
    // SAFETY: both strings are NUL-terminated and live through the call.
    check(unsafe {
        libc::syscall(libc::SYS_fsconfig, fs, FSCONFIG_SET_STRING, key.as_ptr(), value.as_ptr(), 0)
    })
    .map(drop)
}

/// Creates the superblock and returns its mount, attached nowhere.
pub(crate) fn fsmount(fs: RawFd, attributes: u64) -> Sys<RawFd> {
    let null = std::ptr::null::<c_void>();
    // SAFETY: the command takes neither key nor value.
    check(unsafe { libc::syscall(libc::SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, null, null, 0) })?;
    // SAFETY: only descriptors and numbers are passed; 1 is FSMOUNT_CLOEXEC.
    check_fd(unsafe { libc::syscall(libc::SYS_fsmount, fs, 1 as c_uint, attributes) })
}

/// Adds attributes to the mount a descriptor is the root of.
pub(crate) fn mount_setattr(fd: RawFd, attributes: u64, recursive: bool) -> Sys<()> {
    let attr = MountAttr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: path and structure live through the call and the structure's size is given.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd,
            c"".as_ptr(),
            flags,
            std::ptr::from_ref(&attr),
            size_of::<MountAttr>(),
        )
    })
    .map(drop)
}

pub(crate) fn setns(fd: RawFd, kinds: c_int) -> Sys<()> {
    // SAFETY: changes namespaces of the calling thread only.
    check(c_long::from(unsafe { libc::setns(fd, kinds) })).map(drop)
}

pub(crate) fn sethostname(name: &[u8]) -> Sys<()> {
    // SAFETY: the name is readable for its length.
    check(c_long::from(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) })).map(drop)
}

pub(crate) fn prctl(option: c_int, a: libc::c_ulong, b: libc::c_ulong) -> Sys<c_int> {
    // SAFETY: the options used by this crate take numbers only.
    check_fd(c_long::from(unsafe { libc::prctl(option, a, b, 0 as libc::c_ulong, 0 as libc::c_ulong) }))
}

/// Brings the loopback interface of the current network namespace up.
pub(crate) fn loopback_up() -> Sys<()> {
    // SAFETY: creates a socket; only numbers are passed.
    let fd = check_fd(c_long::from(unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0)
    }))?;
    // SAFETY: an all-zero ifreq is a valid value of that plain C structure.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request is a NUL-terminated name and flags, as SIOCSIFFLAGS reads them.
    let result = check(c_long::from(unsafe { libc::ioctl(fd, libc::SIOCSIFFLAGS, &raw const request) }));
    close(fd);
    result.map(drop)
}

pub(crate) fn setgroups(groups: &[u32]) -> Sys<()> {
    // The raw call: glibc's wrapper would signal every thread of the copied process.
    // SAFETY: the list is readable for its length.
    check(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) }).map(drop)
}

pub(crate) fn setresgid(gid: u32) -> Sys<()> {
    // SAFETY: the raw call changes the credentials of this thread, the only one.
    check(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) }).map(drop)
}

pub(crate) fn setresuid(uid: u32) -> Sys<()> {
    // SAFETY: the raw call changes the credentials of this thread, the only one.
    check(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) }).map(drop)
}

/// Sets permitted and effective capabilities and empties the inheritable set.
pub(crate) fn capset(bits: u64) -> Sys<()> {
    // _LINUX_CAPABILITY_VERSION_3 for the calling thread, then two halves of (effective, permitted, inheritable).
    let header: [u32; 2] = [0x2008_0522, 0];
    let (low, high) = (bits as u32, (bits >> 32) as u32);
    let data: [u32; 6] = [low, low, 0, high, high, 0];
    // SAFETY: header and data have the layout version 3 defines.
    check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()) }).map(drop)
}

/// Installs one seccomp program on the calling thread.
pub(crate) fn seccomp(program: &[libc::sock_filter]) -> Sys<()> {
    let prog = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    // SAFETY: the program is readable for its length and the kernel copies it; 1 is SECCOMP_SET_MODE_FILTER.
    check(unsafe { libc::syscall(libc::SYS_seccomp, 1, 0, std::ptr::from_ref(&prog)) }).map(drop)
}

/// Gives every signal its default action and unblocks all of them.
///
/// With raw calls: the C library refuses to touch the two signals it keeps to itself, which a parent written
/// without that library may have left ignored.
pub(crate) fn reset_signals() {
    // The kernel's structure of handler (0 is SIG_DFL), flags, restorer and mask, and a mask of 64 bits.
    let (action, empty) = ([0u64; 4], 0u64);
    let null = std::ptr::null::<c_void>();
    for signal in 1..=64 {
        // SAFETY: the structure has the kernel's layout and size; SIGKILL and SIGSTOP are refused.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), null, size_of::<u64>()) };
    }
    let set = libc::SIG_SETMASK;
    // SAFETY: the mask is readable for its length, and this thread is the only one.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, set, &raw const empty, null, size_of::<u64>()) };
}

/// Blocks every signal in the calling thread.
pub(crate) fn block_signals() {
    // SAFETY: sigfillset initialises the set, and the mask concerns this thread only.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}

pub(crate) fn setsid() {
    // SAFETY: takes no arguments; it fails only for a group leader, which a fresh clone is not.
    unsafe { libc::setsid() };
}

pub(crate) fn umask(mask: libc::mode_t) {
    // SAFETY: umask cannot fail.
    unsafe { libc::umask(mask) };
}

/// Executes a program; returns only the error number.
///
/// # Safety
/// Both arrays must be null-terminated arrays of NUL-terminated strings.
pub(crate) unsafe fn execve(
    path: &CStr,
    argv: *const *const libc::c_char,
    envp: *const *const libc::c_char,
) -> i32 {
    // SAFETY: the caller vouches for the arrays.
    unsafe { libc::execve(path.as_ptr(), argv, envp) };
    errno()
}

pub(crate) fn pidfd_open(pid: i32) -> Sys<RawFd> {
    // SAFETY: only numbers are passed.
    check_fd(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })
}

/// Holds a process by its number.
pub(crate) fn hold_process(pid: i32) -> Sys<OwnedFd> {
    // SAFETY: the descriptor is new and owned by nobody else.
    pidfd_open(pid).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

pub(crate) fn pidfd_send_signal(pidfd: RawFd, signal: c_int) -> Sys<()> {
    let null = std::ptr::null::<c_void>();
    // SAFETY: a null siginfo means the same as kill(2).
    check(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, signal, null, 0) }).map(drop)
}

/// Waits for a child by pidfd; `None` when it has not ended and `block` is false.
pub(crate) fn wait_pidfd(pidfd: RawFd, block: bool) -> Sys<Option<WaitStatus>> {
    // SAFETY: an all-zero siginfo is a valid value to be filled in.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::__WALL | if block { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: info is writable; the pidfd is a number.
        let result = unsafe { libc::waitid(libc::P_PIDFD, pidfd as libc::id_t, &raw mut info, flags) };
        match check(c_long::from(result)) {
            Err(libc::EINTR) => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    // SAFETY: waitid filled the child fields in, or left the pid at zero.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    if pid == 0 {
        return Ok(None);
    }
    Ok(Some(if info.si_code == libc::CLD_EXITED {
        WaitStatus { code: Some(status), signal: None }
    } else {
        WaitStatus { code: None, signal: Some(status) }
    }))
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitStatus {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
}

/// Polls descriptors for input; a timeout of `None` waits for ever. Returns whether any is ready.
pub(crate) fn poll(fds: &mut [libc::pollfd], timeout: Option<std::time::Duration>) -> Sys<bool> {
    let milliseconds = timeout.map_or(-1, |t| {
        // Rounded up, so that a wait of less than a millisecond does not spin.
        i32::try_from(t.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
    });
    // SAFETY: the slice is writable for its length.
    let ready = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, milliseconds) };
    match check(c_long::from(ready)) {
        Err(libc::EINTR) => Ok(false),
        other => other.map(|count| count > 0),
    }
}

pub(crate) fn pollin(fd: RawFd) -> libc::pollfd {
    libc::pollfd { fd, events: libc::POLLIN, revents: 0 }
}
