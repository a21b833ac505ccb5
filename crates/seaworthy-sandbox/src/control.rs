//! The socket between the owner and a starting child: reports out, permission in, descriptors along.
//!
//! It is a close-on-exec SOCK_SEQPACKET pair, so that end of file means "the program is running".

use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::sys::{self, Sys};

/// What a child says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The root is mounted; a descriptor of the upper directory comes along.
    Mounted = 1,
    /// A step failed.
    Failed = 2,
    /// The pid of the process that was cloned on.
    Cloned = 3,
    /// Sockets come along.
    Sockets = 4,
}

/// One message. `detail` says which of several things the step was about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) step: u8,
    pub(crate) detail: u16,
    pub(crate) number: i32,
}

const LENGTH: usize = 8;
/// How many descriptors one message carries.
pub(crate) const MAX_FDS: usize = 2;
/// Room for a control message with two descriptors, aligned like `cmsghdr`.
type Ancillary = [u64; 4];

/// Makes a pair: the owner's end and the child's end.
pub(crate) fn pair() -> Result<(OwnedFd, OwnedFd), Error> {
    let mut fds = [0; 2];
    // SAFETY: the array has room for the two descriptors.
    let result = unsafe {
        libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC, 0, fds.as_mut_ptr())
    };
    if result < 0 {
        return Err(Error::setup("make a socket pair", sys::errno()));
    }
    // SAFETY: both descriptors were just made and belong to nobody else.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

/// Sends a message with up to two descriptors. Does not allocate.
pub(crate) fn send(fd: RawFd, message: Message, fds: &[RawFd]) -> Sys<()> {
    let mut bytes = [0u8; LENGTH];
    bytes[0] = message.kind as u8;
    bytes[1] = message.step;
    bytes[2..4].copy_from_slice(&message.detail.to_ne_bytes());
    bytes[4..8].copy_from_slice(&message.number.to_ne_bytes());
    let mut vector = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: LENGTH };
    let mut ancillary: Ancillary = [0; 4];
    // SAFETY: an all-zero msghdr is valid; the pointers set below live through the call.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut vector;
    header.msg_iovlen = 1;
    let count = fds.len().min(MAX_FDS);
    if count > 0 {
        let payload = (count * size_of::<RawFd>()) as u32;
        header.msg_control = ancillary.as_mut_ptr().cast();
        // SAFETY: CMSG_SPACE and CMSG_LEN are arithmetic; the buffer holds CMSG_SPACE of two descriptors (24
        // bytes) and is aligned for cmsghdr, so the header and its data lie inside it.
        unsafe {
            header.msg_controllen = libc::CMSG_SPACE(payload) as _;
            let control = libc::CMSG_FIRSTHDR(&raw const header);
            (*control).cmsg_level = libc::SOL_SOCKET;
            (*control).cmsg_type = libc::SCM_RIGHTS;
            (*control).cmsg_len = libc::CMSG_LEN(payload) as _;
            std::ptr::copy_nonoverlapping(fds.as_ptr(), libc::CMSG_DATA(control).cast(), count);
        }
    }
    // SAFETY: the header describes live buffers.
    let sent = unsafe { libc::sendmsg(fd, &raw const header, libc::MSG_NOSIGNAL) };
    if sent < 0 { Err(sys::errno()) } else { Ok(()) }
}

/// Receives a message and its descriptors; `None` is end of file.
pub(crate) fn receive(
    socket: &OwnedFd,
    deadline: Instant,
    patience: Duration,
) -> Result<Option<(Message, Vec<OwnedFd>)>, Error> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if sys::poll(&mut [sys::pollin(socket.as_raw_fd())], Some(left))
            .map_err(|errno| Error::setup("wait for the new process", errno))?
        {
            break;
        }
        if left.is_zero() {
            return Err(Error::Silent { seconds: patience.as_secs() });
        }
    }
    let mut raw = [-1; MAX_FDS];
    let (got, bytes) = receive_raw(socket.as_raw_fd(), &mut raw)
        .map_err(|errno| Error::setup("hear from the new process", errno))?;
    // SAFETY: the kernel just made these descriptors for this process, and nobody else knows them.
    let own = |fd| unsafe { OwnedFd::from_raw_fd(fd) };
    let fds: Vec<OwnedFd> = raw.into_iter().filter(|fd| *fd >= 0).map(own).collect();
    if got == 0 {
        return Ok(None);
    }
    let kind = match bytes[0] {
        1 => Kind::Mounted,
        3 => Kind::Cloned,
        4 => Kind::Sockets,
        _ => Kind::Failed,
    };
    let detail = u16::from_ne_bytes([bytes[2], bytes[3]]);
    let number = i32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    Ok(Some((Message { kind, step: bytes[1], detail, number }, fds)))
}

/// Receives the bytes of one message, 0 of them at the end, and its descriptors. Does not allocate.
pub(crate) fn receive_raw(socket: RawFd, fds: &mut [RawFd; MAX_FDS]) -> Sys<(usize, [u8; LENGTH])> {
    let mut bytes = [0u8; LENGTH];
    let mut vector = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: LENGTH };
    let mut ancillary: Ancillary = [0; 4];
    // SAFETY: an all-zero msghdr is valid; the pointers set below live through the call.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut vector;
    header.msg_iovlen = 1;
    header.msg_control = ancillary.as_mut_ptr().cast();
    // Room for exactly as many descriptors as are taken; the kernel closes what does not fit.
    // SAFETY: CMSG_SPACE is arithmetic.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(size_of_val(fds) as u32) } as _;
    // SAFETY: the header describes live, writable buffers.
    let got = unsafe { libc::recvmsg(socket, &raw mut header, libc::MSG_CMSG_CLOEXEC) };
    let got = usize::try_from(got).map_err(|_| sys::errno())?;
    // SAFETY: the kernel filled the control buffer in, and the CMSG functions stay inside its length.
    unsafe {
        let control = libc::CMSG_FIRSTHDR(&raw const header);
        if !control.is_null()
            && (*control).cmsg_level == libc::SOL_SOCKET
            && (*control).cmsg_type == libc::SCM_RIGHTS
        {
            let length = (*control).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
            for (index, slot) in fds.iter_mut().enumerate().take(length / size_of::<RawFd>()) {
                *slot = libc::CMSG_DATA(control).cast::<RawFd>().add(index).read_unaligned();
            }
        }
    }
    Ok((got, bytes))
}

/// The owner's permission to go on.
pub(crate) fn allow(socket: &OwnedFd) -> Result<(), Error> {
    // SAFETY: one byte is read from a live buffer.
    let sent = unsafe { libc::send(socket.as_raw_fd(), [1u8].as_ptr().cast(), 1, libc::MSG_NOSIGNAL) };
    // A child that has died meanwhile has said why, or end of file says it.
    if sent < 0 && sys::errno() != libc::EPIPE {
        return Err(Error::setup("let the new process go on", sys::errno()));
    }
    Ok(())
}

/// Waits in the child for the owner's permission. Does not allocate.
pub(crate) fn wait_for_permission(fd: RawFd) -> Sys<()> {
    let mut byte = 0u8;
    // SAFETY: one byte is written to a live buffer.
    match unsafe { libc::recv(fd, (&raw mut byte).cast(), 1, 0) } {
        1 => Ok(()),
        // The owner is gone; there is nobody to report to.
        _ => sys::exit(125),
    }
}

/// Whether the owner still holds its end. Does not allocate.
pub(crate) fn owner_lives(fd: RawFd) -> bool {
    let mut byte = 0u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: one byte is written to a live buffer.
    unsafe { libc::recv(fd, (&raw mut byte).cast(), 1, flags) != 0 }
}
