//! Documents that are attached to an image, without a look at who made them: referrers, cosign's `.sbom` tag, and the
//! attestations that BuildKit puts beside an image into its index.

use crate::Error;
use crate::bundle;
use crate::place::{BLOB_LIMIT, Destination, Place};
use crate::verify::open_manifest;
use seaworthy_oci::{Digest, Index, Manifest};
use seaworthy_registry::{self as registry, Client};

/// Attached manifests, and layers of each, that are looked at; more would be an attack on our time.
const MANIFESTS: usize = 64;
const LAYERS: usize = 16;
/// BuildKit's annotations of a manifest that attests another one of the same index.
const ATTESTS: &str = "vnd.docker.reference.digest";

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Digest of the manifest it was found in.
    pub manifest: Digest,
    /// What it is, by the manifest's artifact type or the layer's media type.
    pub kind: String,
    /// The document; of a signed bundle, what was signed.
    pub bytes: Vec<u8>,
}

/// Every document attached to an image, or to the index it was chosen from.
///
/// # Errors
/// There is no such image, or the place cannot be read.
pub fn attached(
    source: &Destination,
    target: &str,
    image: &Digest,
    options: &registry::Options,
) -> Result<Vec<Document>, Error> {
    let client = Client::new(options.clone());
    let place = Place::open(source, &client)?;
    let found = place
        .manifest(target)?
        .ok_or_else(|| Error::NoSuchManifest { place: place.name(), target: target.to_owned() })?;
    let mut documents = Vec::new();
    let mut subjects = vec![image.clone()];
    if found.descriptor.digest != *image {
        subjects.push(found.descriptor.digest.clone());
    }
    for subject in &subjects {
        for entry in place.referrers(subject)?.into_iter().take(MANIFESTS) {
            read(&place, &entry.digest, &mut documents)?;
        }
        let tag = format!("{}.sbom", registry::fallback_tag(subject));
        if let Some(old) = place.manifest(&tag)? {
            read(&place, &old.descriptor.digest, &mut documents)?;
        }
    }
    let siblings = serde_json::from_slice::<Index>(&found.bytes).map(|index| index.manifests);
    let about = |annotations: &std::collections::BTreeMap<String, String>| {
        annotations.get(ATTESTS).is_some_and(|digest| digest == image.as_str())
    };
    for entry in siblings.unwrap_or_default().iter().filter(|entry| about(&entry.annotations)).take(MANIFESTS)
    {
        read(&place, &entry.digest, &mut documents)?;
    }
    Ok(documents)
}

/// Reads what a manifest attaches, where it may be a document.
fn read(place: &Place<'_>, digest: &Digest, documents: &mut Vec<Document>) -> Result<(), Error> {
    let Some((Manifest { layers, .. }, kind)) = open_manifest(place, digest)? else { return Ok(()) };
    for layer in layers.iter().take(LAYERS).filter(|layer| layer.size <= BLOB_LIMIT) {
        let both = format!("{kind} {}", layer.media_type);
        if !["spdx", "cyclonedx", "syft", "in-toto", "sigstore.bundle", "sbom"]
            .iter()
            .any(|part| both.contains(part))
        {
            continue;
        }
        let bytes = place.blob(layer)?;
        let bytes = bundle::unproven(&bytes).unwrap_or(bytes);
        documents.push(Document { manifest: digest.clone(), kind: kind.clone(), bytes });
    }
    Ok(())
}
