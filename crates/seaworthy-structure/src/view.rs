//! An image's files as a container of it has them.
//!
//! A container has more than the image: Docker Engine makes mount points for what it mounts later, empty and with mode
//! 0755 (moby, `daemon/initlayer`), the working directory, and a directory for each volume. container-structure-test looks
//! at containers, so a test for `/etc/hosts` passes on an image that has none.

use crate::path::{clean, parts};
use seaworthy_facts::FileKind;
use seaworthy_oci::ContainerConfig;
use std::collections::BTreeMap;

/// A file as `lstat` sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Kind.
    pub kind: FileKind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Target of a symbolic link.
    pub link: String,
}

impl Stat {
    fn made(kind: FileKind, mode: u32, link: &str) -> Self {
        Self { kind, mode, uid: 0, gid: 0, size: 0, link: link.to_owned() }
    }
}

/// The files of an image by their own absolute paths: no link is followed here.
pub trait Files {
    /// The file at a path.
    fn at(&self, path: &str) -> Option<Stat>;

    /// The content of a regular file at a path.
    ///
    /// # Errors
    /// Why it cannot be had, in words.
    fn content(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The names of the directories right below a path.
    fn folders(&self, path: &str) -> Vec<String>;
}

/// The files of a container.
pub struct Container<'a> {
    files: &'a dyn Files,
    made: BTreeMap<String, Stat>,
}

/// The bound of the kernel on links in one path (path_resolution(7)).
const LINKS: usize = 40;

impl<'a> Container<'a> {
    /// The files of a container of an image.
    pub fn new(files: &'a dyn Files, config: &ContainerConfig) -> Self {
        let mut container = Self { files, made: BTreeMap::new() };
        for path in ["/dev/pts", "/dev/shm", "/proc", "/sys"] {
            container.directory(path);
        }
        for path in ["/.dockerenv", "/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/dev/console"] {
            container.make(path, Stat::made(FileKind::File, 0o755, ""));
        }
        container.make("/etc/mtab", Stat::made(FileKind::Symlink, 0o777, "/proc/mounts"));
        for path in config.volumes.keys().chain(std::iter::once(&config.working_dir)) {
            if path.starts_with('/') {
                container.directory(&clean(path));
            }
        }
        container
    }

    /// A directory where there is nothing yet.
    fn directory(&mut self, path: &str) {
        if path != "/" && self.stat(path).is_err() {
            self.make(path, Stat::made(FileKind::Directory, 0o755, ""));
        }
    }

    fn make(&mut self, path: &str, stat: Stat) {
        if let Some((folder, _)) = path.rsplit_once('/')
            && !folder.is_empty()
        {
            self.directory(folder);
        }
        // Links of the image in the way are followed within it.
        let path = self.resolve(path, false).unwrap_or_else(|_| path.to_owned());
        self.made.insert(path, stat);
    }

    fn at(&self, path: &str) -> Option<Stat> {
        if path == "/" {
            // The root is there even where no layer has a header of it.
            return Some(self.files.at("/").unwrap_or_else(|| Stat::made(FileKind::Directory, 0o755, "")));
        }
        self.made.get(path).cloned().or_else(|| self.files.at(path))
    }

    /// Where a path leads within the image; the last link is followed only where `last` says so.
    fn resolve(&self, path: &str, last: bool) -> Result<String, String> {
        let own = |path: &str| parts(path).rev().map(str::to_owned).collect::<Vec<_>>();
        let mut todo = own(path);
        let mut done = String::new();
        let mut links = 0;
        while let Some(part) = todo.pop() {
            if part == ".." {
                done.truncate(done.rfind('/').unwrap_or_default());
                continue;
            }
            let folder = done.len();
            done.push('/');
            done.push_str(&part);
            if todo.is_empty() && !last {
                break;
            }
            let Some(stat) = self.at(&done) else {
                return Err(format!("`{done}` does not exist"));
            };
            match stat.kind {
                FileKind::Symlink => {
                    links += 1;
                    if links > LINKS {
                        return Err(format!("`{path}` leads through more than {LINKS} links"));
                    }
                    done.truncate(if stat.link.starts_with('/') { 0 } else { folder });
                    todo.extend(own(&stat.link));
                }
                FileKind::Directory => {}
                _ if todo.is_empty() => {}
                _ => return Err(format!("`{done}` is no directory")),
            }
        }
        Ok(if done.is_empty() { "/".to_owned() } else { done })
    }

    /// The file at a path, its own link not followed.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn stat(&self, path: &str) -> Result<Stat, String> {
        let path = self.resolve(path, false)?;
        self.at(&path).ok_or_else(|| format!("`{path}` does not exist"))
    }

    /// The content of the file a path leads to.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = self.resolve(path, true)?;
        match self.at(&path) {
            Some(stat) if stat.kind == FileKind::Directory => Err(format!("`{path}` is a directory")),
            Some(stat) if stat.kind != FileKind::File => Err(format!("`{path}` is no regular file")),
            Some(_) if self.made.contains_key(&path) => Ok(Vec::new()),
            Some(_) => self.files.content(&path),
            None => Err(format!("`{path}` does not exist")),
        }
    }

    /// The names of the directories right below a path.
    ///
    /// # Errors
    /// Why it has none, in words.
    pub fn folders(&self, path: &str) -> Result<Vec<String>, String> {
        let path = self.resolve(path, true)?;
        match self.at(&path) {
            Some(stat) if stat.kind == FileKind::Directory => Ok(self.files.folders(&path)),
            Some(_) => Err(format!("`{path}` is no directory")),
            None => Err(format!("`{path}` does not exist")),
        }
    }
}
