//! Pipes for a child's output.

use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use crate::error::Error;
use crate::sys;

/// What one read gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Got {
    Bytes(usize),
    Nothing,
    End,
}

/// Makes a pipe: a reading end that never blocks, and a writing end that does.
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd), Error> {
    let mut fds = [0; 2];
    // SAFETY: the array has room for the two descriptors.
    if unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } < 0 {
        return Err(Error::setup("make a pipe", sys::errno()));
    }
    // SAFETY: both descriptors were just made and belong to nobody else.
    let (reader, writer) = unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) };
    // SAFETY: sets a flag on a descriptor this function owns.
    unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    Ok((reader, writer))
}

/// Reads what is there.
pub(crate) fn read(fd: &OwnedFd, buffer: &mut [u8]) -> Got {
    // SAFETY: the buffer is writable for its length.
    let got = unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
    match usize::try_from(got) {
        Ok(0) => Got::End,
        Ok(length) => Got::Bytes(length),
        Err(_) if matches!(sys::errno(), libc::EAGAIN | libc::EINTR) => Got::Nothing,
        Err(_) => Got::End,
    }
}
