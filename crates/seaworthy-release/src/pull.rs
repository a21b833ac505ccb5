//! Fetching an image of a registry into a layout.

use crate::Error;
use crate::place::layout_error;
use seaworthy_oci::{Descriptor, Index, Manifest, Platform, Reference, media_type};
use seaworthy_registry::{self as registry, Access, Client, Kind, Repository};
use seaworthy_store::{Layout, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Blobs fetched at the same time.
const PARALLEL: usize = 4;
/// How deep indexes may nest.
const DEPTH: usize = 4;

/// Fetches an image, what is missing of it, into a layout; gives its descriptor. Of an index only the manifest of the
/// platform is fetched, when one is asked for. Nothing is named or listed: that is for the caller, once all is there.
///
/// # Errors
/// When the image or the platform does not exist, or anything arrives corrupt twice.
pub fn pull(
    reference: &Reference,
    layout: &Layout,
    platform: Option<&Platform>,
    options: &registry::Options,
) -> Result<Descriptor, Error> {
    let client = Client::new(options.clone());
    let repository = client.repository(reference, Access::Pull);
    let mut job =
        Job { reference, layout, repository: &repository, blobs: Vec::new(), seen: BTreeSet::new() };
    let image = job.manifest(&reference.target(), platform, DEPTH)?;
    job.fetch_blobs()?;
    Ok(image)
}

struct Job<'a> {
    reference: &'a Reference,
    layout: &'a Layout,
    repository: &'a Repository<'a>,
    blobs: Vec<Descriptor>,
    seen: BTreeSet<String>,
}

impl Job<'_> {
    fn failed(&self, source: registry::Error) -> Error {
        Error::Registry { place: self.reference.repository(), source: Box::new(source) }
    }

    /// Stores a manifest and notes its blobs; children before the index.
    fn manifest(
        &mut self,
        target: &str,
        platform: Option<&Platform>,
        depth: usize,
    ) -> Result<Descriptor, Error> {
        let found = self.repository.manifest(target).map_err(|error| self.failed(error))?;
        let node = found.descriptor;
        let fail = |why: String| Error::Invalid { what: format!("manifest {}", node.digest), why };
        if media_type::is_index(&node.media_type) {
            let index: Index =
                serde_json::from_slice(&found.bytes).map_err(|error| fail(error.to_string()))?;
            if depth == 0 {
                return Err(fail(format!("indexes nest deeper than {DEPTH} levels")));
            }
            if let Some(wanted) = platform {
                let serves = |entry: &&Descriptor| entry.platform.as_ref().is_some_and(|p| p.serves(wanted));
                let child = index.manifests.iter().find(serves);
                let Some(child) = child else {
                    let known: Vec<String> = index
                        .manifests
                        .iter()
                        .filter_map(|entry| entry.platform.as_ref())
                        .map(ToString::to_string)
                        .collect();
                    return Err(fail(format!("it has no image for {wanted}, only for {}", known.join(", "))));
                };
                return self.manifest(child.digest.as_str(), platform, depth - 1);
            }
            for child in &index.manifests {
                if self.seen.insert(child.digest.to_string()) {
                    self.manifest(child.digest.as_str(), None, depth - 1)?;
                }
            }
        } else if media_type::is_manifest(&node.media_type) {
            let manifest: Manifest =
                serde_json::from_slice(&found.bytes).map_err(|error| fail(error.to_string()))?;
            for blob in std::iter::once(manifest.config).chain(manifest.layers) {
                if self.seen.insert(blob.digest.to_string()) {
                    self.blobs.push(blob);
                }
            }
        } else {
            return Err(fail(format!("`{}` is neither an image manifest nor an index", node.media_type)));
        }
        self.layout
            .put(&node.media_type, &found.bytes)
            .map_err(|source| layout_error(self.layout.path(), source))?;
        Ok(node)
    }

    fn fetch_blobs(&self) -> Result<(), Error> {
        let next = AtomicUsize::new(0);
        let failed: Mutex<Option<Error>> = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..PARALLEL.min(self.blobs.len()) {
                scope.spawn(|| {
                    while let Some(blob) = self.blobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Err(error) = self.fetch_blob(blob) {
                            next.store(self.blobs.len(), Ordering::Relaxed);
                            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        }
                    }
                });
            }
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn fetch_blob(&self, blob: &Descriptor) -> Result<(), Error> {
        if crate::place::is_sound(self.layout, blob) {
            return Ok(());
        }
        match self.fetch_once(blob) {
            // Nothing of a corrupt download was kept; once more is worth it, for ever is not.
            Err(Error::Registry { source, .. })
                if matches!(source.kind, Kind::Digest { .. } | Kind::Size { .. }) =>
            {
                self.fetch_once(blob)
            }
            other => other,
        }
    }

    fn fetch_once(&self, blob: &Descriptor) -> Result<(), Error> {
        let reader = self.repository.open_blob(blob).map_err(|error| self.failed(error))?;
        match self.layout.put_reader(&blob.media_type, reader) {
            Ok(stored) if stored.digest == blob.digest => Ok(()),
            // The layout names blobs by SHA-256; other algorithms cannot be checked here.
            Ok(stored) => Err(Error::ReadBack {
                place: self.reference.repository(),
                what: "a blob".to_owned(),
                expected: blob.digest.to_string(),
                got: stored.digest.to_string(),
            }),
            Err(StoreError::Io { action, path, source }) => {
                // The reader's own error travels inside the layout's.
                let source = match source.downcast::<registry::Error>() {
                    Ok(inner) => return Err(self.failed(inner)),
                    Err(source) => source,
                };
                Err(layout_error(self.layout.path(), StoreError::Io { action, path, source }))
            }
            Err(source) => Err(layout_error(self.layout.path(), source)),
        }
    }
}
