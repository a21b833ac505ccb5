//! Images in one tar: OCI archives, and what `docker save` writes, before and since version 25.
//!
//! The tar is walked once for its names and offsets; blobs are then read in place, so nothing is unpacked.

use crate::layout::{LAYOUT_FILE, check_marker, parse};
use crate::tape::{Kind, Tape, Walker, clean};
use crate::{Blobs, Compression, DOCUMENT_LIMIT, Image, StoreError, Verified};
use seaworthy_oci::{Descriptor, Digest, Hasher, Index, Manifest, Source, media_type};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most entries of an archive; each layer has a few.
const ENTRIES: u64 = 100_000;

/// Where an entry's content lies, or what it links to.
#[derive(Clone, Debug)]
enum Place {
    At { offset: u64, size: u64 },
    Link(Vec<u8>),
}

/// An image archive, indexed.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    file: Arc<File>,
    entries: BTreeMap<Vec<u8>, Place>,
    /// Blobs of an archive that does not name them by digest.
    named: BTreeMap<Digest, Vec<u8>>,
}

/// One image of a `manifest.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

impl Archive {
    /// Indexes an archive.
    ///
    /// # Errors
    /// When the file cannot be read, is no tar, or is a tar without an image.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| StoreError::io("open", path, error))?;
        let meta = file.metadata().map_err(|error| StoreError::io("look at", path, error))?;
        let not = |why: &str| StoreError::NotAnImage { path: path.to_owned(), why: why.to_owned() };
        if !meta.is_file() {
            return Err(not("it is no regular file"));
        }
        let file = Arc::new(file);
        let mut head = [0; 4];
        let got = file.read_at(&mut head, 0).map_err(|error| StoreError::io("read", path, error))?;
        let (file, length) = match Compression::sniff(&head[..got]) {
            Compression::None => {
                let other = [("bzip2", &b"BZh"[..]), ("xz", b"\xfd7zX")];
                if let Some((name, _)) = other.iter().find(|(_, magic)| head.starts_with(magic)) {
                    return Err(not(&format!("it is compressed by {name}; unpack it first")));
                }
                (file, meta.len())
            }
            packed => unpacked(&file, packed, path)?,
        };
        let section = Section { file: Arc::clone(&file), at: 0, left: length };
        let mut walker = Walker::new(
            SeekTape(BufReader::with_capacity(4096, section)),
            path.display().to_string(),
            ENTRIES,
        );
        let mut entries = BTreeMap::new();
        loop {
            match walker.advance() {
                Ok(true) => {}
                Ok(false) => break,
                Err(StoreError::Tar { why, .. }) if entries.is_empty() => return Err(not(&why)),
                Err(error) => return Err(error),
            }
            let entry = walker.entry();
            let Some(name) = clean(&entry.path) else { continue };
            let place = match entry.kind {
                Kind::File if entry.sparse.is_empty() => {
                    Place::At { offset: walker.position(), size: entry.stored }
                }
                // Old versions of docker save link equal layers to one another.
                Kind::Symlink => {
                    let mut target = name.clone();
                    target.truncate(name.iter().rposition(|byte| *byte == b'/').unwrap_or_default());
                    target.push(b'/');
                    target.extend_from_slice(&entry.link);
                    match clean(&target) {
                        Some(target) => Place::Link(target),
                        None => continue,
                    }
                }
                Kind::HardLink => match clean(&entry.link) {
                    Some(target) => Place::Link(target),
                    None => continue,
                },
                _ => continue,
            };
            entries.insert(name, place);
        }
        let archive = Self { path: path.to_owned(), file, entries, named: BTreeMap::new() };
        if archive.is_layout() {
            check_marker(&archive.document("oci-layout")?, &archive.what("oci-layout"))?;
        } else if !archive.is_docker() {
            return Err(not("the tar has neither oci-layout nor manifest.json"));
        }
        Ok(archive)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it holds an OCI layout.
    pub fn is_layout(&self) -> bool {
        self.find(b"oci-layout").is_some() && self.find(b"index.json").is_some()
    }

    /// Whether it holds docker's `manifest.json`.
    pub fn is_docker(&self) -> bool {
        self.find(b"manifest.json").is_some()
    }

    /// The layout's `index.json`.
    ///
    /// # Errors
    /// When it is missing or broken.
    pub fn index(&self) -> Result<Index, StoreError> {
        let bytes = self.document("index.json")?;
        let index: Index = parse(&bytes, || self.what("index.json"))?;
        crate::layout::check_index(&index, || self.what("index.json"))?;
        Ok(index)
    }

    /// The image of an archive that only has docker's `manifest.json`. Its layers have no digests of their own there,
    /// so a manifest is made for them: plain layers are named by their diff ids, compressed ones are read once for
    /// their digest.
    pub(crate) fn docker_image(
        mut self,
        reference: Option<&str>,
        source: Source,
    ) -> Result<Image, StoreError> {
        let bytes = self.document("manifest.json")?;
        let saved: Vec<Saved> = parse(&bytes, || self.what("manifest.json"))?;
        let saved = self.choose_saved(saved, reference)?;
        let config_bytes = self.document(&saved.config)?;
        let config_descriptor = Descriptor::of(media_type::CONFIG, &config_bytes);
        let config = crate::parse_config(&config_bytes, &config_descriptor.digest)?;
        if config.rootfs.diff_ids.len() != saved.layers.len() {
            return Err(StoreError::Invalid {
                what: self.what(&saved.config),
                why: format!("{} diff_ids, {} layers", config.rootfs.diff_ids.len(), saved.layers.len()),
            });
        }
        let mut layers = Vec::new();
        for (name, diff_id) in saved.layers.iter().zip(&config.rootfs.diff_ids) {
            let (mut section, key) = self.section(name)?;
            let size = section.left;
            let mut head = [0; 4];
            let got = section
                .file
                .read_at(&mut head, section.at)
                .map_err(|e| StoreError::io("read", &self.path, e))?;
            let (media, digest) = match Compression::sniff(&head[..got]) {
                Compression::None => (media_type::LAYER_TAR, diff_id.clone()),
                packed => {
                    let media = if packed == Compression::Gzip {
                        media_type::LAYER_GZIP
                    } else {
                        media_type::LAYER_ZSTD
                    };
                    (media, hash(&mut section).map_err(|error| StoreError::io("read", &self.path, error))?)
                }
            };
            self.named.insert(digest.clone(), key);
            layers.push(Descriptor::new(media, digest, size));
        }
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.to_owned()),
            artifact_type: None,
            config: config_descriptor,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        };
        let manifest_bytes = serde_json::to_vec(&manifest)
            .map_err(|error| StoreError::Json { what: "the made manifest".to_owned(), source: error })?;
        let descriptor = Descriptor::of(media_type::MANIFEST, &manifest_bytes);
        Image::new(source, descriptor, manifest_bytes, config_bytes, Arc::new(self))
    }

    fn choose_saved(&self, mut saved: Vec<Saved>, reference: Option<&str>) -> Result<Saved, StoreError> {
        let tags: Vec<String> = saved
            .iter()
            .flat_map(|image| image.repo_tags.clone().unwrap_or_default())
            .map(|tag| format!("`{}`", crate::tape::shown(tag.as_bytes())))
            .take(20)
            .collect();
        let known = if tags.is_empty() { "no names".to_owned() } else { tags.join(", ") };
        let Some(reference) = reference else {
            return match saved.len() {
                0 => Err(StoreError::Empty { path: self.path.clone() }),
                1 => Ok(saved.remove(0)),
                _ => Err(StoreError::Ambiguous { path: self.path.clone(), known }),
            };
        };
        let wanted = full_name(reference);
        let at = saved.iter().position(|image| {
            image.repo_tags.iter().flatten().any(|tag| full_name(tag) == wanted)
                || image.config.trim_end_matches(".json").ends_with(reference.trim_start_matches("sha256:"))
        });
        at.map(|at| saved.swap_remove(at)).ok_or_else(|| StoreError::NoSuchReference {
            path: self.path.clone(),
            reference: reference.to_owned(),
            known,
        })
    }

    fn what(&self, name: &str) -> String {
        format!("{} of {}", name, self.path.display())
    }

    fn find(&self, name: &[u8]) -> Option<(Vec<u8>, u64, u64)> {
        let mut name = name.to_vec();
        // A chain of links this long is a loop.
        for _ in 0..16 {
            match self.entries.get(&name)? {
                Place::At { offset, size } => return Some((name, *offset, *size)),
                Place::Link(target) => name.clone_from(target),
            }
        }
        None
    }

    fn section(&self, name: &str) -> Result<(Section, Vec<u8>), StoreError> {
        let found = clean(name.as_bytes()).and_then(|name| self.find(&name));
        let Some((name, at, left)) = found else {
            let why =
                format!("it names `{}`, which is not in the archive", crate::tape::shown(name.as_bytes()));
            return Err(StoreError::Invalid { what: self.what("manifest.json"), why });
        };
        Ok((Section { file: Arc::clone(&self.file), at, left }, name))
    }

    fn document(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let (mut section, _) = self.section(name)?;
        if section.left > DOCUMENT_LIMIT {
            return Err(StoreError::TooLarge {
                what: self.what(name),
                size: section.left,
                limit: DOCUMENT_LIMIT,
            });
        }
        let mut bytes = Vec::new();
        section.read_to_end(&mut bytes).map_err(|error| StoreError::io("read", &self.path, error))?;
        Ok(bytes)
    }
}

impl Blobs for Archive {
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        let digest = &descriptor.digest;
        let name = match self.named.get(digest) {
            Some(name) => name.clone(),
            None => format!("blobs/{}/{}", digest.algorithm(), digest.hex()).into_bytes(),
        };
        let Some((_, at, left)) = self.find(&name) else {
            return Err(StoreError::MissingBlob { digest: digest.clone(), place: self.place() });
        };
        Ok(Box::new(Section { file: Arc::clone(&self.file), at, left }))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// A compressed archive in a file without a name: its parts are read out of order, which no compressed stream allows.
fn unpacked(file: &Arc<File>, packed: Compression, path: &Path) -> Result<(Arc<File>, u64), StoreError> {
    let raw = BufReader::with_capacity(128 << 10, Section { file: Arc::clone(file), at: 0, left: u64::MAX });
    let mut reader: Box<dyn Read> = match packed {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        _ => Box::new(crate::layer::Zstd::new(raw)),
    };
    let folder = std::env::temp_dir();
    let mut plain =
        tempfile::tempfile().map_err(|error| StoreError::io("create a temporary file in", &folder, error))?;
    let limits = crate::Limits::default();
    let stored = file.metadata().map_or(1, |meta| meta.len().max(1));
    let mut buffer = vec![0; 128 << 10];
    let mut total = 0u64;
    loop {
        crate::stop::check()?;
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let why = format!("cannot decompress {}: {error}", packed.name());
                return Err(StoreError::Invalid { what: path.display().to_string(), why });
            }
        };
        total += count as u64;
        let limit = |what: &str, limit: String| StoreError::Limit {
            what: format!("{what} of {}", path.display()),
            limit,
        };
        if total > limits.unpacked {
            return Err(limit("unpacked size", format!("{} bytes", limits.unpacked)));
        }
        if total > limits.ratio_from && total / stored > limits.ratio {
            return Err(limit("compression ratio", format!("{} to 1", limits.ratio)));
        }
        io::Write::write_all(&mut plain, &buffer[..count])
            .map_err(|error| StoreError::io("write a temporary file in", &folder, error))?;
    }
    Ok((Arc::new(plain), total))
}

/// A part of a file, read without moving the file's own position.
struct Section {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if most == 0 {
            return Ok(0);
        }
        let count = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// A tape that passes over content by moving its position.
struct SeekTape(BufReader<Section>);

impl Read for SeekTape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl BufRead for SeekTape {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl Tape for SeekTape {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let buffered = (self.0.buffer().len() as u64).min(count);
        self.0.consume(usize::try_from(buffered).unwrap_or_default());
        let section = self.0.get_mut();
        let step = (count - buffered).min(section.left);
        section.at += step;
        section.left -= step;
        Ok(buffered + step)
    }
}

fn hash(reader: &mut impl Read) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..count]);
    }
}

/// A name with its registry, as containerd writes it into archives.
pub(crate) fn full_name(name: &str) -> String {
    name.parse::<seaworthy_oci::Reference>()
        .map_or_else(|_| name.to_owned(), |reference| reference.to_string())
}

/// Writes an image as a tar of an OCI layout. The same image gives the same bytes.
///
/// # Errors
/// When a blob is missing or broken, or the file cannot be written; nothing is left behind then.
pub fn write_oci_archive(image: &Image, path: &Path, name: Option<&str>) -> Result<(), StoreError> {
    write(image, path, name, false)
}

/// Writes an image as `docker load` and `podman load` read it: an OCI layout with docker's `manifest.json` beside it,
/// as `docker save` does since version 25. The same image gives the same bytes.
///
/// # Errors
/// When a blob is missing or broken, or the file cannot be written; nothing is left behind then.
pub fn write_docker_archive(image: &Image, path: &Path, name: Option<&str>) -> Result<(), StoreError> {
    write(image, path, name, true)
}

fn write(image: &Image, path: &Path, name: Option<&str>, docker: bool) -> Result<(), StoreError> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".tmp-")
        .tempfile_in(folder)
        .map_err(|error| StoreError::io("create a temporary file in", folder, error))?;
    let failed = |error| StoreError::io("write", path, error);
    {
        let mut tar = tar::Builder::new(io::BufWriter::with_capacity(128 << 10, file.as_file_mut()));
        for folder in ["blobs/", "blobs/sha256/"] {
            append(&mut tar, folder, 0, io::empty()).map_err(failed)?;
        }
        let mut written = std::collections::BTreeSet::new();
        let manifest = &image.manifest;
        for (what, descriptor) in std::iter::once(("config", &manifest.config))
            .chain(manifest.layers.iter().map(|layer| ("layer", layer)))
        {
            if written.insert(&descriptor.digest) {
                let reader = Verified::new(image.blobs().open(descriptor)?, descriptor, what);
                append(&mut tar, &blob_name(&descriptor.digest), descriptor.size, reader).map_err(failed)?;
            }
        }
        let bytes = &image.manifest_bytes;
        append(&mut tar, &blob_name(&image.descriptor.digest), bytes.len() as u64, bytes.as_slice())
            .map_err(failed)?;
        let mut json = |name: &str, value: serde_json::Value| {
            let bytes = value.to_string();
            append(&mut tar, name, bytes.len() as u64, bytes.as_bytes()).map_err(failed)
        };
        let mut entry = image.descriptor.clone();
        entry.annotations.clear();
        if let Some(name) = name {
            if docker {
                entry.annotations.insert(crate::layout::CONTAINERD_NAME.to_owned(), full_name(name));
            }
            let tag = name.rsplit_once(':').map_or(name, |(_, tag)| tag);
            let short = if docker { tag } else { name };
            entry.annotations.insert(crate::REF_NAME.to_owned(), short.to_owned());
        }
        json("index.json", serde_json::to_value(Index::of(vec![entry])).unwrap_or_default())?;
        if docker {
            let layers: Vec<String> = manifest.layers.iter().map(|layer| blob_name(&layer.digest)).collect();
            let tags = name.map(|name| vec![name.to_owned()]);
            let config = blob_name(&manifest.config.digest);
            json(
                "manifest.json",
                serde_json::json!([{"Config": config, "RepoTags": tags, "Layers": layers}]),
            )?;
        }
        append(&mut tar, "oci-layout", LAYOUT_FILE.len() as u64, LAYOUT_FILE).map_err(failed)?;
        tar.into_inner().and_then(|mut inner| io::Write::flush(&mut inner)).map_err(failed)?;
    }
    crate::layout::publish(file, path)
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

fn append<W: io::Write>(
    tar: &mut tar::Builder<W>,
    name: &str,
    size: u64,
    reader: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    let folder = name.ends_with('/');
    header.set_entry_type(if folder { tar::EntryType::Directory } else { tar::EntryType::Regular });
    header.set_mode(if folder { 0o755 } else { 0o644 });
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    // `append` copies to the reader's end, where a verifying reader makes its check.
    tar.append_data(&mut header, name, reader)
}

impl Image {
    /// Copies the image into a layout, under a name where one is given.
    ///
    /// # Errors
    /// When a blob is missing or broken, or the layout cannot be written.
    pub fn save(&self, layout: &crate::Layout, name: Option<&str>) -> Result<Descriptor, StoreError> {
        for descriptor in &self.manifest.layers {
            if !layout.has(&descriptor.digest) {
                let reader = Verified::new(self.blobs().open(descriptor)?, descriptor, "layer");
                layout.put_reader(&descriptor.media_type, reader)?;
            }
        }
        layout.put(&self.manifest.config.media_type, &self.config_bytes)?;
        let mut descriptor = layout.put(&self.descriptor.media_type, &self.manifest_bytes)?;
        descriptor.platform.clone_from(&self.descriptor.platform);
        match name {
            Some(name) => layout.set_ref(name, descriptor.clone())?,
            None => layout.add(descriptor.clone())?,
        }
        Ok(descriptor)
    }
}
