//! OCI layouts to work on, generated once under `target/bench` and kept.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::floor::named;

/// Where the archive of a layer is written to.
pub(crate) type Tar<'a> = tar::Builder<&'a mut dyn Write>;

/// Fills the archive of one layer.
pub(crate) type Filler = Box<dyn FnOnce(&mut tar::Builder<&mut dyn Write>) -> anyhow::Result<()>>;

/// Gives a layout of the cache, generating it when it is not there.
pub(crate) fn cached(
    cache: &Path,
    name: &str,
    level: u32,
    layers: impl FnOnce() -> anyhow::Result<Vec<Filler>>,
) -> anyhow::Result<PathBuf> {
    let layout = cache.join(name);
    if !layout.join("index.json").is_file() {
        super::tell(&format!("generating {name}"));
        let fresh = cache.join(format!("{name}.new"));
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh)?;
        }
        write(&fresh, level, layers()?)?;
        std::fs::rename(&fresh, &layout)?;
    }
    Ok(layout)
}

/// Writes a layout with one image of the given layers, each gzipped at `level`, under the tag `latest`.
pub(crate) fn write(layout: &Path, level: u32, layers: Vec<Filler>) -> anyhow::Result<()> {
    let blobs = layout.join("blobs/sha256");
    std::fs::create_dir_all(&blobs)?;
    let mut descriptors = Vec::new();
    let mut diff_ids = Vec::new();
    for fill in layers {
        let fresh = layout.join("layer.new");
        let file = Hashing::new(BufWriter::with_capacity(1 << 20, File::create(&fresh)?));
        let mut unpacked = Hashing::new(GzEncoder::new(file, Compression::new(level)));
        let mut archive = tar::Builder::new(&mut unpacked as &mut dyn Write);
        fill(&mut archive)?;
        archive.into_inner()?.flush()?;
        diff_ids.push(named(unpacked.hash));
        let mut file = unpacked.inner.finish()?;
        file.flush()?;
        let size = file.bytes;
        let digest = named(file.hash);
        std::fs::rename(&fresh, blobs.join(digest.trim_start_matches("sha256:")))?;
        descriptors.push(json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": size,
        }));
    }
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {}, "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    let config = put(&blobs, "application/vnd.oci.image.config.v1+json", &config)?;
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": descriptors });
    let mut manifest = put(&blobs, manifest_type, &manifest)?;
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": "latest" });
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest],
    });
    std::fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    std::fs::write(layout.join("index.json"), index.to_string())?;
    Ok(())
}

fn put(blobs: &Path, media_type: &str, value: &serde_json::Value) -> anyhow::Result<serde_json::Value> {
    let bytes = value.to_string().into_bytes();
    let digest = named(Sha256::new().chain_update(&bytes));
    std::fs::write(blobs.join(digest.trim_start_matches("sha256:")), &bytes)?;
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
}

/// A writer that hashes and counts what passes.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W> Hashing<W> {
    fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let length = self.inner.write(buffer)?;
        self.hash.update(buffer.get(..length).unwrap_or_default());
        self.bytes += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// The files of `/usr` up to `limit` bytes, as (path, bytes); the programs, the libraries and the rest in equal parts,
/// so that the sample is like an image. Sorted by path, hence the same on each run of one machine.
pub(crate) fn files_of_usr(limit: u64) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut chosen = Vec::new();
    for folder in ["/usr/bin", "/usr/lib", "/usr/share"] {
        let mut left = limit / 3;
        collect(Path::new(folder), &mut left, &mut chosen)?;
    }
    anyhow::ensure!(!chosen.is_empty(), "no files in /usr");
    Ok(chosen)
}

fn collect(folder: &Path, left: &mut u64, chosen: &mut Vec<(PathBuf, u64)>) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), left, chosen)?;
        } else if kind.is_file() {
            let size = entry.metadata()?.len();
            // One huge file would make the sample unlike any image.
            if size <= (32 << 20) && size <= *left {
                *left -= size;
                chosen.push((entry.path(), size));
            }
        }
    }
    Ok(())
}

/// Adds files of the machine, and what tells the packages of a Debian system.
pub(crate) fn real_files(tar: &mut Tar<'_>, files: &[(PathBuf, u64)]) -> anyhow::Result<()> {
    let listed = ["/etc/os-release", "/var/lib/dpkg/status"].map(PathBuf::from);
    for path in listed.iter().chain(files.iter().map(|(path, _)| path)) {
        // A file that is unreadable or not there on this system is left out.
        let Ok(bytes) = std::fs::read(path) else { continue };
        let mut header = header(bytes.len() as u64, 0o755);
        tar.append_data(&mut header, path.strip_prefix("/")?, bytes.as_slice())?;
    }
    Ok(())
}

/// Adds small text files of different lengths.
pub(crate) fn small_files<W: Write>(tar: &mut tar::Builder<W>, count: u64) -> anyhow::Result<()> {
    for number in 0..count {
        let line = format!("{number}: the quick brown fox jumps over the lazy dog\n");
        let text = line.repeat(usize::try_from(number % 23)? + 1);
        let path = format!("srv/{:03}/file-{number}.txt", number / 1000);
        tar.append_data(&mut header(text.len() as u64, 0o644), path, text.as_bytes())?;
    }
    Ok(())
}

/// Adds one file that cannot be compressed.
pub(crate) fn noise(tar: &mut Tar<'_>, bytes: u64, seed: u64) -> anyhow::Result<()> {
    tar.append_data(&mut header(bytes, 0o644), format!("srv/noise-{seed}"), Noise(seed).take(bytes))?;
    Ok(())
}

fn header(size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(1_700_000_000);
    header
}

/// A stream without pattern that is the same for each seed (splitmix64).
struct Noise(u64);

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for chunk in buffer.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (word ^ (word >> 31)).to_le_bytes();
            chunk.copy_from_slice(bytes.get(..chunk.len()).unwrap_or_default());
        }
        Ok(buffer.len())
    }
}
