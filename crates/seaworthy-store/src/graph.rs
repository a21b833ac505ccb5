//! Images where an engine keeps them: Docker's `overlay2` and the `overlay` of containers/storage, without an export.
//!
//! Both keep a layer as a directory and beside it what it takes to give the layer's tar back byte by byte: the headers
//! and padding, in order, and the names of the files whose content belongs in between (`vbatts/tar-split`, "tar/storage").
//! So the stream has the layer's own diff id, which proves that the directory was not changed since. Nothing is written,
//! no lock is taken, and no name of a layer leads out of its directory.

use crate::{Blobs, Image, Limits, StoreError};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::bufread::MultiGzDecoder;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use seaworthy_oci::{Descriptor, Digest, Manifest, Source, media_type};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest line of a tar-split file: one run of headers between two files.
const LINE: u64 = 64 << 20;

/// One record of a tar-split file.
#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    name: String,
    /// The name in base64 where it is no UTF-8.
    #[serde(default)]
    name_raw: Option<String>,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    payload: Option<String>,
}

/// Where one layer lies.
#[derive(Clone, Debug)]
struct Place {
    split: PathBuf,
    folder: PathBuf,
}

/// Layers of an engine's store by diff id.
struct Graph {
    place: String,
    layers: BTreeMap<Digest, Place>,
}

impl Blobs for Graph {
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        let Some(place) = self.layers.get(&descriptor.digest) else {
            let digest = descriptor.digest.clone();
            return Err(StoreError::MissingBlob { digest, place: self.place.clone() });
        };
        Ok(Box::new(Assembled::open(place)?))
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn tree(&self, layer: &Descriptor) -> Option<PathBuf> {
        let folder = &self.layers.get(&layer.digest)?.folder;
        // The directory above it is the engine's, so only the last step could lead elsewhere.
        fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()).then(|| folder.clone())
    }
}

/// Opens an image of a Docker Engine by the digest of its configuration. `root` is the engine's data directory.
///
/// # Errors
/// When the directory cannot be read, the engine keeps its images elsewhere (containerd, another driver), or a layer has
/// no tar-split file.
pub fn open_docker_graph(root: &Path, id: &Digest, source: Source) -> Result<Image, StoreError> {
    let base = root.join("image/overlay2");
    let config = read(&base.join("imagedb/content/sha256").join(id.hex()))?;
    let parsed = crate::parse_config(&config, id)?;
    let mut layers = Vec::new();
    let mut chain: Option<Digest> = None;
    for diff_id in &parsed.rootfs.diff_ids {
        let next = match &chain {
            None => diff_id.clone(),
            Some(below) => Digest::of(format!("{below} {diff_id}").as_bytes()),
        };
        let folder = base.join("layerdb/sha256").join(next.hex());
        let cache = read(&folder.join("cache-id"))?;
        let cache = String::from_utf8_lossy(&cache).trim().to_owned();
        let place = Place {
            split: folder.join("tar-split.json.gz"),
            folder: root.join("overlay2").join(name(&cache)?).join("diff"),
        };
        layers.push((diff_id.clone(), place));
        chain = Some(next);
    }
    image(root, config, layers, source)
}

/// An image of containers/storage (`overlay-images/images.json`).
#[derive(Deserialize)]
struct StoredImage {
    id: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    layer: String,
}

/// A layer of containers/storage (`overlay-layers/layers.json`).
#[derive(Deserialize)]
struct StoredLayer {
    id: String,
    #[serde(default)]
    parent: String,
}

/// The directories containers/storage may keep images in, by its own defaults: those of root and of this user.
pub fn storage_roots(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let home = variable("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let own = variable("XDG_DATA_HOME").map(PathBuf::from).or(home);
    let mut roots: Vec<PathBuf> = own.into_iter().map(|data| data.join("containers/storage")).collect();
    roots.push(PathBuf::from("/var/lib/containers/storage"));
    roots.retain(|root| root.join("overlay-images/images.json").is_file());
    roots
}

/// Opens an image of containers/storage (Podman, Buildah, CRI-O) by name, id or the beginning of its id; nothing where the
/// store does not have it.
///
/// # Errors
/// When the store cannot be read, or a layer has no tar-split file.
pub fn open_storage(root: &Path, wanted: &str) -> Result<Option<Image>, StoreError> {
    let images: Vec<StoredImage> = document(&root.join("overlay-images/images.json"))?;
    let tag = if wanted.rsplit('/').next().is_some_and(|last| last.contains(':')) { "" } else { ":latest" };
    let full = crate::archive::full_name(wanted);
    // What Podman builds itself has no registry; short names are looked up there first.
    let spellings =
        [format!("localhost/{wanted}{tag}"), wanted.to_owned(), full.clone(), format!("{full}{tag}")];
    let bare = wanted.trim_start_matches("sha256:");
    let hex = bare.len() >= 6 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    let found = images
        .iter()
        .find(|image| image.names.iter().flatten().any(|known| spellings.contains(known)) || image.id == bare)
        .or_else(|| images.iter().find(|image| hex && image.id.starts_with(bare)));
    let Some(found) = found else { return Ok(None) };
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for file in ["layers.json", "volatile-layers.json"] {
        let path = root.join("overlay-layers").join(file);
        if path.is_file() {
            let layers: Vec<StoredLayer> = document(&path)?;
            known.extend(layers.into_iter().map(|layer| (layer.id, layer.parent)));
        }
    }
    let data = root.join("overlay-images").join(name(&found.id)?);
    // Names of big data that are no plain file names are kept in base64 after an equals sign.
    let key = format!("={}", BASE64_STANDARD.encode(format!("sha256:{}", found.id)));
    let config = read(&data.join(key))?;
    let digest = Digest::of(&config);
    let diff_ids = crate::parse_config(&config, &digest)?.rootfs.diff_ids;
    let mut places = Vec::new();
    let mut at = found.layer.clone();
    for diff_id in diff_ids.iter().rev() {
        let parent = known.get(&at).cloned().ok_or_else(|| StoreError::Invalid {
            what: root.join("overlay-layers/layers.json").display().to_string(),
            why: format!(
                "the layer `{}` of image {} is missing",
                crate::tape::shown(at.as_bytes()),
                found.id
            ),
        })?;
        let layer = name(&at)?.to_owned();
        let split = root.join("overlay-layers").join(format!("{layer}.tar-split.gz"));
        let folder = root.join("overlay").join(&layer).join("diff");
        places.push((diff_id.clone(), Place { split, folder }));
        at = parent;
    }
    places.reverse();
    image(root, config, places, Source::Storage(wanted.to_owned())).map(Some)
}

/// An image whose layers are put together from their directories. Neither store keeps the manifest of what it shows, so
/// one is made, as for `docker save`.
fn image(
    root: &Path,
    config: Vec<u8>,
    places: Vec<(Digest, Place)>,
    source: Source,
) -> Result<Image, StoreError> {
    let mut layers = Vec::new();
    let mut known = BTreeMap::new();
    for (diff_id, place) in places {
        let size = size(&place)?;
        layers.push(Descriptor::new(media_type::LAYER_TAR, diff_id.clone(), size));
        known.insert(diff_id, place);
    }
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::of(media_type::CONFIG, &config),
        layers,
        subject: None,
        annotations: BTreeMap::new(),
    };
    let bytes = serde_json::to_vec(&manifest)
        .map_err(|source| StoreError::Json { what: "the made manifest".to_owned(), source })?;
    let descriptor = Descriptor::of(media_type::MANIFEST, &bytes);
    let graph = Graph { place: root.display().to_string(), layers: known };
    Image::new(source, descriptor, bytes, config, Arc::new(graph))
}

/// A name that is one part of a path.
fn name(text: &str) -> Result<&str, StoreError> {
    let good = !text.is_empty() && !text.starts_with('.') && !text.contains('/') && !text.contains('\0');
    if good {
        return Ok(text);
    }
    let what = format!("`{}`", crate::tape::shown(text.as_bytes()));
    Err(StoreError::Invalid { what, why: "it is no name of a layer or image".to_owned() })
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::io("open", path, error))?;
    let mut bytes = Vec::new();
    file.take(crate::DOCUMENT_LIMIT * 4)
        .read_to_end(&mut bytes)
        .map_err(|error| StoreError::io("read", path, error))?;
    Ok(bytes)
}

fn document<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    crate::layout::parse(&read(path)?, || path.display().to_string())
}

/// The records of a tar-split file.
struct Parts {
    lines: BufReader<io::Take<MultiGzDecoder<BufReader<File>>>>,
    path: PathBuf,
    line: Vec<u8>,
}

impl Parts {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| StoreError::io("open", path, error))?;
        // What a layer may unpack to bounds its headers, too.
        let plain = MultiGzDecoder::new(BufReader::new(file)).take(Limits::default().unpacked);
        Ok(Self { lines: BufReader::new(plain), path: path.to_owned(), line: Vec::new() })
    }

    fn next(&mut self) -> io::Result<Option<Part>> {
        self.line.clear();
        let count = (&mut self.lines).take(LINE).read_until(b'\n', &mut self.line)?;
        if count == 0 {
            return Ok(None);
        }
        serde_json::from_slice(&self.line)
            .map(Some)
            .map_err(|source| StoreError::Json { what: self.path.display().to_string(), source }.into())
    }
}

/// The size of a layer's tar, without reading the files.
fn size(place: &Place) -> Result<u64, StoreError> {
    let mut parts = Parts::open(&place.split)?;
    let mut total = 0u64;
    let failed = |error| StoreError::io("read", &place.split, error);
    while let Some(part) = parts.next().map_err(failed)? {
        let length = match part.kind {
            2 => part.payload.as_deref().map_or(0, decoded_length),
            _ => part.size,
        };
        total = total.saturating_add(length);
    }
    Ok(total)
}

/// Bytes that a text in base64 stands for.
fn decoded_length(text: &str) -> u64 {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding) as u64
}

/// A layer's tar, put together again.
struct Assembled {
    parts: Parts,
    folder: OwnedFd,
    path: PathBuf,
    segment: Vec<u8>,
    at: usize,
    file: Option<(File, PathBuf)>,
    left: u64,
}

impl Assembled {
    fn open(place: &Place) -> Result<Self, StoreError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&place.folder, flags, Mode::empty())
            .map_err(|error| StoreError::io("open", &place.folder, error.into()))?;
        Ok(Self {
            parts: Parts::open(&place.split)?,
            folder,
            path: place.folder.clone(),
            segment: Vec::new(),
            at: 0,
            file: None,
            left: 0,
        })
    }

    /// Goes to the next part; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let Some(part) = self.parts.next()? else { return Ok(false) };
        if part.kind == 2 {
            let text = part.payload.unwrap_or_default();
            self.segment = BASE64_STANDARD.decode(text).map_err(io::Error::other)?;
            self.at = 0;
            return Ok(true);
        }
        if part.size == 0 {
            return Ok(true);
        }
        let name = match part.name_raw {
            Some(raw) => BASE64_STANDARD.decode(raw).map_err(io::Error::other)?,
            None => part.name.into_bytes(),
        };
        let relative: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(name.as_slice());
        let path = self.path.join(relative.to_string_lossy().trim_start_matches('/'));
        let failed = |error: rustix::io::Errno| io::Error::from(StoreError::io("open", &path, error.into()));
        // A pipe in a file's place must not make us wait, and no link may lead out of the layer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let fd =
            rustix::fs::openat2(&self.folder, relative, flags, Mode::empty(), resolve).map_err(failed)?;
        self.file = Some((File::from(fd), path));
        self.left = part.size;
        Ok(true)
    }
}

impl Read for Assembled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.at < self.segment.len() {
                let count = buffer.len().min(self.segment.len() - self.at);
                buffer[..count].copy_from_slice(&self.segment[self.at..self.at + count]);
                self.at += count;
                return Ok(count);
            }
            if let Some((file, path)) = &mut self.file {
                if self.left == 0 {
                    self.file = None;
                    continue;
                }
                let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
                let count = file.read(&mut buffer[..most])?;
                if count == 0 {
                    let what = path.display().to_string();
                    let why = format!("it is {} bytes shorter than when the layer was made", self.left);
                    return Err(StoreError::Invalid { what, why }.into());
                }
                self.left -= count as u64;
                return Ok(count);
            }
            if !self.advance()? {
                return Ok(0);
            }
        }
    }
}

/// Whether a directory is Docker's and can be read here.
pub fn is_docker_graph(root: &Path) -> bool {
    fs::read_dir(root.join("image/overlay2/layerdb/sha256")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_base64_is_known_without_decoding() {
        for bytes in ["", "a", "ab", "abc", "abcd"] {
            assert_eq!(decoded_length(&BASE64_STANDARD.encode(bytes)), bytes.len() as u64);
        }
    }
}
