//! OCI layout directories (`image-spec` image-layout.md), read and written.
//!
//! Every write is a temporary file in the layout and a rename, so that a killed run leaves either the old state or the
//! new one; `index.json` is rewritten under a lock on the `oci-layout` file.

use crate::verify::{Check, Verified};
use crate::{Blobs, StoreError};
use seaworthy_oci::{Descriptor, Digest, ImageConfig, Index, Manifest, media_type};
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The largest manifest, index or configuration that is read, in bytes.
pub const DOCUMENT_LIMIT: u64 = 16 << 20;

/// The annotation that names an entry of `index.json`.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// containerd's full name of an entry.
pub(crate) const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// The whole of the `oci-layout` file.
pub(crate) const LAYOUT_FILE: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// An OCI layout directory.
#[derive(Clone, Debug)]
pub struct Layout {
    path: PathBuf,
}

impl Layout {
    /// Opens a layout that exists.
    ///
    /// # Errors
    /// When the directory, its `oci-layout` or its `index.json` is missing or broken.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        if !path.is_dir() {
            let why = if path.exists() { "it is no directory" } else { "there is no such directory" };
            return Err(StoreError::NotALayout { path, why: why.to_owned() });
        }
        let marker = path.join("oci-layout");
        let bytes = match read_bounded(&marker) {
            Ok(bytes) => bytes,
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NotALayout {
                    path,
                    why: "the file oci-layout is missing".to_owned(),
                });
            }
            Err(error) => return Err(error),
        };
        check_marker(&bytes, &marker.display().to_string())?;
        let layout = Self { path };
        layout.index()?;
        Ok(layout)
    }

    /// Opens a layout, or makes an empty one.
    ///
    /// # Errors
    /// When it cannot be made, or is there and broken.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let blobs = path.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(|error| StoreError::io("create", &blobs, error))?;
        let layout = Self { path: path.to_owned() };
        // The marker comes last: without it the directory is no layout yet.
        if !path.join("index.json").exists() {
            layout.write_index(&Index::of(Vec::new()))?;
        }
        if !path.join("oci-layout").exists() {
            layout.replace("oci-layout", LAYOUT_FILE)?;
        }
        Self::open(path)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the blob is there; its content is not looked at.
    pub fn has(&self, digest: &Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// Where the blob lies or would lie.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        // A digest is checked on parsing, so neither part can leave the directory.
        self.path.join("blobs").join(digest.algorithm()).join(digest.hex())
    }

    /// Opens a blob, which must be a regular file of the descriptor's size. Its digest is for the reader to check
    /// ([`Verified`]).
    ///
    /// # Errors
    /// When it is missing, no regular file or of another size.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<File, StoreError> {
        let path = self.blob_path(&descriptor.digest);
        let meta = match fs::metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let place = self.path.display().to_string();
                return Err(StoreError::MissingBlob { digest: descriptor.digest.clone(), place });
            }
            Err(error) => return Err(StoreError::io("look at", &path, error)),
        };
        // Opening a pipe would wait forever.
        if !meta.is_file() {
            let what = path.display().to_string();
            return Err(StoreError::Invalid { what, why: "a blob must be a regular file".to_owned() });
        }
        if meta.len() != descriptor.size {
            return Err(StoreError::Size {
                what: "blob".to_owned(),
                digest: descriptor.digest.clone(),
                expected: descriptor.size,
                got: meta.len(),
                more: false,
            });
        }
        File::open(&path).map_err(|error| StoreError::io("open", &path, error))
    }

    /// Reads a document, verified by size and digest.
    ///
    /// # Errors
    /// When it is missing, larger than [`DOCUMENT_LIMIT`], or not what the descriptor says.
    pub fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError> {
        read_document(self, descriptor, "document")
    }

    /// Stores bytes as a blob.
    ///
    /// # Errors
    /// When the layout cannot be written.
    pub fn put(&self, media_type: &str, bytes: &[u8]) -> Result<Descriptor, StoreError> {
        let descriptor = Descriptor::of(media_type, bytes);
        if self.sound(&descriptor) {
            return Ok(descriptor);
        }
        self.put_reader(media_type, bytes)
    }

    /// Stores what a reader gives as a blob.
    ///
    /// # Errors
    /// When reading fails or the layout cannot be written; nothing is left behind then.
    pub fn put_reader(&self, media_type: &str, mut reader: impl Read) -> Result<Descriptor, StoreError> {
        let mut sink = self.sink()?;
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StoreError::io("read a blob for", &self.path, error)),
            };
            sink.write_all(&buffer[..count])
                .map_err(|error| StoreError::io("write a blob of", &self.path, error))?;
        }
        sink.finish(media_type)
    }

    /// A sink for a blob whose bytes are made piece by piece; dropped without [`BlobSink::finish`] it leaves nothing.
    ///
    /// # Errors
    /// When no temporary file can be made in the layout.
    pub fn sink(&self) -> Result<BlobSink, StoreError> {
        let file = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(&self.path)
            .map_err(|error| StoreError::io("create a temporary file in", &self.path, error))?;
        Ok(BlobSink { layout: self.clone(), file, hasher: seaworthy_oci::Hasher::new(), size: 0 })
    }

    /// The layout's `index.json`.
    ///
    /// # Errors
    /// When it is missing or broken.
    pub fn index(&self) -> Result<Index, StoreError> {
        let path = self.path.join("index.json");
        let bytes = read_bounded(&path)?;
        let index: Index = parse(&bytes, || path.display().to_string())?;
        check_index(&index, || path.display().to_string())?;
        Ok(index)
    }

    /// Gives a manifest a name; an entry that had it loses it.
    ///
    /// # Errors
    /// When `index.json` cannot be read or written.
    pub fn set_ref(&self, name: &str, descriptor: Descriptor) -> Result<(), StoreError> {
        self.edit_index(|index| {
            index.manifests.retain(|entry| {
                let named = entry.annotations.get(REF_NAME);
                // An unnamed entry of the same manifest becomes the named one.
                named.map(String::as_str) != Some(name)
                    && (named.is_some() || entry.digest != descriptor.digest)
            });
            let mut entry = descriptor;
            entry.annotations.insert(REF_NAME.to_owned(), name.to_owned());
            index.manifests.push(entry);
        })
    }

    /// Lists a manifest without a name, as is done for referrers. One that is listed already is not listed twice.
    ///
    /// # Errors
    /// When `index.json` cannot be read or written.
    pub fn add(&self, descriptor: Descriptor) -> Result<(), StoreError> {
        self.edit_index(|index| {
            if !index.manifests.iter().any(|entry| entry.digest == descriptor.digest) {
                index.manifests.push(descriptor);
            }
        })
    }

    /// The entry of a name or a digest; without either, of the only image.
    ///
    /// # Errors
    /// When there is none, or more than one and no name.
    pub fn resolve(&self, reference: Option<&str>) -> Result<Descriptor, StoreError> {
        let index = self.index()?;
        if let Some(reference) = reference {
            if let Some(found) = by_name(&index, reference) {
                return Ok(found);
            }
            // A digest may point at any manifest of the layout, listed or not.
            if let Ok(digest) = reference.parse::<Digest>()
                && let Ok(meta) = fs::metadata(self.blob_path(&digest))
                && meta.is_file()
                && meta.len() <= DOCUMENT_LIMIT
            {
                let mut descriptor = Descriptor::new("", digest, meta.len());
                let bytes = self.read(&descriptor)?;
                descriptor.media_type = sniff_document(&bytes);
                return Ok(descriptor);
            }
            let (path, known) = (self.path.clone(), names(&index));
            return Err(StoreError::NoSuchReference { path, reference: reference.to_owned(), known });
        }
        let mut images = self.images(&index);
        match images.len() {
            0 => Err(StoreError::Empty { path: self.path.clone() }),
            1 => Ok(images.remove(0)),
            _ => Err(StoreError::Ambiguous { path: self.path.clone(), known: names(&index) }),
        }
    }

    /// The listed manifests whose subject is the digest: signatures, attestations, documents.
    ///
    /// # Errors
    /// When `index.json` or a listed manifest is broken.
    pub fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        let mut found = Vec::new();
        for entry in self.index()?.manifests {
            if media_type::is_manifest(&entry.media_type) && self.has(&entry.digest) {
                let manifest = self.manifest(&entry)?;
                if manifest.subject.as_ref().is_some_and(|subject| subject.digest == *digest) {
                    let mut entry = entry;
                    let kind = manifest.artifact_type.or(Some(manifest.config.media_type));
                    entry.artifact_type = entry.artifact_type.or(kind);
                    if entry.annotations.is_empty() {
                        entry.annotations = manifest.annotations;
                    }
                    found.push(entry);
                }
            }
        }
        Ok(found)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is missing, not what the descriptor says, or no manifest.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, StoreError> {
        parse_manifest(&self.read(descriptor)?, descriptor)
    }

    /// Reads an index.
    ///
    /// # Errors
    /// When it is missing, not what the descriptor says, or no index.
    pub fn nested_index(&self, descriptor: &Descriptor) -> Result<Index, StoreError> {
        parse_index(&self.read(descriptor)?, descriptor)
    }

    /// Reads an image configuration.
    ///
    /// # Errors
    /// When it is missing, not what the descriptor says, or no configuration.
    pub fn config(&self, descriptor: &Descriptor) -> Result<ImageConfig, StoreError> {
        parse_config(&self.read(descriptor)?, &descriptor.digest)
    }

    /// The entries of `index.json` that are images: no referrer, no attestation, each digest once.
    pub(crate) fn images(&self, index: &Index) -> Vec<Descriptor> {
        let mut images: Vec<Descriptor> = Vec::new();
        for entry in &index.manifests {
            if is_attestation(entry) || images.iter().any(|known| known.digest == entry.digest) {
                continue;
            }
            let refers = media_type::is_manifest(&entry.media_type)
                && !entry.annotations.contains_key(REF_NAME)
                && self.manifest(entry).is_ok_and(|manifest| manifest.subject.is_some());
            if !refers {
                images.push(entry.clone());
            }
        }
        images
    }

    fn sound(&self, descriptor: &Descriptor) -> bool {
        self.has(&descriptor.digest) && self.read(descriptor).is_ok()
    }

    fn edit_index(&self, edit: impl FnOnce(&mut Index)) -> Result<(), StoreError> {
        let path = self.path.join("oci-layout");
        let lock = File::open(&path).map_err(|error| StoreError::io("open", &path, error))?;
        lock.lock().map_err(|error| StoreError::io("lock", &path, error))?;
        let mut index = self.index()?;
        edit(&mut index);
        self.write_index(&index)
    }

    fn write_index(&self, index: &Index) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(index)
            .map_err(|source| StoreError::Json { what: "index.json".to_owned(), source })?;
        self.replace("index.json", &bytes)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        replace_file(&self.path, &self.path.join(name), bytes)
    }
}

impl Blobs for Layout {
    fn open(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, StoreError> {
        Ok(Box::new(self.blob(descriptor)?))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// Takes the bytes of one blob; see [`Layout::sink`].
pub struct BlobSink {
    layout: Layout,
    file: tempfile::NamedTempFile,
    hasher: seaworthy_oci::Hasher,
    size: u64,
}

impl BlobSink {
    /// Moves the blob into its place.
    ///
    /// # Errors
    /// When the layout cannot be written; nothing is left behind then.
    pub fn finish(self, media_type: &str) -> Result<Descriptor, StoreError> {
        let descriptor = Descriptor::new(media_type, self.hasher.finish(), self.size);
        let path = self.layout.blob_path(&descriptor.digest);
        publish(self.file, &path)?;
        Ok(descriptor)
    }
}

impl Write for BlobSink {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        crate::stop::check()?;
        let count = self.file.write(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Replaces a file as a whole; the temporary one lies in `folder`, which must be on the same file system.
pub(crate) fn replace_file(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = tempfile::Builder::new()
        .prefix(".tmp-")
        .tempfile_in(folder)
        .map_err(|error| StoreError::io("create a temporary file in", folder, error))?;
    file.write_all(bytes).map_err(|error| StoreError::io("write", path, error))?;
    publish(file, path)
}

/// Gives a temporary file its mode and its name. The mode does not depend on the umask: a layout is made to be shared.
pub(crate) fn publish(file: tempfile::NamedTempFile, path: &Path) -> Result<(), StoreError> {
    crate::stop::check()?;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o644))
        .map_err(|error| StoreError::io("set the mode of", path, error))?;
    file.persist(path).map_err(|error| StoreError::io("write", path, error.error))?;
    Ok(())
}

/// Reads a document from any store of blobs, verified.
pub(crate) fn read_document(
    blobs: &dyn Blobs,
    descriptor: &Descriptor,
    what: &str,
) -> Result<Vec<u8>, StoreError> {
    if descriptor.size > DOCUMENT_LIMIT {
        return Err(StoreError::TooLarge {
            what: format!("{what} {}", descriptor.digest),
            size: descriptor.size,
            limit: DOCUMENT_LIMIT,
        });
    }
    let mut reader = Verified::new(blobs.open(descriptor)?, descriptor, what);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| {
        StoreError::io("read", Path::new(&blobs.place()).join(descriptor.digest.hex()).as_path(), error)
    })?;
    Ok(bytes)
}

/// Whether bytes have a digest.
pub(crate) fn check_bytes(bytes: &[u8], descriptor: &Descriptor, what: &str) -> Result<(), StoreError> {
    if bytes.len() as u64 != descriptor.size {
        return Err(StoreError::Size {
            what: what.to_owned(),
            digest: descriptor.digest.clone(),
            expected: descriptor.size,
            got: bytes.len() as u64,
            more: false,
        });
    }
    let mut check = Check::for_digest(&descriptor.digest);
    check.update(bytes);
    let got = check.finish();
    if got == descriptor.digest.as_str() {
        return Ok(());
    }
    Err(StoreError::Mismatch { what: what.to_owned(), expected: descriptor.digest.clone(), got })
}

/// Checks the content of an `oci-layout` file.
pub(crate) fn check_marker(bytes: &[u8], what: &str) -> Result<(), StoreError> {
    let marker: serde_json::Value = parse(bytes, || what.to_owned())?;
    match marker.get("imageLayoutVersion").and_then(serde_json::Value::as_str) {
        Some("1.0.0") => Ok(()),
        Some(other) => Err(StoreError::Invalid {
            what: what.to_owned(),
            why: format!("imageLayoutVersion is `{other}`, expected 1.0.0"),
        }),
        None => Err(StoreError::Invalid {
            what: what.to_owned(),
            why: "imageLayoutVersion is missing".to_owned(),
        }),
    }
}

/// Reads a manifest from its bytes.
///
/// # Errors
/// When the bytes are no JSON, not of the schema, or of another schema version.
pub fn parse_manifest(bytes: &[u8], descriptor: &Descriptor) -> Result<Manifest, StoreError> {
    let what = || format!("manifest {}", descriptor.digest);
    let manifest: Manifest = parse(bytes, what)?;
    if manifest.schema_version != 2 {
        let why = format!("schemaVersion is {}, expected 2", manifest.schema_version);
        return Err(StoreError::Invalid { what: what(), why });
    }
    Ok(manifest)
}

/// Reads an index from its bytes.
///
/// # Errors
/// When the bytes are no JSON, not of the schema, or of another schema version.
pub fn parse_index(bytes: &[u8], descriptor: &Descriptor) -> Result<Index, StoreError> {
    let what = || format!("index {}", descriptor.digest);
    let index: Index = parse(bytes, what)?;
    check_index(&index, what)?;
    Ok(index)
}

/// Reads an image configuration from its bytes.
///
/// # Errors
/// When the bytes are no JSON or not of the schema.
pub fn parse_config(bytes: &[u8], digest: &Digest) -> Result<ImageConfig, StoreError> {
    parse(bytes, || format!("config {digest}"))
}

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8], what: impl Fn() -> String) -> Result<T, StoreError> {
    if let Some(limit) = too_deep(bytes) {
        return Err(StoreError::Limit {
            what: format!("nesting of {}", what()),
            limit: format!("{limit} levels"),
        });
    }
    serde_json::from_slice(bytes).map_err(|source| StoreError::Json { what: what(), source })
}

/// Levels of lists and objects in a document; the deepest that is defined has six.
const DEPTH: usize = 100;

/// The limit, where a document is nested deeper. Fields that nobody reads are nested by others than us.
fn too_deep(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut text, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'[' | b'{' if !text => depth += 1,
            b']' | b'}' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Some(DEPTH);
        }
    }
    None
}

pub(crate) fn check_index(index: &Index, what: impl Fn() -> String) -> Result<(), StoreError> {
    if let Some(own) = index.media_type.as_deref().filter(|own| !media_type::is_index(own)) {
        let why = format!("its mediaType is `{}`, which is no index's", crate::tape::shown(own.as_bytes()));
        return Err(StoreError::Invalid { what: what(), why });
    }
    if index.schema_version == 2 {
        return Ok(());
    }
    Err(StoreError::Invalid {
        what: what(),
        why: format!("schemaVersion is {}, expected 2", index.schema_version),
    })
}

/// Whether an entry is `BuildKit`'s attestation of another entry.
pub(crate) fn is_attestation(entry: &Descriptor) -> bool {
    entry.annotations.contains_key("vnd.docker.reference.type")
}

/// The entry with a name or a digest.
pub(crate) fn by_name(index: &Index, reference: &str) -> Option<Descriptor> {
    let named = |key: &str| {
        index.manifests.iter().find(|entry| entry.annotations.get(key).is_some_and(|name| name == reference))
    };
    named(REF_NAME)
        .or_else(|| named(CONTAINERD_NAME))
        .or_else(|| index.manifests.iter().find(|entry| entry.digest.as_str() == reference))
        .cloned()
}

/// The names in an index, for people; digests where there is no name.
pub(crate) fn names(index: &Index) -> String {
    let mut names: Vec<String> = index
        .manifests
        .iter()
        .filter(|entry| !is_attestation(entry))
        .map(|entry| {
            match entry.annotations.get(REF_NAME).or_else(|| entry.annotations.get(CONTAINERD_NAME)) {
                Some(name) => format!("`{}`", crate::tape::shown(name.as_bytes())),
                None => entry.digest.to_string(),
            }
        })
        .collect();
    names.dedup();
    if names.is_empty() {
        return "none".to_owned();
    }
    let more = names.len().saturating_sub(20);
    names.truncate(20);
    let mut text = names.join(", ");
    if more > 0 {
        text = format!("{text} and {more} more");
    }
    text
}

/// The media type a manifest or index states for itself, or the one its fields imply.
pub(crate) fn sniff_document(bytes: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    match value.get("mediaType").and_then(serde_json::Value::as_str) {
        Some(own) => own.to_owned(),
        None if value.get("manifests").is_some() => media_type::INDEX.to_owned(),
        None => media_type::MANIFEST.to_owned(),
    }
}

pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, StoreError> {
    let io = |error| StoreError::io("read", path, error);
    let meta = fs::metadata(path).map_err(io)?;
    if !meta.is_file() {
        let what = path.display().to_string();
        return Err(StoreError::Invalid { what, why: "it must be a regular file".to_owned() });
    }
    if meta.len() > DOCUMENT_LIMIT {
        let what = path.display().to_string();
        return Err(StoreError::TooLarge { what, size: meta.len(), limit: DOCUMENT_LIMIT });
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(DOCUMENT_LIMIT).read_to_end(&mut bytes)).map_err(io)?;
    Ok(bytes)
}
