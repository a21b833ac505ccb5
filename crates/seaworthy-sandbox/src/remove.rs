//! Removing a box's directory: on one file system only, never through a symbolic link.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

/// Removes a directory with everything in it. What is mounted there is left alone, and so is the directory.
///
/// # Errors
/// The first error; the rest is removed all the same.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    let metadata = match rustix::fs::lstat(path) {
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        other => other?,
    };
    if FileType::from_raw_mode(metadata.st_mode) != FileType::Directory {
        return Err(io::Error::other("not a directory"));
    }
    let mut first = None;
    match open(CWD, path) {
        Ok(dir) => empty(dir.as_fd(), metadata.st_dev, &mut first, 0),
        Err(error) => first = Some(error),
    }
    if let Some(error) = first {
        return Err(error);
    }
    Ok(rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR)?)
}

fn open(parent: BorrowedFd<'_>, name: impl rustix::path::Arg + Copy) -> io::Result<std::os::fd::OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(parent, name, flags, Mode::empty()) {
        // overlayfs makes its work directory with mode 0; an owner without root's powers has to open it first.
        Err(rustix::io::Errno::ACCESS) => {
            rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
            Ok(rustix::fs::openat(parent, name, flags, Mode::empty())?)
        }
        other => Ok(other?),
    }
}

fn empty(directory: BorrowedFd<'_>, device: u64, first: &mut Option<io::Error>, depth: u32) {
    // Deeper than a path can be named only on purpose; the limit keeps the stack.
    if depth > 2000 {
        first.get_or_insert_with(|| io::Error::other("too many levels of directories"));
        return;
    }
    let entries = match Dir::read_from(directory) {
        Ok(entries) => entries,
        Err(error) => {
            first.get_or_insert(error.into());
            return;
        }
    };
    let mut readable = rustix::fs::fstat(directory).is_ok_and(|stat| stat.st_mode & 0o700 == 0o700);
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        if !readable {
            let _ = rustix::fs::fchmod(directory, Mode::RWXU);
            readable = true;
        }
        if let Err(error) = remove_entry(directory, name, device, first, depth) {
            first.get_or_insert(error);
        }
    }
}

fn remove_entry(
    directory: BorrowedFd<'_>,
    name: &std::ffi::CStr,
    device: u64,
    first: &mut Option<io::Error>,
    depth: u32,
) -> io::Result<()> {
    let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return Ok(rustix::fs::unlinkat(directory, name, AtFlags::empty())?);
    }
    if stat.st_dev != device {
        return Err(io::Error::other("another file system is mounted inside"));
    }
    let child = open(directory, name)?;
    empty(child.as_fd(), device, first, depth + 1);
    Ok(rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn links_are_removed_and_not_followed() {
        let base = std::env::temp_dir().join(format!("seaworthy-remove-{}", std::process::id()));
        let (inside, outside) = (base.join("in"), base.join("out"));
        fs::create_dir_all(inside.join("a/b")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("keep"), "x").unwrap();
        symlink(&outside, inside.join("a/link")).unwrap();
        fs::set_permissions(inside.join("a/b"), fs::Permissions::from_mode(0o0)).unwrap();
        remove_tree(&inside).unwrap();
        assert!(!inside.exists() && outside.join("keep").exists());
        symlink(&outside, &inside).unwrap();
        assert!(remove_tree(&inside).is_err() && outside.join("keep").exists());
        assert!(remove_tree(&base.join("nothing")).is_ok());
        fs::remove_dir_all(&base).unwrap();
    }
}
