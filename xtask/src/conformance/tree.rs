//! `tree`: the flattened tree of every image of a folder, entry by entry, against what `docker export` gives for it.
//!
//! The folder holds layouts (`NAME.oci`), archives (`NAME.tar`) and folders with a `Dockerfile`, which are built. The
//! engine is the one of `DOCKER_HOST`. Left out are the paths every container gets from the engine itself, and of the
//! extended attributes all but `security.capability`, which are the only ones `docker export` writes.

use anyhow::{Context as _, ensure};
use seaworthy_facts::{FileFact, FileKind, encode_base64};
use seaworthy_inspect::{Options, inspect};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What the engine puts into every container before it starts (moby, `daemon/initlayer`).
const ENGINES: [&str; 10] = [
    "/.dockerenv",
    "/dev/console",
    "/dev/pts",
    "/dev/shm",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/sys",
];

/// Most entries of one image that are told one by one.
const TOLD: usize = 50;

/// What is compared of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: &'static str,
    mode: u32,
    owner: (u64, u64),
    size: u64,
    digest: String,
    link: String,
    device: Option<(u32, u32)>,
    capabilities: Option<String>,
}

impl Entry {
    fn told(&self) -> Value {
        json!(format!("{self:?}"))
    }
}

/// Compares every image of a folder; gives (agreeing entries, all).
pub(super) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let mut names: Vec<_> =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    names.sort();
    let (mut agree, mut all, mut images) = (0, 0, 0);
    for path in names {
        let work = tempfile::tempdir()?;
        let archive = work.path().join("image.tar");
        let source = if path.join("oci-layout").is_file() {
            format!("oci:{}", path.display())
        } else if path.join("Dockerfile").is_file() {
            docker(&["build", "-q", "-t", "seaworthy-tree:built", &path.display().to_string()])?;
            docker(&["save", "-o", &archive.display().to_string(), "seaworthy-tree:built"])?;
            archive.display().to_string()
        } else if path.extension().is_some_and(|end| end == "tar") && path.is_file() {
            path.display().to_string()
        } else {
            continue;
        };
        let Ok(image) = seaworthy_store::open(&source.parse()?, None) else { continue };
        images += 1;
        let facts = inspect(&image, &Options { digests: true, skip_secrets: true, ..Options::default() })?;
        let ours: BTreeMap<String, Entry> =
            facts.files.iter().map(|file| (file.path.clone(), of_fact(file))).collect();
        drop(facts);
        let theirs =
            exported(&image, &archive, work.path()).with_context(|| format!("export {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut told = 0;
        let mut paths: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            if path == "/" || ENGINES.contains(&path.as_str()) {
                continue;
            }
            let (left, right) = (ours.get(path), theirs.get(path));
            // What the engine puts in brings its directories with it, where the image has none.
            if left.is_none() && ["/dev", "/etc"].contains(&path.as_str()) {
                continue;
            }
            all += 1;
            if left == right {
                agree += 1;
            } else if told < TOLD {
                told += 1;
                out(json!({
                    "case": format!("{name} {path}"),
                    "expected": right.map(Entry::told),
                    "got": left.map(Entry::told),
                }));
            }
        }
    }
    ensure!(images > 0, "{} has no image", dir.display());
    Ok((agree, all))
}

/// What `docker export` gives for a container of the image.
fn exported(
    image: &seaworthy_store::Image,
    archive: &Path,
    work: &Path,
) -> anyhow::Result<BTreeMap<String, Entry>> {
    let tag = "seaworthy-tree:compared";
    seaworthy_store::write_docker_archive(image, archive, Some(tag))?;
    docker(&["load", "-q", "-i", &archive.display().to_string()])?;
    fs::remove_file(archive)?;
    let id = docker(&["create", tag, "true"])?;
    let tar = work.join("export.tar");
    let result = docker(&["export", "-o", &tar.display().to_string(), id.trim()]);
    docker(&["rm", id.trim()])?;
    docker(&["rmi", tag])?;
    result?;
    of_tar(&tar)
}

fn of_tar(path: &Path) -> anyhow::Result<BTreeMap<String, Entry>> {
    let mut archive = tar::Archive::new(fs::File::open(path)?);
    let mut found: BTreeMap<String, Entry> = BTreeMap::new();
    // The records of an extended header are read here: the library ends each at the first line end, which a name may
    // have.
    let mut pax = Pax::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        if entry.header().entry_type() == tar::EntryType::XHeader {
            let mut records = Vec::new();
            entry.read_to_end(&mut records)?;
            pax = Pax::read(&records).context("an extended header of the export is malformed")?;
            continue;
        }
        let Pax { records } = std::mem::take(&mut pax);
        let record = |key: &str| records.get(key).map(Vec::as_slice);
        let number = |key: &str| record(key).and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('/').to_owned();
        let path = format!("/{}", record("path").map_or_else(|| text(&entry.path_bytes()), text));
        let of_header = || entry.link_name_bytes().map(|bytes| text(&bytes)).unwrap_or_default();
        let link = record("linkpath").map_or_else(of_header, text);
        let capabilities = record("SCHILY.xattr.security.capability").map(encode_base64);
        let header = entry.header().clone();
        let kind = match header.entry_type() {
            tar::EntryType::Directory => "directory",
            tar::EntryType::Symlink => "symlink",
            tar::EntryType::Char => "char",
            tar::EntryType::Block => "block",
            tar::EntryType::Fifo => "fifo",
            tar::EntryType::Link => {
                // The first name of a file carries it; the others are the same file.
                let target = found.get(&format!("/{link}")).cloned();
                found.insert(path, target.context("a hard link leads nowhere in the export")?);
                continue;
            }
            _ => "file",
        };
        let mut hasher = Sha256::new();
        let mut size = 0;
        if kind == "file" {
            let mut buffer = vec![0; 128 << 10];
            loop {
                let count = entry.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                hasher.update(&buffer[..count]);
                size += count as u64;
            }
        }
        let device = matches!(kind, "char" | "block").then(|| {
            (
                header.device_major().ok().flatten().unwrap_or_default(),
                header.device_minor().ok().flatten().unwrap_or_default(),
            )
        });
        let entry = Entry {
            kind,
            mode: if kind == "symlink" { 0o777 } else { header.mode()? & 0o7777 },
            owner: (number("uid").unwrap_or(header.uid()?), number("gid").unwrap_or(header.gid()?)),
            size,
            digest: if kind == "file" { hex(&hasher.finalize()) } else { String::new() },
            link: if kind == "symlink" { link } else { String::new() },
            device,
            capabilities,
        };
        found.insert(path, entry);
    }
    Ok(found)
}

/// The records of an extended header.
#[derive(Default)]
struct Pax {
    records: BTreeMap<String, Vec<u8>>,
}

impl Pax {
    /// Reads records of the form `LENGTH KEY=VALUE` and a line end, where the length counts all of it.
    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut records = BTreeMap::new();
        while !bytes.is_empty() {
            let space = bytes.iter().position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
            let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let key = String::from_utf8_lossy(&record[..equals]).into_owned();
            records.insert(key, record[equals + 1..].to_vec());
            bytes = &bytes[length..];
        }
        Some(Self { records })
    }
}

fn of_fact(file: &FileFact) -> Entry {
    let kind = match file.kind {
        FileKind::File => "file",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symlink",
        FileKind::CharDevice => "char",
        FileKind::BlockDevice => "block",
        FileKind::Fifo => "fifo",
    };
    let detail = file.detail.as_deref().cloned().unwrap_or_default();
    let symlink = file.kind == FileKind::Symlink;
    Entry {
        kind,
        mode: if symlink { 0o777 } else { file.mode & 0o7777 },
        owner: (file.uid.into(), file.gid.into()),
        size: if kind == "file" { file.size } else { 0 },
        digest: if kind == "file" { detail.digest.unwrap_or_default() } else { String::new() },
        link: if symlink {
            file.link.clone().unwrap_or_default().trim_end_matches('/').to_owned()
        } else {
            String::new()
        },
        device: detail.device,
        capabilities: detail.xattrs.get("security.capability").cloned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = "sha256:".to_owned();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn docker(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("run docker; DOCKER_HOST names the engine")?;
    ensure!(
        output.status.success(),
        "docker {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
