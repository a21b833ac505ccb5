//! What an engine does when a fresh volume is mounted where the image has files: it copies them into the volume.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::{Component, Path, PathBuf};

/// Copies a directory of an unpacked image to `target`, which must not exist, with owners where they can be given.
///
/// The image is hostile input: `path` is taken only where every part of it is a plain directory below `rootfs`, so no
/// link of the image is ever followed on the host. What is no file, directory or link is left out.
///
/// # Errors
/// A part of the path is a link, or something cannot be read or written.
pub(crate) fn copy(rootfs: &Path, path: &str, target: &Path, owners: bool) -> io::Result<()> {
    let mut source = PathBuf::from(rootfs);
    for part in Path::new(path).components() {
        match part {
            Component::RootDir | Component::CurDir => continue,
            Component::Normal(name) => source.push(name),
            Component::ParentDir | Component::Prefix(_) => return Err(io::ErrorKind::InvalidInput.into()),
        }
        if !fs::symlink_metadata(&source)?.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("`{path}` leads through a link"),
            ));
        }
    }
    copy_directory(&source, target, owners)
}

/// Makes an empty volume where the image has no such directory, as an engine does; any other failure stays one.
///
/// # Errors
/// What went wrong before, or the directory cannot be made.
pub(crate) fn empty(target: &Path, failed: io::Error) -> io::Result<()> {
    if failed.kind() == io::ErrorKind::NotFound && !target.exists() {
        fs::DirBuilder::new().mode(0o755).create(target)
    } else {
        Err(failed)
    }
}

/// Adds the files below a volume to a list, by their paths inside the container. Links are not followed.
///
/// # Errors
/// A directory cannot be read.
pub(crate) fn list(source: &Path, inside: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let path = format!("{}/{}", inside.trim_end_matches('/'), entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn copy_directory(source: &Path, target: &Path, owners: bool) -> io::Result<()> {
    let meta = fs::symlink_metadata(source)?;
    fs::DirBuilder::new().mode(0o700).create(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), target.join(entry.file_name()));
        // `metadata` of an entry does not follow a link.
        let meta = entry.metadata()?;
        if meta.is_dir() {
            copy_directory(&from, &to, owners)?;
        } else if meta.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
            if owners {
                lchown(&to, Some(meta.uid()), Some(meta.gid()))?;
            }
        } else if meta.is_file() {
            fs::copy(&from, &to)?;
            settle(&to, &meta, owners)?;
        }
    }
    settle(target, &meta, owners)
}

/// Gives a copy its owner, then its permissions: a change of owner takes set-user-id bits away.
fn settle(target: &Path, meta: &fs::Metadata, owners: bool) -> io::Result<()> {
    if owners {
        chown(target, Some(meta.uid()), Some(meta.gid()))?;
    }
    fs::set_permissions(target, fs::Permissions::from_mode(meta.mode() & 0o7777))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("seaworthy-volume-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn files_links_and_permissions_are_copied() {
        let dir = scratch("copy");
        let data = dir.join("rootfs/var/data/sub");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("file"), "content").unwrap();
        fs::set_permissions(data.join("file"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("/etc/passwd", data.join("link")).unwrap();
        copy(&dir.join("rootfs"), "/var/data", &dir.join("volume"), false).unwrap();
        let copied = dir.join("volume/sub");
        assert_eq!(fs::read_to_string(copied.join("file")).unwrap(), "content");
        assert_eq!(fs::metadata(copied.join("file")).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_link(copied.join("link")).unwrap(), Path::new("/etc/passwd"));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_link_of_the_image_is_not_followed_on_the_host() {
        let dir = scratch("link");
        fs::create_dir_all(dir.join("host/secret")).unwrap();
        fs::create_dir_all(dir.join("rootfs")).unwrap();
        symlink(dir.join("host"), dir.join("rootfs/var")).unwrap();
        assert!(copy(&dir.join("rootfs"), "/var/secret", &dir.join("volume"), false).is_err());
        assert!(copy(&dir.join("rootfs"), "/../host", &dir.join("volume"), false).is_err());
        assert!(!dir.join("volume").exists());
        fs::remove_dir_all(dir).unwrap();
    }
}
