//! Copies an image from one place to another with everything attached to it: referrers of the index and of each image,
//! what is attached to those, and what older tools keep under tags of their own.
//!
//! Blobs go straight from one place to the other. Digests stay what they are, so signatures stay valid; how attachments
//! are listed follows the target: by its referrers API, by the fallback tag, or in a layout's index.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_oci::{Descriptor, Digest, Index, Manifest, Platform, media_type};
use seaworthy_registry::{self as registry, Attachment, Client, Upload, UploadSummary, fallback_tag};

use crate::Error;
use crate::place::{Destination, Found, Place};
use crate::tags::check_tags;

/// How deep indexes may nest, and attachments of attachments.
const DEPTH: usize = 8;
/// What cosign keeps under tags beside the image (`sha256-<hex>.sig`).
const LEGACY: [&str; 3] = [".sig", ".att", ".sbom"];

/// How an image is copied.
#[derive(Debug, Default)]
pub struct CopyOptions {
    /// Tags at the target, set last.
    pub tags: Vec<String>,
    /// Of an index only the image of this platform; its own attachments come along, those of the index do not.
    pub platform: Option<Platform>,
    /// Leave everything attached behind.
    pub bare: bool,
    /// How registries are spoken to.
    pub registry: registry::Options,
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The image's digest, the same at both ends.
    pub digest: Digest,
    /// Manifests of the image itself: images and indexes.
    pub manifests: usize,
    /// Attachments listed as referrers of the image, of its parts or of other attachments.
    pub referrers: usize,
    /// Attachments under tags of their own.
    pub attachment_tags: Vec<String>,
    /// What became of the blobs.
    pub blobs: UploadSummary,
    /// Tags that were set.
    pub tags: Vec<String>,
}

/// Copies an image and everything attached to it, and reads it back.
///
/// # Errors
/// When a tag is invalid (nothing is sent then), the image or a part of it is missing, a place fails, or what is read back
/// differs. Tags are set last, so an error before leaves no tag on something incomplete.
pub fn copy(
    source: &Destination,
    target: &str,
    destination: &Destination,
    options: &CopyOptions,
) -> Result<Copied, Error> {
    let (tags, invalid) = check_tags(&options.tags);
    if !invalid.is_empty() {
        return Err(Error::InvalidTags(invalid));
    }
    let reader = Client::new(options.registry.clone());
    let from = Place::open(source, &reader)?;
    let mut cargo =
        Cargo { from: &from, manifests: Vec::new(), known: BTreeSet::new(), blobs: BTreeMap::new() };
    let root = cargo.root(target, options.platform.as_ref())?;
    let parts = cargo.manifests.len();
    let (mut attachments, mut under_tags) = (Vec::new(), Vec::new());
    if !options.bare {
        let mut at = 0;
        // The list grows while it is walked: what is attached to an attachment comes along, too.
        while let Some(subject) = cargo.manifests.get(at).map(|found| found.descriptor.digest.clone()) {
            let of = cargo.attached(&subject, &mut under_tags)?;
            if !of.is_empty() {
                attachments.push((subject, of));
            }
            at += 1;
        }
    }
    let writer = Client::new(options.registry.clone());
    let to = Place::create(destination, &writer)?;
    let blobs = cargo.send(&to, &same_registry(source, destination))?;
    for found in &cargo.manifests {
        to.put_manifest(&found.descriptor, &found.bytes)?;
    }
    for (subject, of) in &attachments {
        to.attach_manifests(subject, of)?;
    }
    for (tag, found) in &under_tags {
        to.tag(tag, &found.descriptor, &found.bytes)?;
    }
    let last = &cargo.manifests[root];
    if tags.is_empty() {
        to.list(&last.descriptor)?;
    }
    for tag in &tags {
        to.tag(tag, &last.descriptor, &last.bytes)?;
    }
    let digest = last.descriptor.digest.clone();
    read_back(destination, options, &cargo, &attachments, &under_tags, (&digest, &tags))?;
    Ok(Copied {
        digest,
        manifests: parts,
        referrers: attachments.iter().map(|(_, of)| of.len()).sum(),
        attachment_tags: under_tags.into_iter().map(|(tag, _)| tag).collect(),
        blobs,
        tags,
    })
}

/// Everything that is to be copied.
struct Cargo<'a> {
    from: &'a Place<'a>,
    /// Manifests, children before the indexes that name them.
    manifests: Vec<Found>,
    known: BTreeSet<Digest>,
    blobs: BTreeMap<Digest, Descriptor>,
}

impl Cargo<'_> {
    fn find(&self, target: &str) -> Result<Found, Error> {
        let missing = || Error::NoSuchManifest { place: self.from.name(), target: target.to_owned() };
        self.from.manifest(target)?.ok_or_else(missing)
    }

    /// Collects the image itself; gives its place in the list.
    fn root(&mut self, target: &str, platform: Option<&Platform>) -> Result<usize, Error> {
        let mut found = self.find(target)?;
        let mut depth = DEPTH;
        while let (Some(wanted), true) = (platform, media_type::is_index(&found.descriptor.media_type)) {
            let index: Index = self.parse(&found)?;
            let serves = |entry: &&Descriptor| entry.platform.as_ref().is_some_and(|one| one.serves(wanted));
            let Some(child) = index.manifests.iter().find(serves).filter(|_| depth > 0) else {
                let known = index.manifests.iter().filter_map(|entry| entry.platform.as_ref());
                let known: Vec<String> = known.map(ToString::to_string).collect();
                let why = format!("it has no image for {wanted}, only for {}", known.join(", "));
                return Err(Error::Invalid { what: format!("index {}", found.descriptor.digest), why });
            };
            found = self.find(child.digest.as_str())?;
            depth -= 1;
        }
        self.take(found, DEPTH)?;
        Ok(self.manifests.len() - 1)
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, found: &Found) -> Result<T, Error> {
        serde_json::from_slice(&found.bytes).map_err(|error| Error::Invalid {
            what: format!("manifest {} of {}", found.descriptor.digest, self.from.name()),
            why: error.to_string(),
        })
    }

    /// Takes a manifest with all it reaches.
    fn take(&mut self, found: Found, depth: usize) -> Result<(), Error> {
        if !self.known.insert(found.descriptor.digest.clone()) {
            return Ok(());
        }
        if media_type::is_index(&found.descriptor.media_type) {
            if depth == 0 {
                let what = format!("manifest {}", found.descriptor.digest);
                return Err(Error::Invalid { what, why: format!("indexes nest deeper than {DEPTH} levels") });
            }
            let index: Index = self.parse(&found)?;
            for child in &index.manifests {
                if !self.known.contains(&child.digest) {
                    let child = self.find(child.digest.as_str())?;
                    self.take(child, depth - 1)?;
                }
            }
        } else {
            let manifest: Manifest = self.parse(&found)?;
            for blob in std::iter::once(manifest.config).chain(manifest.layers) {
                // A foreign layer stays where its own URLs lead.
                if blob.urls.is_empty() || self.from.has_blob(&blob)? {
                    self.blobs.insert(blob.digest.clone(), blob);
                }
            }
        }
        self.manifests.push(found);
        Ok(())
    }

    /// Takes what is attached to a manifest; gives the referrers, as they are to be listed.
    fn attached(
        &mut self,
        subject: &Digest,
        under_tags: &mut Vec<(String, Found)>,
    ) -> Result<Vec<Attachment>, Error> {
        let mut of = Vec::new();
        for entry in self.from.referrers(subject)? {
            let found = self.find(entry.digest.as_str())?;
            of.push(Attachment { descriptor: self.listed(&found)?, bytes: found.bytes.clone() });
            self.take(found, DEPTH)?;
        }
        for end in LEGACY {
            let tag = format!("{}{end}", fallback_tag(subject));
            if let Some(found) = self.from.manifest(&tag)? {
                under_tags
                    .push((tag, Found { descriptor: found.descriptor.clone(), bytes: found.bytes.clone() }));
                self.take(found, DEPTH)?;
            }
        }
        Ok(of)
    }

    /// A referrer as its list names it: with the artifact type and annotations of its manifest, whatever the list at the
    /// source said (distribution specification, "Listing Referrers").
    fn listed(&self, found: &Found) -> Result<Descriptor, Error> {
        let mut descriptor = found.descriptor.clone();
        if media_type::is_index(&descriptor.media_type) {
            let index: Index = self.parse(found)?;
            descriptor.artifact_type = index.artifact_type;
            descriptor.annotations = index.annotations;
        } else {
            let manifest: Manifest = self.parse(found)?;
            descriptor.artifact_type = manifest.artifact_type.or(Some(manifest.config.media_type));
            descriptor.annotations = manifest.annotations;
        }
        Ok(descriptor)
    }

    fn send(&self, to: &Place<'_>, mount_from: &[String]) -> Result<UploadSummary, Error> {
        let mut uploads = Vec::with_capacity(self.blobs.len());
        for blob in self.blobs.values() {
            uploads.push(Upload { descriptor: blob.clone(), source: self.from.source(blob)? });
        }
        to.receive(&uploads, mount_from)
    }
}

/// The source's repository, where the target is one of the same registry: its blobs are mounted, not sent.
fn same_registry(source: &Destination, destination: &Destination) -> Vec<String> {
    match (source, destination) {
        (Destination::Registry(from), Destination::Registry(to)) if from.domain == to.domain => {
            vec![from.path.clone()]
        }
        _ => Vec::new(),
    }
}

/// Looks with a fresh client whether all of it is there.
fn read_back(
    destination: &Destination,
    options: &CopyOptions,
    cargo: &Cargo<'_>,
    attachments: &[(Digest, Vec<Attachment>)],
    under_tags: &[(String, Found)],
    (digest, tags): (&Digest, &[String]),
) -> Result<(), Error> {
    let client = Client::new(registry::Options { progress: None, ..options.registry.clone() });
    let place = Place::open(destination, &client)?;
    let differs = |what: String, expected: &Digest, got: Option<String>| Error::ReadBack {
        place: place.name(),
        what,
        expected: expected.to_string(),
        got: got.unwrap_or_else(|| "nothing".to_owned()),
    };
    let check = |what: &str, target: &str, expected: &Digest| {
        let got = place.manifest(target)?.map(|found| found.descriptor.digest);
        if got.as_ref() == Some(expected) {
            return Ok(());
        }
        Err(differs(format!("{what} `{target}`"), expected, got.map(|got| got.to_string())))
    };
    for found in &cargo.manifests {
        check("the manifest", found.descriptor.digest.as_str(), &found.descriptor.digest)?;
    }
    for blob in cargo.blobs.values() {
        if !place.has_blob(blob)? {
            return Err(differs("a blob".to_owned(), &blob.digest, None));
        }
    }
    for (subject, of) in attachments {
        let listed: BTreeSet<Digest> =
            place.referrers(subject)?.into_iter().map(|entry| entry.digest).collect();
        if let Some(lost) = of.iter().find(|one| !listed.contains(&one.descriptor.digest)) {
            return Err(differs(
                format!("the list of what is attached to {subject}"),
                &lost.descriptor.digest,
                None,
            ));
        }
    }
    for (tag, found) in under_tags {
        check("tag", tag, &found.descriptor.digest)?;
    }
    tags.iter().try_for_each(|tag| check("tag", tag, digest))
}
