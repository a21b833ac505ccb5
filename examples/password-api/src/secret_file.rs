//! Reading a secret from a file that only its owner can read.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};

/// The largest secret file, in bytes.
pub const MAX_BYTES: u64 = 16 * 1024;

/// Why a secret file is refused. Never holds any of its content.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be opened or read.
    #[error("cannot be read ({0})")]
    Unreadable(std::io::ErrorKind),
    /// The last part of the path is a symbolic link.
    #[error("is a symbolic link; name the file itself")]
    SymbolicLink,
    /// It is a directory, a pipe or a device.
    #[error("is not a regular file")]
    NotRegular,
    /// It belongs to another user.
    #[error("belongs to uid {owner}, but the service runs as uid {user}")]
    WrongOwner {
        /// The owner of the file.
        owner: u32,
        /// The effective user of this process.
        user: u32,
    },
    /// Others could read it.
    #[error("has mode {0:04o}; only 0600 and 0400 are accepted")]
    WrongMode(u32),
    /// It is larger than [`MAX_BYTES`].
    #[error("is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// It is not text.
    #[error("is not valid UTF-8")]
    NotText,
}

/// Reads the file and removes one line end at its end.
///
/// The checks are made on the opened file, not on its path, so that nothing can be swapped in between.
pub fn read(path: &Path) -> Result<String, SecretFileError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match errno {
        rustix::io::Errno::LOOP => SecretFileError::SymbolicLink,
        other => SecretFileError::Unreadable(std::io::Error::from(other).kind()),
    })?;
    let stat = rustix::fs::fstat(&file)
        .map_err(|errno| SecretFileError::Unreadable(std::io::Error::from(errno).kind()))?;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    check(regular, stat.st_mode & 0o7777, stat.st_uid, rustix::process::geteuid().as_raw())?;

    let mut bytes = Vec::new();
    File::from(file)
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| SecretFileError::Unreadable(error.kind()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SecretFileError::TooLarge);
    }
    let mut text = String::from_utf8(bytes).map_err(|_| SecretFileError::NotText)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Judges what `fstat` said.
fn check(regular: bool, mode: u32, owner: u32, user: u32) -> Result<(), SecretFileError> {
    if !regular {
        return Err(SecretFileError::NotRegular);
    }
    if owner != user {
        return Err(SecretFileError::WrongOwner { owner, user });
    }
    if mode != 0o600 && mode != 0o400 {
        return Err(SecretFileError::WrongMode(mode));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{SecretFileError, check, read};

    #[test]
    fn only_an_owner_only_regular_file_of_this_user_passes() {
        assert_eq!(check(true, 0o600, 10001, 10001), Ok(()));
        assert_eq!(check(true, 0o400, 10001, 10001), Ok(()));
        for mode in [0o644, 0o640, 0o604, 0o700, 0o4600, 0o000] {
            assert_eq!(check(true, mode, 1, 1), Err(SecretFileError::WrongMode(mode)));
        }
        assert_eq!(check(true, 0o600, 0, 1), Err(SecretFileError::WrongOwner { owner: 0, user: 1 }));
        assert_eq!(check(false, 0o600, 1, 1), Err(SecretFileError::NotRegular));
    }

    #[test]
    fn missing_files_and_directories_are_told_apart() {
        let missing = read(Path::new("/nonexistent/token")).unwrap_err();
        assert_eq!(missing, SecretFileError::Unreadable(std::io::ErrorKind::NotFound));
        assert_eq!(read(Path::new("/")).unwrap_err(), SecretFileError::NotRegular);
        assert_eq!(read(Path::new("/dev/null")).unwrap_err(), SecretFileError::NotRegular);
    }
}
