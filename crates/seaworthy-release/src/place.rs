//! One view of the two places an image may be: an OCI layout and a repository of a registry.

use crate::Error;
use crate::bundle::Referrer;
use seaworthy_oci::{Descriptor, Digest, Reference, media_type};
use seaworthy_registry::{
    self as registry, Access, Attachment, BlobSource, Client, Repository, Upload, UploadSummary,
};
use seaworthy_store::{Layout, StoreError};
use std::fmt;
use std::io::Read;
use std::path::PathBuf;

/// The largest blob that is read into memory: a bundle around an SBOM, in bytes.
pub(crate) const BLOB_LIMIT: u64 = 128 << 20;

/// Where an image is published to, or verified at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An OCI layout directory; made where it does not exist.
    Layout {
        /// The directory.
        path: PathBuf,
    },
    /// A repository. Its tag is set like the other tags; its digest must be the image's.
    Registry(Reference),
}

impl fmt::Display for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout { path } => write!(out, "oci:{}", path.display()),
            Self::Registry(reference) => out.write_str(&reference.repository()),
        }
    }
}

/// An open place.
pub(crate) enum Place<'c> {
    Layout(Layout),
    Registry { repository: Repository<'c>, name: String },
}

/// A blob of a registry that is read while it is written elsewhere; nothing of it is kept.
struct Remote<'r> {
    repository: &'r Repository<'r>,
    blob: Descriptor,
}

impl BlobSource for Remote<'_> {
    fn open(&self, from: u64) -> std::io::Result<Box<dyn Read + '_>> {
        let mut reader = self.repository.open_blob(&self.blob).map_err(std::io::Error::other)?;
        // An upload that begins anew in the middle is rare; what lies before is read over, and so still verified.
        let skipped = std::io::copy(&mut reader.by_ref().take(from), &mut std::io::sink())?;
        if skipped < from {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        }
        Ok(Box::new(reader))
    }
}

/// A manifest as read from a place.
pub(crate) struct Found {
    pub(crate) descriptor: Descriptor,
    pub(crate) bytes: Vec<u8>,
}

impl<'c> Place<'c> {
    /// Opens a place for writing; a layout is made where there is none.
    pub(crate) fn create(destination: &Destination, client: &'c Client) -> Result<Self, Error> {
        match destination {
            Destination::Layout { path } => {
                Layout::create(path).map(Self::Layout).map_err(|source| layout_error(path, source))
            }
            Destination::Registry(reference) => Ok(Self::remote(reference, client, Access::Push)),
        }
    }

    /// Opens a place for reading.
    pub(crate) fn open(destination: &Destination, client: &'c Client) -> Result<Self, Error> {
        match destination {
            Destination::Layout { path } => {
                Layout::open(path).map(Self::Layout).map_err(|source| layout_error(path, source))
            }
            Destination::Registry(reference) => Ok(Self::remote(reference, client, Access::Pull)),
        }
    }

    fn remote(reference: &Reference, client: &'c Client, access: Access) -> Self {
        Self::Registry { repository: client.repository(reference, access), name: reference.repository() }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Layout(layout) => layout.path().display().to_string(),
            Self::Registry { name, .. } => name.clone(),
        }
    }

    fn layout(&self, source: StoreError) -> Error {
        Error::Layout { place: self.name(), source: Box::new(source) }
    }

    fn registry(&self, source: registry::Error) -> Error {
        Error::Registry { place: self.name(), source: Box::new(source) }
    }

    /// Reads a manifest by tag or digest, verified against its digest.
    pub(crate) fn manifest(&self, target: &str) -> Result<Option<Found>, Error> {
        match self {
            Self::Layout(layout) => {
                let descriptor = match layout.resolve(Some(target)) {
                    Ok(descriptor) => descriptor,
                    Err(StoreError::NoSuchReference { .. } | StoreError::MissingBlob { .. }) => {
                        return Ok(None);
                    }
                    Err(error) => return Err(self.layout(error)),
                };
                let bytes = layout.read(&descriptor).map_err(|error| self.layout(error))?;
                let plain = Descriptor::new(&descriptor.media_type, descriptor.digest, descriptor.size);
                Ok(Some(Found { descriptor: plain, bytes }))
            }
            Self::Registry { repository, .. } => match repository.manifest(target) {
                Ok(fetched) => Ok(Some(Found { descriptor: fetched.descriptor, bytes: fetched.bytes })),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(self.registry(error)),
            },
        }
    }

    /// Reads a blob into memory, verified.
    pub(crate) fn blob(&self, blob: &Descriptor) -> Result<Vec<u8>, Error> {
        match self {
            Self::Layout(layout) => {
                if blob.size > BLOB_LIMIT {
                    let why = format!("it has {} bytes, more than {BLOB_LIMIT}", blob.size);
                    return Err(Error::Invalid { what: format!("blob {}", blob.digest), why });
                }
                let mut bytes = Vec::new();
                let mut file = layout.blob(blob).map_err(|error| self.layout(error))?;
                let path = layout.blob_path(&blob.digest);
                std::io::Read::read_to_end(&mut file, &mut bytes).map_err(|source| Error::Io {
                    action: "reading",
                    path,
                    source,
                })?;
                let got = Digest::of(&bytes);
                if got != blob.digest && blob.digest.algorithm() == "sha256" {
                    return Err(Error::ReadBack {
                        place: self.name(),
                        what: "a blob".to_owned(),
                        expected: blob.digest.to_string(),
                        got: got.to_string(),
                    });
                }
                Ok(bytes)
            }
            Self::Registry { repository, .. } => {
                repository.pull_bytes(blob, BLOB_LIMIT).map_err(|error| self.registry(error))
            }
        }
    }

    /// Whether a blob is there.
    pub(crate) fn has_blob(&self, blob: &Descriptor) -> Result<bool, Error> {
        match self {
            Self::Layout(layout) => Ok(layout.blob(blob).is_ok()),
            Self::Registry { repository, .. } => {
                repository.has_blob(&blob.digest).map_err(|error| self.registry(error))
            }
        }
    }

    /// Lists what is attached to a manifest.
    pub(crate) fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        match self {
            Self::Layout(layout) => layout.referrers(subject).map_err(|error| self.layout(error)),
            Self::Registry { repository, .. } => {
                repository.referrers(subject).map(|list| list.manifests).map_err(|error| self.registry(error))
            }
        }
    }

    /// Copies blobs out of a layout, where they are missing.
    pub(crate) fn copy_blobs(
        &self,
        from: &Layout,
        blobs: &[Descriptor],
        mount_from: &[String],
    ) -> Result<UploadSummary, Error> {
        let mut uploads = Vec::with_capacity(blobs.len());
        for blob in blobs {
            // Looks at type and size, so that no upload begins that cannot end.
            from.blob(blob).map_err(|source| layout_error(from.path(), source))?;
            let source = Box::new(from.blob_path(&blob.digest));
            uploads.push(Upload { descriptor: blob.clone(), source });
        }
        self.receive(&uploads, mount_from)
    }

    /// Takes blobs that are missing here. Registries check every digest, and so does a layout.
    pub(crate) fn receive(
        &self,
        uploads: &[Upload<'_>],
        mount_from: &[String],
    ) -> Result<UploadSummary, Error> {
        let to = match self {
            Self::Registry { repository, .. } => {
                return repository.push_blobs(uploads, mount_from).map_err(|error| self.registry(error));
            }
            Self::Layout(to) => to,
        };
        let mut summary = UploadSummary::default();
        for Upload { descriptor, source } in uploads {
            if is_sound(to, descriptor) {
                summary.present += 1;
                continue;
            }
            let read =
                |source| Error::Io { action: "reading", path: to.blob_path(&descriptor.digest), source };
            let stored = to
                .put_reader(&descriptor.media_type, source.open(0).map_err(read)?)
                .map_err(|error| self.layout(error))?;
            if stored.digest != descriptor.digest {
                return Err(Error::ReadBack {
                    place: self.name(),
                    what: "a blob".to_owned(),
                    expected: descriptor.digest.to_string(),
                    got: stored.digest.to_string(),
                });
            }
            summary.sent += 1;
            summary.bytes += descriptor.size;
        }
        Ok(summary)
    }

    /// A blob to be read as often as it takes, from any place.
    pub(crate) fn source<'s>(&'s self, blob: &Descriptor) -> Result<Box<dyn BlobSource + 's>, Error> {
        match self {
            Self::Layout(layout) => {
                // Looks at type and size, so that no upload begins that cannot end.
                layout.blob(blob).map_err(|error| self.layout(error))?;
                Ok(Box::new(layout.blob_path(&blob.digest)))
            }
            Self::Registry { repository, .. } => Ok(Box::new(Remote { repository, blob: blob.clone() })),
        }
    }

    /// Attaches manifests that were made elsewhere, whose blobs are here already, and makes sure that they are listed.
    pub(crate) fn attach_manifests(&self, subject: &Digest, attachments: &[Attachment]) -> Result<(), Error> {
        match self {
            Self::Layout(layout) => {
                for attachment in attachments {
                    layout
                        .put(&attachment.descriptor.media_type, &attachment.bytes)
                        .and_then(|_| layout.add(attachment.descriptor.clone()))
                        .map_err(|error| self.layout(error))?;
                }
                Ok(())
            }
            Self::Registry { repository, .. } => {
                repository.attach(subject, attachments).map(drop).map_err(|error| self.registry(error))
            }
        }
    }

    /// Stores a manifest by its digest.
    pub(crate) fn put_manifest(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Layout(layout) => {
                layout.put(&descriptor.media_type, bytes).map(drop).map_err(|error| self.layout(error))
            }
            Self::Registry { repository, .. } => repository
                .put_manifest(None, descriptor, bytes)
                .map(drop)
                .map_err(|error| self.registry(error)),
        }
    }

    /// Lists an image that has no tag; a registry needs no such list.
    pub(crate) fn list(&self, descriptor: &Descriptor) -> Result<(), Error> {
        match self {
            Self::Layout(layout) => layout.add(descriptor.clone()).map_err(|error| self.layout(error)),
            Self::Registry { .. } => Ok(()),
        }
    }

    /// Sets a tag.
    pub(crate) fn tag(&self, tag: &str, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Layout(layout) => {
                layout.set_ref(tag, descriptor.clone()).map_err(|error| self.layout(error))
            }
            Self::Registry { repository, .. } => repository
                .put_manifest(Some(tag), descriptor, bytes)
                .map(drop)
                .map_err(|error| self.registry(error)),
        }
    }

    /// Attaches manifests to a subject, one after the other, and makes sure that they are listed.
    pub(crate) fn attach(&self, subject: &Digest, referrers: &[Referrer]) -> Result<UploadSummary, Error> {
        let empty = Descriptor::of(media_type::EMPTY, b"{}");
        match self {
            Self::Layout(layout) => {
                let mut summary = UploadSummary::default();
                for referrer in referrers {
                    let put = |kind: &str, bytes: &[u8]| {
                        layout.put(kind, bytes).map_err(|error| self.layout(error))
                    };
                    put(media_type::EMPTY, b"{}")?;
                    put(&referrer.blob.media_type, &referrer.content)?;
                    put(media_type::MANIFEST, &referrer.bytes)?;
                    layout.add(referrer.descriptor.clone()).map_err(|error| self.layout(error))?;
                    summary.sent += 1;
                    summary.bytes += referrer.blob.size;
                }
                Ok(summary)
            }
            Self::Registry { repository, .. } => {
                if referrers.is_empty() {
                    return Ok(UploadSummary::default());
                }
                let mut uploads = vec![Upload { descriptor: empty, source: Box::new(b"{}".to_vec()) }];
                uploads.extend(referrers.iter().map(|referrer| Upload {
                    descriptor: referrer.blob.clone(),
                    source: Box::new(referrer.content.clone()),
                }));
                let summary = repository.push_blobs(&uploads, &[]).map_err(|error| self.registry(error))?;
                let attachments: Vec<Attachment> = referrers
                    .iter()
                    .map(|referrer| Attachment {
                        descriptor: referrer.descriptor.clone(),
                        bytes: referrer.bytes.clone(),
                    })
                    .collect();
                repository.attach(subject, &attachments).map_err(|error| self.registry(error))?;
                Ok(summary)
            }
        }
    }
}

/// Whether a layout has a blob with the right bytes: a disk's fault must not be published as present.
pub(crate) fn is_sound(layout: &Layout, blob: &Descriptor) -> bool {
    let Ok(mut file) = layout.blob(blob) else { return false };
    if blob.digest.algorithm() != "sha256" {
        return true;
    }
    let mut hasher = seaworthy_oci::Hasher::new();
    let mut buffer = vec![0; 128 << 10];
    loop {
        match std::io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return hasher.finish() == blob.digest,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

pub(crate) fn layout_error(path: &std::path::Path, source: StoreError) -> Error {
    Error::Layout { place: path.display().to_string(), source: Box::new(source) }
}
