//! Plain directories: `dir:` as skopeo writes it (`manifest.json`, `version`, blobs by their hexadecimal digests), and any
//! other directory as the file tree of an image of one layer.

use crate::layout::sniff_document;
use crate::pump::Pump;
use crate::{Blobs, Image, StoreError, descend};
use seaworthy_oci::{Descriptor, Digest, ImageConfig, Manifest, Platform, RootFs, Source, media_type};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens a directory.
pub(crate) fn open(path: &Path, platform: Option<&Platform>) -> Result<Image, StoreError> {
    let source = Source::Directory { path: path.to_owned() };
    if is_blob_folder(path) {
        let bytes = crate::layout::read_bounded(&path.join("manifest.json"))?;
        let descriptor = Descriptor::of(&sniff_document(&bytes), &bytes);
        let blobs = Folder { path: path.to_owned(), manifest: (descriptor.digest.clone(), bytes) };
        return descend(source, descriptor, platform, Arc::new(blobs));
    }
    tree(path, source)
}

/// Whether skopeo's `dir:` wrote it.
pub(crate) fn is_blob_folder(path: &Path) -> bool {
    path.join("manifest.json").is_file() && path.join("version").is_file()
}

struct Folder {
    path: PathBuf,
    manifest: (Digest, Vec<u8>),
}

impl Blobs for Folder {
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        let digest = &descriptor.digest;
        if *digest == self.manifest.0 {
            return Ok(Box::new(io::Cursor::new(self.manifest.1.clone())));
        }
        let name = match digest.algorithm() {
            "sha256" => digest.hex().to_owned(),
            other => format!("{other}-{}", digest.hex()),
        };
        // Manifests within an index have names of their own.
        for name in [format!("{name}.manifest.json"), name] {
            let path = self.path.join(name);
            match fs::metadata(&path) {
                Ok(meta) if meta.is_file() => {
                    let file = File::open(&path).map_err(|error| StoreError::io("open", &path, error))?;
                    return Ok(Box::new(file));
                }
                Ok(_) => {
                    let what = path.display().to_string();
                    return Err(StoreError::Invalid {
                        what,
                        why: "a blob must be a regular file".to_owned(),
                    });
                }
                Err(_) => {}
            }
        }
        Err(StoreError::MissingBlob { digest: digest.clone(), place: self.place() })
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// A file tree as an image: its one layer is the tar that the tree gives, made as often as it is read.
fn tree(path: &Path, source: Source) -> Result<Image, StoreError> {
    if !path.is_dir() {
        let why = "there is no such directory".to_owned();
        return Err(StoreError::NotAnImage { path: path.to_owned(), why });
    }
    let mut hasher = Counted { hasher: seaworthy_oci::Hasher::new(), size: 0 };
    write_tree(path, &mut hasher).map_err(|error| StoreError::io("read", path, error))?;
    let (diff_id, size) = (hasher.hasher.finish(), hasher.size);
    let host = Platform::host();
    let config = ImageConfig {
        architecture: host.architecture,
        os: host.os,
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: vec![diff_id.clone()] },
        ..ImageConfig::default()
    };
    let json = |source| StoreError::Json { what: "the made configuration".to_owned(), source };
    let config = serde_json::to_vec(&config).map_err(json)?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::of(media_type::CONFIG, &config),
        layers: vec![Descriptor::new(media_type::LAYER_TAR, diff_id, size)],
        subject: None,
        annotations: BTreeMap::new(),
    };
    let bytes = serde_json::to_vec(&manifest).map_err(json)?;
    let descriptor = Descriptor::of(media_type::MANIFEST, &bytes);
    Image::new(source, descriptor, bytes, config, Arc::new(Tree(path.to_owned())))
}

struct Tree(PathBuf);

impl Blobs for Tree {
    fn open(&self, _: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        let path = self.0.clone();
        Ok(Box::new(Pump::start(move |out| write_tree(&path, out))))
    }

    fn place(&self) -> String {
        self.0.display().to_string()
    }
}

/// Hashes and counts what is written.
struct Counted {
    hasher: seaworthy_oci::Hasher,
    size: u64,
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        crate::stop::check()?;
        self.hasher.update(buffer);
        self.size += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a directory as a tar, sorted, through no symbolic link and onto no other file system.
fn write_tree(root: &Path, out: &mut impl Write) -> io::Result<()> {
    let mut tar = tar::Builder::new(out);
    tar.sparse(false);
    let device = fs::metadata(root)?.dev();
    let mut linked: BTreeMap<u64, PathBuf> = BTreeMap::new();
    let mut todo = vec![PathBuf::new()];
    while let Some(name) = todo.pop() {
        let path = root.join(&name);
        let meta = fs::symlink_metadata(&path)?;
        let kind = meta.file_type();
        if meta.dev() != device {
            continue;
        }
        let mut header = tar::Header::new_gnu();
        header.set_mode(meta.mode() & 0o7777);
        header.set_uid(meta.uid().into());
        header.set_gid(meta.gid().into());
        header.set_mtime(u64::try_from(meta.mtime()).unwrap_or_default());
        header.set_size(0);
        if kind.is_dir() {
            let mut children = fs::read_dir(&path)?
                .map(|child| child.map(|child| name.join(child.file_name())))
                .collect::<io::Result<Vec<_>>>()?;
            children.sort_by(|left, right| right.cmp(left));
            todo.extend(children);
            if !name.as_os_str().is_empty() {
                header.set_entry_type(tar::EntryType::Directory);
                tar.append_data(&mut header, &name, io::empty())?;
            }
            continue;
        }
        if meta.nlink() > 1
            && let Some(first) = linked.get(&meta.ino())
        {
            header.set_entry_type(tar::EntryType::Link);
            tar.append_link(&mut header, &name, first)?;
            continue;
        }
        if meta.nlink() > 1 {
            linked.insert(meta.ino(), name.clone());
        }
        if kind.is_symlink() {
            header.set_entry_type(tar::EntryType::Symlink);
            tar.append_link(&mut header, &name, fs::read_link(&path)?)?;
        } else if kind.is_file() {
            let capabilities = capabilities(&path);
            if let Some(value) = &capabilities {
                tar.append_pax_extensions([("SCHILY.xattr.security.capability", value.as_slice())])?;
            }
            let file = File::open(&path)?;
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(meta.len());
            // A file that grows meanwhile must not spoil the tar.
            tar.append_data(&mut header, &name, file.take(meta.len()).chain(io::empty()))?;
        } else if kind.is_char_device() || kind.is_block_device() {
            let block = kind.is_block_device();
            header.set_entry_type(if block { tar::EntryType::Block } else { tar::EntryType::Char });
            header.set_device_major(rustix::fs::major(meta.rdev()))?;
            header.set_device_minor(rustix::fs::minor(meta.rdev()))?;
            tar.append_data(&mut header, &name, io::empty())?;
        } else if kind.is_fifo() {
            header.set_entry_type(tar::EntryType::Fifo);
            tar.append_data(&mut header, &name, io::empty())?;
        }
    }
    tar.finish()
}

/// The file capabilities of a file.
fn capabilities(path: &Path) -> Option<Vec<u8>> {
    let mut value = [0; 64];
    let count = rustix::fs::lgetxattr(path, "security.capability", &mut value).ok()?;
    Some(value[..count].to_vec())
}
