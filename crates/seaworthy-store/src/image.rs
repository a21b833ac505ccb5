//! An image opened for reading, whatever it came from.

use crate::layout::{Layout, by_name, is_attestation, names, read_document};
use crate::{Archive, Blobs, LayerStream, Limits, StoreError, parse_config, parse_index, parse_manifest};
use base64::Engine as _;
use seaworthy_oci::{Descriptor, Digest, ImageConfig, Index, Manifest, Platform, Source, media_type};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How deep indexes may lie within indexes.
const INDEX_DEPTH: usize = 4;

/// An image opened for reading.
#[derive(Clone)]
pub struct Image {
    /// Where it was read from, with its transport.
    pub source: Source,
    /// The manifest's descriptor, with the platform where an index states one.
    pub descriptor: Descriptor,
    /// The manifest.
    pub manifest: Manifest,
    /// The manifest's bytes.
    pub manifest_bytes: Vec<u8>,
    /// The configuration.
    pub config: ImageConfig,
    /// The configuration's bytes.
    pub config_bytes: Vec<u8>,
    /// What is wrong with the place it was read from, though not with the image: manifests of other platforms that an
    /// index names and the place does not have.
    pub notes: Vec<String>,
    blobs: Arc<dyn Blobs>,
}

impl fmt::Debug for Image {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Image")
            .field("source", &self.source)
            .field("descriptor", &self.descriptor)
            .finish_non_exhaustive()
    }
}

impl Image {
    /// An image from its documents and a store of its layers. Both documents are verified.
    ///
    /// # Errors
    /// When a document does not have its digest or size, or does not follow its schema.
    pub fn new(
        source: Source,
        descriptor: Descriptor,
        manifest_bytes: Vec<u8>,
        config_bytes: Vec<u8>,
        blobs: Arc<dyn Blobs>,
    ) -> Result<Self, StoreError> {
        crate::layout::check_bytes(&manifest_bytes, &descriptor, "manifest")?;
        let manifest = parse_manifest(&manifest_bytes, &descriptor)?;
        crate::layout::check_bytes(&config_bytes, &manifest.config, "config")?;
        let config = parse_config(&config_bytes, &manifest.config.digest)?;
        for (what, descriptor) in std::iter::once(("config".to_owned(), &manifest.config))
            .chain(manifest.layers.iter().enumerate().map(|(at, layer)| (format!("layer {at}"), layer)))
        {
            check_data(&what, descriptor)?;
        }
        let notes = Vec::new();
        Ok(Self { source, descriptor, manifest, manifest_bytes, config, config_bytes, notes, blobs })
    }

    /// An image of a store by its manifest's descriptor.
    ///
    /// # Errors
    /// When a document is missing or broken, or the manifest is that of an artifact.
    pub fn read(source: Source, descriptor: Descriptor, blobs: Arc<dyn Blobs>) -> Result<Self, StoreError> {
        let manifest_bytes = read_document(&*blobs, &descriptor, "manifest")?;
        let manifest = parse_manifest(&manifest_bytes, &descriptor)?;
        let kind = manifest.config.media_type.as_str();
        if kind != media_type::CONFIG && kind != media_type::DOCKER_CONFIG {
            return Err(StoreError::Invalid {
                what: format!("manifest {} of {}", descriptor.digest, blobs.place()),
                why: format!("it is an artifact, not an image: its config is of type `{kind}`"),
            });
        }
        let config_bytes = read_document(&*blobs, &manifest.config, "config")?;
        Self::new(source, descriptor, manifest_bytes, config_bytes, blobs)
    }

    /// The store of its layers.
    pub fn blobs(&self) -> &dyn Blobs {
        &*self.blobs
    }

    /// A layer's unpacked tar as a stream, lowest first.
    ///
    /// # Errors
    /// When its blob is missing or cannot be read.
    pub fn layer(&self, index: usize, limits: Limits) -> Result<LayerStream, StoreError> {
        LayerStream::open(self, index, limits)
    }

    /// The directories of its layers, the base first, where an engine keeps all of them unpacked: overlayfs can stack them
    /// without a copy.
    pub fn trees(&self) -> Option<Vec<PathBuf>> {
        self.manifest.layers.iter().map(|layer| self.blobs().tree(layer)).collect()
    }

    /// The platform by its configuration.
    pub fn platform(&self) -> Platform {
        self.config.platform()
    }
}

/// Opens an image of the file system.
///
/// # Errors
/// When there is none, it is broken, or several fit. [`StoreError::Elsewhere`] when the source is an engine's, a
/// registry's, or a bare name that is no path.
pub fn open(source: &Source, platform: Option<&Platform>) -> Result<Image, StoreError> {
    match source {
        Source::Layout { path, reference } => open_layout(path, reference.as_deref(), platform),
        Source::OciArchive { path, reference } => {
            let archive = Archive::open(path)?;
            if !archive.is_layout() {
                let why =
                    "the file oci-layout is missing; a docker save file is docker-archive:TAR".to_owned();
                return Err(StoreError::NotALayout { path: path.clone(), why });
            }
            open_archive(archive, reference.as_deref(), platform, source.clone())
        }
        Source::DockerArchive { path, reference } => {
            open_archive(Archive::open(path)?, reference.as_deref(), platform, source.clone())
        }
        Source::Directory { path } => crate::folder::open(path, platform),
        Source::Storage(name) => open_stored(name),
        Source::Bare(text) => open_bare(text, platform),
        Source::Daemon(_) | Source::Registry(_) => Err(StoreError::Elsewhere(source.clone())),
    }
}

fn open_bare(text: &str, platform: Option<&Platform>) -> Result<Image, StoreError> {
    let whole = (PathBuf::from(text), None);
    let split = text.rsplit_once(':').map(|(path, name)| (PathBuf::from(path), Some(name.to_owned())));
    for (path, reference) in std::iter::once(whole).chain(split) {
        if path.is_dir() {
            if path.join("oci-layout").exists() {
                return open_layout(&path, reference.as_deref(), platform);
            }
            if crate::folder::is_blob_folder(&path) {
                return crate::folder::open(&path, platform);
            }
            let why =
                "it is a directory without an oci-layout file; `dir:PATH` reads it as a file tree".to_owned();
            return Err(StoreError::NotAnImage { path, why });
        }
        if path.is_file() {
            let archive = Archive::open(&path)?;
            let source = if archive.is_layout() && !archive.is_docker() {
                Source::OciArchive { path, reference: reference.clone() }
            } else {
                Source::DockerArchive { path, reference: reference.clone() }
            };
            return open_archive(archive, reference.as_deref(), platform, source);
        }
    }
    Err(StoreError::Elsewhere(Source::Bare(text.to_owned())))
}

/// An image of containers/storage: `NAME`, or `[driver@root]NAME` for a store of one's own.
fn open_stored(name: &str) -> Result<Image, StoreError> {
    let (roots, name) = match name.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((store, name)) => {
            let root = store.split_once('@').map_or(store, |(_, root)| root);
            // `root+runroot:options`: only the first part says where the images are.
            let root = root.split(['+', ':']).next().unwrap_or(root);
            (vec![PathBuf::from(root)], name)
        }
        None => (crate::storage_roots(|name| std::env::var(name).ok()), name),
    };
    for root in &roots {
        if let Some(image) = crate::open_storage(root, name)? {
            return Ok(image);
        }
    }
    let roots: Vec<String> = roots.iter().map(|root| root.display().to_string()).collect();
    let path =
        PathBuf::from(if roots.is_empty() { "containers-storage".to_owned() } else { roots.join(", ") });
    let known = "others: `podman images` lists them".to_owned();
    Err(StoreError::NoSuchReference { path, reference: name.to_owned(), known })
}

fn open_layout(
    path: &Path,
    reference: Option<&str>,
    platform: Option<&Platform>,
) -> Result<Image, StoreError> {
    let layout = Layout::open(path)?;
    let descriptor = match layout.resolve(reference) {
        Ok(descriptor) => descriptor,
        Err(StoreError::Ambiguous { path, known }) => {
            let candidates = layout.images(&layout.index()?);
            by_platform(candidates, platform).ok_or(StoreError::Ambiguous { path, known })?
        }
        Err(error) => return Err(error),
    };
    let source = Source::Layout { path: path.to_owned(), reference: reference.map(str::to_owned) };
    let mut notes = absent(&layout, "index.json", &layout.index()?);
    let mut entries = Vec::new();
    if media_type::is_index(&descriptor.media_type)
        && let Ok(index) = layout.nested_index(&descriptor)
    {
        notes.extend(absent(&layout, &format!("index {}", descriptor.digest), &index));
        entries = index.manifests;
    }
    let layout = Arc::new(layout);
    let blobs: Arc<dyn Blobs> = Arc::<Layout>::clone(&layout);
    let mut image =
        descend(source, descriptor, platform, blobs).map_err(|error| sparse(error, &layout, &entries))?;
    image.notes = notes;
    Ok(image)
}

/// A layout may hold the images of some platforms of an index only, as copies of one platform do: says which, where the
/// manifest that is missing is that of another.
fn sparse(error: StoreError, layout: &Layout, entries: &[Descriptor]) -> StoreError {
    let StoreError::MissingBlob { digest, place } = error else { return error };
    let platform = |entry: &Descriptor| entry.platform.as_ref().map(ToString::to_string);
    let wanted = entries.iter().find(|entry| entry.digest == digest).and_then(platform);
    let mut present: Vec<String> = entries
        .iter()
        .filter(|entry| !is_attestation(entry) && layout.has(&entry.digest))
        .filter_map(platform)
        .collect();
    present.dedup();
    present.truncate(20);
    match wanted {
        Some(wanted) if !present.is_empty() => {
            StoreError::MissingPlatform { digest, place, wanted, present: present.join(", ") }
        }
        _ => StoreError::MissingBlob { digest, place },
    }
}

/// The manifests an index names and its layout does not have. A layout may lack them, but then it is no copy of the
/// image for every platform, and cannot be published as one.
fn absent(layout: &Layout, place: &str, index: &Index) -> Vec<String> {
    let missing = |entry: &&Descriptor| entry.urls.is_empty() && !layout.has(&entry.digest);
    let tell = |entry: &Descriptor| {
        let platform = entry.platform.as_ref().map(|platform| format!(" for {platform}")).unwrap_or_default();
        crate::tape::shown(
            format!("{place} names manifest {}{platform}, a missing blob", entry.digest).as_bytes(),
        )
    };
    index.manifests.iter().filter(missing).take(20).map(tell).collect()
}

/// Content that is embedded in a descriptor must be the content the descriptor names (`image-spec`, descriptor.md,
/// "Embedded Content").
fn check_data(what: &str, descriptor: &Descriptor) -> Result<(), StoreError> {
    let Some(text) = &descriptor.data else { return Ok(()) };
    let what = format!("data of {what}");
    match base64::prelude::BASE64_STANDARD.decode(text) {
        Ok(bytes) => crate::layout::check_bytes(&bytes, descriptor, &what),
        Err(error) => Err(StoreError::Invalid { what, why: format!("it is no base64: {error}") }),
    }
}

fn open_archive(
    archive: Archive,
    reference: Option<&str>,
    platform: Option<&Platform>,
    source: Source,
) -> Result<Image, StoreError> {
    if !archive.is_layout() {
        return archive.docker_image(reference, source);
    }
    let index = archive.index()?;
    let path = archive.path().to_owned();
    let descriptor = match reference {
        Some(reference) => by_name(&index, reference)
            .or_else(|| by_name(&index, &crate::archive::full_name(reference)))
            .ok_or_else(|| StoreError::NoSuchReference {
                path: path.clone(),
                reference: reference.to_owned(),
                known: names(&index),
            })?,
        None => {
            let mut images: Vec<Descriptor> = Vec::new();
            for entry in &index.manifests {
                if !is_attestation(entry) && !images.iter().any(|known| known.digest == entry.digest) {
                    images.push(entry.clone());
                }
            }
            match images.len() {
                0 => return Err(StoreError::Empty { path }),
                1 => images.remove(0),
                _ => by_platform(images, platform)
                    .ok_or_else(|| StoreError::Ambiguous { path: path.clone(), known: names(&index) })?,
            }
        }
    };
    descend(source, descriptor, platform, Arc::new(archive))
}

/// Of several unnamed manifests, the only one for the platform.
fn by_platform(candidates: Vec<Descriptor>, platform: Option<&Platform>) -> Option<Descriptor> {
    let wanted = platform.cloned().unwrap_or_else(Platform::host);
    let mut fitting = candidates
        .into_iter()
        .filter(|entry| entry.platform.as_ref().is_some_and(|have| have.serves(&wanted)));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// Goes from an index to the manifest of the platform.
///
/// # Errors
/// When no manifest serves the platform, or an index is missing, broken, cyclic or too deep.
pub fn descend(
    source: Source,
    descriptor: Descriptor,
    platform: Option<&Platform>,
    blobs: Arc<dyn Blobs>,
) -> Result<Image, StoreError> {
    let mut seen = BTreeSet::new();
    let chosen = choose(descriptor, platform, &*blobs, &mut seen, 0)?;
    Image::read(source, chosen, blobs)
}

fn choose(
    descriptor: Descriptor,
    platform: Option<&Platform>,
    blobs: &dyn Blobs,
    seen: &mut BTreeSet<Digest>,
    depth: usize,
) -> Result<Descriptor, StoreError> {
    if !media_type::is_index(&descriptor.media_type) {
        return Ok(descriptor);
    }
    let place = format!("index {} of {}", descriptor.digest, blobs.place());
    if depth == INDEX_DEPTH {
        return Err(StoreError::Limit { what: format!("depth of {place}"), limit: INDEX_DEPTH.to_string() });
    }
    if !seen.insert(descriptor.digest.clone()) {
        return Err(StoreError::Invalid { what: place, why: "it contains itself".to_owned() });
    }
    let index: Index = parse_index(&read_document(blobs, &descriptor, "index")?, &descriptor)?;
    let images: Vec<Descriptor> =
        index.manifests.into_iter().filter(|entry| !is_attestation(entry)).collect();
    let wanted = platform.cloned().unwrap_or_else(Platform::host);
    let direct = images.iter().find(|entry| {
        !media_type::is_index(&entry.media_type)
            && entry.platform.as_ref().is_some_and(|have| have.serves(&wanted))
    });
    if let Some(found) = direct {
        return Ok(found.clone());
    }
    for entry in &images {
        let may = entry.platform.as_ref().is_none_or(|have| have.serves(&wanted));
        if media_type::is_index(&entry.media_type) && may {
            match choose(entry.clone(), platform, blobs, seen, depth + 1) {
                Err(StoreError::NoPlatform { .. }) => {}
                other => return other,
            }
        }
    }
    if let ([only], None) = (images.as_slice(), platform)
        && !media_type::is_index(&only.media_type)
    {
        return Ok(only.clone());
    }
    // An entry that states no platform may still be the one: its configuration says.
    for entry in images.iter().filter(|entry| entry.platform.is_none()) {
        if !media_type::is_index(&entry.media_type) && serves_by_config(entry, &wanted, blobs) {
            return Ok(entry.clone());
        }
    }
    let mut known: Vec<String> =
        images.iter().filter_map(|entry| entry.platform.as_ref()).map(ToString::to_string).collect();
    known.dedup();
    known.truncate(20);
    let known = if known.is_empty() { "none that states a platform".to_owned() } else { known.join(", ") };
    Err(StoreError::NoPlatform { place, wanted: wanted.to_string(), known })
}

fn serves_by_config(entry: &Descriptor, wanted: &Platform, blobs: &dyn Blobs) -> bool {
    let config = read_document(blobs, entry, "manifest")
        .and_then(|bytes| parse_manifest(&bytes, entry))
        .and_then(|manifest| {
            let bytes = read_document(blobs, &manifest.config, "config")?;
            parse_config(&bytes, &manifest.config.digest)
        });
    config.is_ok_and(|config| {
        let have = Platform {
            architecture: config.architecture,
            os: config.os,
            os_version: None,
            variant: config.variant,
        };
        have.serves(wanted)
    })
}
