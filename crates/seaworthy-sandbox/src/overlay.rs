//! The box's root: an overlay of the image's trees and an upper directory of the box.

use std::ffi::CString;
use std::os::fd::RawFd;

use crate::error::Error;
use crate::plan::{Failure, Step};
use crate::spec::Rootfs;
use crate::state::Layout;
use crate::sys::{self, Sys};

/// The kernel takes one page of mount options; each tree needs about 20 bytes of it.
const MAX_LOWERS: usize = 180;
const PAGE: usize = 4096;

/// What the child needs to mount the root.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Top-most first, as overlayfs takes them.
    lowers: Vec<CString>,
    layer: CString,
    upper: CString,
    work: CString,
    root: CString,
    /// In a user namespace overlayfs may only use `user.` attributes.
    user_attributes: bool,
}

impl Plan {
    /// Prepares the mount.
    ///
    /// # Errors
    /// When there is no tree, or more than the kernel's option page can name.
    pub(crate) fn new(rootfs: &Rootfs, layout: &Layout, user_attributes: bool) -> Result<Self, Error> {
        if rootfs.lowers.is_empty() || rootfs.lowers.len() > MAX_LOWERS {
            return Err(Error::invalid(format!(
                "{} root file system trees, where 1 to {MAX_LOWERS} can be stacked",
                rootfs.lowers.len()
            )));
        }
        let c = |path: &std::path::Path| crate::plan::c_string(path, "path");
        Ok(Self {
            lowers: rootfs.lowers.iter().rev().map(|path| c(path)).collect::<Result<_, _>>()?,
            layer: c(&layout.layer)?,
            upper: c(&layout.upper)?,
            work: c(&layout.work)?,
            root: c(&layout.root)?,
            user_attributes,
        })
    }

    /// Mounts the overlay, makes its root the current directory and returns a descriptor of the upper
    /// directory. Runs in the child.
    ///
    /// The trees are named `/proc/self/fd/N`: short, and free of the commas and colons that separate options.
    /// They must be opened here and not by the owner, for overlayfs refuses mounts of another mount namespace.
    pub(crate) fn mount(&self) -> Result<RawFd, Failure> {
        let mut options = Options::new();
        options.text(b"lowerdir=");
        for (index, path) in self.lowers.iter().enumerate() {
            let flags = libc::O_PATH | libc::O_DIRECTORY;
            let fd =
                sys::openat(libc::AT_FDCWD, path, flags, 0).map_err(|e| Step::Lower.failed_at(index, e))?;
            if index > 0 {
                options.text(b":");
            }
            options.fd(fd);
        }
        // The upper directory on disk first; a state directory whose file system cannot be one (an overlay, as
        // inside a container) is replaced by memory.
        let first = match self.mount_upper(options.clone()) {
            Ok(fd) => return self.enter(fd),
            Err(failure) => failure,
        };
        sys::mount(c"tmpfs", &self.layer, libc::MS_NOSUID | libc::MS_NODEV, c"mode=0700".as_ptr().cast())
            .map_err(|e| Step::UpperTmpfs.failed(e))?;
        for directory in [&self.upper, &self.work] {
            sys::mkdirat(libc::AT_FDCWD, directory, 0o755).map_err(|e| Step::UpperTmpfs.failed(e))?;
        }
        let fd = self.mount_upper(options).map_err(|_| first)?;
        self.enter(fd)
    }

    fn mount_upper(&self, mut options: Options) -> Result<RawFd, Failure> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY;
        let open = |path| sys::openat(libc::AT_FDCWD, path, flags, 0).map_err(|e| Step::Upper.failed(e));
        let (upper, work) = (open(&self.upper)?, open(&self.work)?);
        options.text(b",upperdir=");
        options.fd(upper);
        options.text(b",workdir=");
        options.fd(work);
        if self.user_attributes {
            options.text(b",userxattr");
        }
        // What a box writes is thrown away, so it never has to reach the disk.
        let mut quick = options.clone();
        quick.text(b",volatile");
        let result = match self.mount_with(&quick) {
            Err(libc::EINVAL) => self.mount_with(&options),
            other => other,
        };
        sys::close(work);
        result.map(|()| upper).map_err(|e| Step::Overlay.failed(e))
    }

    fn mount_with(&self, options: &Options) -> Sys<()> {
        if options.full {
            return Err(libc::E2BIG);
        }
        sys::mount(c"overlay", &self.root, 0, options.bytes.as_ptr().cast())
    }

    fn enter(&self, upper: RawFd) -> Result<RawFd, Failure> {
        sys::chdir(&self.root).map_err(|e| Step::Overlay.failed(e))?;
        Ok(upper)
    }
}

/// A page of mount options that is filled without allocation and always ends with a NUL byte.
#[derive(Clone)]
struct Options {
    bytes: [u8; PAGE],
    length: usize,
    full: bool,
}

impl Options {
    fn new() -> Self {
        Self { bytes: [0; PAGE], length: 0, full: false }
    }

    fn text(&mut self, text: &[u8]) {
        let end = self.length + text.len();
        match self.bytes.get_mut(self.length..end) {
            Some(room) if end < PAGE => {
                room.copy_from_slice(text);
                self.length = end;
            }
            _ => self.full = true,
        }
    }

    fn fd(&mut self, fd: RawFd) {
        self.text(b"/proc/self/fd/");
        let mut digits = [0u8; 10];
        let (mut rest, mut start) = (fd.unsigned_abs(), digits.len());
        loop {
            start -= 1;
            if let Some(digit) = digits.get_mut(start) {
                *digit = b'0' + (rest % 10) as u8;
            }
            rest /= 10;
            if rest == 0 || start == 0 {
                break;
            }
        }
        self.text(digits.get(start..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_written_without_allocation_and_never_overflow() {
        let mut options = Options::new();
        options.text(b"lowerdir=");
        options.fd(0);
        options.text(b":");
        options.fd(2_147_483_647);
        assert_eq!(&options.bytes[..options.length], b"lowerdir=/proc/self/fd/0:/proc/self/fd/2147483647");
        for _ in 0..1000 {
            options.fd(1);
        }
        assert!(options.full && options.bytes[PAGE - 1] == 0);
    }
}
