//! Publishing: blobs, manifests, attachments, tags, and reading all of it back with a fresh client.

use crate::bundle::{self, PREDICATE_SIGN, PREDICATE_SPDX, Referrer, Statement};
use crate::place::{Destination, Place, layout_error};
use crate::tags::check_tags;
use crate::verify::{Trust, gather, open_manifest};
use crate::{Error, PrivateKey};
use seaworthy_facts::{ReferrerFact, ReleaseFacts, SignatureFact, TagFact};
use seaworthy_oci::{Descriptor, Digest, Index, Manifest, Reference, media_type};
use seaworthy_registry::{self as registry, Client, UploadSummary};
use seaworthy_store::Layout;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How deep indexes may nest.
const DEPTH: usize = 4;

/// What is published besides the image.
#[derive(Debug, Default)]
pub struct PublishOptions<'a> {
    /// Tags, set last.
    pub tags: Vec<String>,
    /// An SPDX document in JSON, attached as it is and, with a key, as an attestation.
    pub sbom: Option<Vec<u8>>,
    /// The key that signs the image.
    pub sign: Option<&'a PrivateKey>,
    /// Repositories of the same registry that may hold the blobs already.
    pub mount_from: Vec<String>,
    /// The time written on attachments, RFC 3339; the present where absent.
    pub created: Option<String>,
    /// How the registry is spoken to, progress included.
    pub registry: registry::Options,
}

/// Everything an image consists of.
struct Closure {
    /// Manifests, children before the indexes that name them; the image itself is the last one.
    manifests: Vec<(Descriptor, Vec<u8>)>,
    /// Blobs, each once.
    blobs: Vec<Descriptor>,
}

/// Publishes an image of a layout and reads it back. The digest given is the digest published, always.
///
/// # Errors
/// When a tag is invalid (nothing is sent then), the image is incomplete, the destination fails, or what is read back
/// differs. Tags are set last, so an error before leaves no tag behind.
pub fn publish(
    layout: &Layout,
    image: &Descriptor,
    destination: &Destination,
    options: &PublishOptions<'_>,
) -> Result<ReleaseFacts, Error> {
    let start = Instant::now();
    let mut wanted = Vec::new();
    if let Destination::Registry(reference) = destination {
        if let Some(digest) = reference.digest.as_ref().filter(|digest| **digest != image.digest) {
            let (wanted, got) = (digest.to_string(), image.digest.to_string());
            return Err(Error::OtherDigest { wanted, got });
        }
        wanted.extend(reference.tag.clone());
    }
    wanted.extend(options.tags.iter().cloned());
    let (tags, invalid) = check_tags(&wanted);
    if !invalid.is_empty() {
        return Err(Error::InvalidTags(invalid));
    }
    let predicate = match &options.sbom {
        Some(bytes) => Some(spdx(bytes)?),
        None => None,
    };
    let closure = closure(layout, image)?;
    let image = Descriptor::new(&image.media_type, image.digest.clone(), image.size);

    let client = Client::new(options.registry.clone());
    let place = Place::create(destination, &client)?;
    let mut sent = place.copy_blobs(layout, &closure.blobs, &options.mount_from)?;
    for (descriptor, bytes) in &closure.manifests {
        place.put_manifest(descriptor, bytes)?;
    }
    let referrers = attachments(&image, destination, predicate, options)?;
    let missing = not_attached(&place, &image.digest, referrers)?;
    add(&mut sent, place.attach(&image.digest, &missing)?);
    let entry = entry(&image, destination, options.sign.is_some());
    if tags.is_empty() {
        place.list(&entry)?;
    }
    if let Some((_, bytes)) = closure.manifests.last() {
        for tag in &tags {
            place.tag(tag, &entry, bytes)?;
        }
    }
    let mut facts = read_back(destination, &image, &closure, &tags, options)?;
    facts.blobs_sent = sent.sent;
    facts.bytes_sent = sent.bytes;
    facts.ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(facts)
}

/// Sends an image's blobs, manifests and one tag, and nothing else: no hashing of blobs, no attachments, no reading
/// back. The registry checks every digest. This is the part worth comparing with other tools.
///
/// # Errors
/// When the image is incomplete or the registry fails.
pub fn push(
    layout: &Layout,
    image: &Descriptor,
    reference: &Reference,
    options: &registry::Options,
) -> Result<UploadSummary, Error> {
    let closure = closure(layout, image)?;
    let client = Client::new(options.clone());
    let place = Place::create(&Destination::Registry(reference.clone()), &client)?;
    let sent = place.copy_blobs(layout, &closure.blobs, &[])?;
    let tag = reference.tag.as_deref();
    let last = closure.manifests.len().saturating_sub(1);
    for (at, (descriptor, bytes)) in closure.manifests.iter().enumerate() {
        match tag.filter(|_| at == last) {
            Some(tag) => place.tag(tag, descriptor, bytes)?,
            None => place.put_manifest(descriptor, bytes)?,
        }
    }
    Ok(sent)
}

/// Signs an image that is published already. An equal signature that is there is not attached twice.
///
/// # Errors
/// When there is no such image, or the place cannot be read or written.
pub fn sign(
    destination: &Destination,
    target: &str,
    key: &PrivateKey,
    options: &registry::Options,
) -> Result<Digest, Error> {
    attach_statement(destination, target, key, options, |image| Statement::sign(&image.digest))
}

/// Attests something about an image that is published already.
///
/// # Errors
/// As [`sign`].
pub fn attest(
    destination: &Destination,
    target: &str,
    predicate_type: &str,
    predicate: &serde_json::Value,
    key: &PrivateKey,
    options: &registry::Options,
) -> Result<Digest, Error> {
    let name = subject_name(destination);
    attach_statement(destination, target, key, options, |image| {
        Statement::attest(&image.digest, &name, predicate_type, predicate.clone())
    })
}

fn attach_statement(
    destination: &Destination,
    target: &str,
    key: &PrivateKey,
    options: &registry::Options,
    statement: impl FnOnce(&Descriptor) -> Statement,
) -> Result<Digest, Error> {
    let client = Client::new(options.clone());
    // A layout that is not there must not be made by signing in it.
    if let Destination::Layout { .. } = destination {
        Place::open(destination, &client)?;
    }
    let place = Place::create(destination, &client)?;
    let image = place
        .manifest(target)?
        .ok_or_else(|| Error::NoSuchManifest { place: place.name(), target: target.to_owned() })?
        .descriptor;
    let made = sealed(&image, &statement(&image), key, &now())?;
    let missing = not_attached(&place, &image.digest, vec![made])?;
    place.attach(&image.digest, &missing)?;
    Ok(image.digest)
}

/// What a statement calls its subject.
fn subject_name(destination: &Destination) -> String {
    match destination {
        Destination::Registry(reference) => reference.repository(),
        Destination::Layout { .. } => String::new(),
    }
}

/// The image as a layout lists it. `cosign verify --local-image` finds a signed image by this annotation only; of an
/// index it finds no signature at all (cosign 3.1).
fn entry(image: &Descriptor, destination: &Destination, signed: bool) -> Descriptor {
    let mut entry = image.clone();
    if signed
        && matches!(destination, Destination::Layout { .. })
        && media_type::is_manifest(&image.media_type)
    {
        entry.annotations.insert("kind".to_owned(), "dev.cosignproject.cosign/image".to_owned());
    }
    entry
}

/// Checks that a document is SPDX in JSON.
fn spdx(bytes: &[u8]) -> Result<serde_json::Value, Error> {
    let fail = |why: String| Error::Invalid { what: "the SBOM".to_owned(), why };
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| fail(error.to_string()))?;
    let version = value.get("spdxVersion").and_then(serde_json::Value::as_str);
    let named = version.is_some_and(|version| version.starts_with("SPDX-"));
    // Version 3 is JSON-LD and names itself by its context.
    let linked =
        value.get("@context").and_then(serde_json::Value::as_str).is_some_and(|c| c.contains("spdx"));
    if named || linked { Ok(value) } else { Err(fail("it is no SPDX document".to_owned())) }
}

fn add(sum: &mut UploadSummary, more: UploadSummary) {
    sum.sent += more.sent;
    sum.bytes += more.bytes;
    sum.present += more.present;
    sum.mounted += more.mounted;
}

/// Collects manifests and blobs; manifests are verified against their digests.
fn closure(layout: &Layout, image: &Descriptor) -> Result<Closure, Error> {
    let mut closure = Closure { manifests: Vec::new(), blobs: Vec::new() };
    let mut seen = BTreeSet::new();
    collect(layout, image, DEPTH, &mut closure, &mut seen)?;
    Ok(closure)
}

fn collect(
    layout: &Layout,
    node: &Descriptor,
    depth: usize,
    closure: &mut Closure,
    seen: &mut BTreeSet<Digest>,
) -> Result<(), Error> {
    let fail = |why: String| Error::Invalid { what: format!("manifest {}", node.digest), why };
    if !seen.insert(node.digest.clone()) {
        return Ok(());
    }
    let bytes = layout.read(node).map_err(|source| layout_error(layout.path(), source))?;
    if media_type::is_index(&node.media_type) {
        if depth == 0 {
            return Err(fail(format!("indexes nest deeper than {DEPTH} levels")));
        }
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| fail(error.to_string()))?;
        for child in &index.manifests {
            collect(layout, child, depth - 1, closure, seen)?;
        }
    } else if media_type::is_manifest(&node.media_type) {
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| fail(error.to_string()))?;
        for blob in std::iter::once(&manifest.config).chain(&manifest.layers) {
            // Foreign layers are fetched from their own URLs and need not be here.
            let foreign = !blob.urls.is_empty() && !layout.has(&blob.digest);
            if !foreign && seen.insert(blob.digest.clone()) {
                closure.blobs.push(blob.clone());
            }
        }
    } else {
        return Err(fail(format!("`{}` is neither an image manifest nor an index", node.media_type)));
    }
    let plain = Descriptor::new(&node.media_type, node.digest.clone(), node.size);
    closure.manifests.push((plain, bytes));
    Ok(())
}

/// Makes what is attached to the image: the SBOM as it is, its attestation, the signature.
fn attachments(
    image: &Descriptor,
    destination: &Destination,
    predicate: Option<serde_json::Value>,
    options: &PublishOptions<'_>,
) -> Result<Vec<Referrer>, Error> {
    let created = options.created.clone().unwrap_or_else(now);
    let mut made = Vec::new();
    if let Some(document) = &options.sbom {
        let annotations = BTreeMap::from([("org.opencontainers.image.created".to_owned(), created.clone())]);
        made.push(bundle::referrer(image, media_type::SPDX, document.clone(), annotations)?);
    }
    let Some(key) = options.sign else { return Ok(made) };
    if let Some(predicate) = predicate {
        let statement =
            Statement::attest(&image.digest, &subject_name(destination), PREDICATE_SPDX, predicate);
        made.push(sealed(image, &statement, key, &created)?);
    }
    made.push(sealed(image, &Statement::sign(&image.digest), key, &created)?);
    Ok(made)
}

fn sealed(
    image: &Descriptor,
    statement: &Statement,
    key: &PrivateKey,
    created: &str,
) -> Result<Referrer, Error> {
    let content = bundle::make(statement, key)?;
    let annotations = bundle::bundle_annotations(&statement.predicate_type, created);
    bundle::referrer(image, media_type::SIGSTORE_BUNDLE, content, annotations)
}

/// The present, in UTC and whole seconds.
fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// Leaves out what an earlier run has attached: signatures are deterministic, so the same blob says the same.
fn not_attached(place: &Place<'_>, subject: &Digest, made: Vec<Referrer>) -> Result<Vec<Referrer>, Error> {
    if made.is_empty() {
        return Ok(made);
    }
    let mut there = BTreeSet::new();
    for entry in place.referrers(subject)? {
        if !media_type::is_manifest(&entry.media_type) {
            continue;
        }
        if let Some((manifest, kind)) = open_manifest(place, &entry.digest)?
            && let [blob] = manifest.layers.as_slice()
        {
            there.insert((kind, blob.digest.clone()));
        }
    }
    Ok(made
        .into_iter()
        .filter(|referrer| !there.contains(&(referrer.blob.media_type.clone(), referrer.blob.digest.clone())))
        .collect())
}

/// What a tag says, once it says what was written or has had its time: some registries answer from caches.
fn settled(place: &Place<'_>, tag: &str, expected: &Digest) -> Result<Option<Digest>, Error> {
    let mut wait = Duration::from_millis(100);
    loop {
        let digest = place.manifest(tag)?.map(|found| found.descriptor.digest);
        let patient = matches!(place, Place::Registry { .. }) && wait < Duration::from_secs(3);
        if digest.as_ref() == Some(expected) || !patient {
            return Ok(digest);
        }
        std::thread::sleep(wait);
        wait *= 2;
    }
}

/// Reads everything back with a fresh client and says what is there.
fn read_back(
    destination: &Destination,
    image: &Descriptor,
    closure: &Closure,
    tags: &[String],
    options: &PublishOptions<'_>,
) -> Result<ReleaseFacts, Error> {
    // Nothing of the writer's state is believed: new connections, new tokens.
    let client = Client::new(registry::Options { progress: None, ..options.registry.clone() });
    let place = Place::open(destination, &client)?;
    let differs = |what: String, expected: &Digest, got: String| Error::ReadBack {
        place: place.name(),
        what,
        expected: expected.to_string(),
        got,
    };
    for (descriptor, bytes) in &closure.manifests {
        let found = place.manifest(descriptor.digest.as_str())?;
        let got =
            found.as_ref().map_or_else(|| "nothing".to_owned(), |found| found.descriptor.digest.to_string());
        if found.is_none_or(|found| found.bytes != *bytes) {
            return Err(differs("the manifest".to_owned(), &descriptor.digest, got));
        }
    }
    for blob in &closure.blobs {
        if !place.has_blob(blob)? {
            return Err(differs("a blob".to_owned(), &blob.digest, "nothing".to_owned()));
        }
    }
    let mut facts = ReleaseFacts {
        destination: destination.to_string(),
        tested: image.digest.to_string(),
        read_back: Some(image.digest.to_string()),
        sign_wanted: options.sign.is_some(),
        sbom_wanted: options.sbom.is_some(),
        ..ReleaseFacts::default()
    };
    for tag in tags {
        let digest = settled(&place, tag, &image.digest)?;
        if digest.as_ref() != Some(&image.digest) {
            let got = digest.map_or_else(|| "nothing".to_owned(), |digest| digest.to_string());
            return Err(differs(format!("tag `{tag}`"), &image.digest, got));
        }
        facts.tags.push(TagFact { tag: tag.clone(), digest: digest.map(|digest| digest.to_string()) });
    }
    let mut plain_sbom = None;
    for entry in place.referrers(&image.digest)? {
        let Some((manifest, artifact_type)) = open_manifest(&place, &entry.digest)? else { continue };
        if artifact_type == media_type::SPDX
            && let (Some(ours), [blob]) = (&options.sbom, manifest.layers.as_slice())
            && Digest::of(ours) == blob.digest
        {
            plain_sbom = Some(place.blob(blob)? == *ours);
        }
        facts.referrers.push(ReferrerFact {
            digest: entry.digest.to_string(),
            artifact_type,
            predicate_type: manifest.annotations.get("dev.sigstore.bundle.predicateType").cloned(),
            subject: image.digest.to_string(),
        });
    }
    let mut attested_sbom = None;
    if let Some(key) = options.sign {
        let public = key.public();
        let evidence = gather(&place, &image.digest, Trust::Key(&public))?;
        let verified = !evidence.signatures.is_empty();
        let error = (!verified).then(|| format!("no {PREDICATE_SIGN} of this key was read back"));
        let subject = image.digest.to_string();
        facts.signatures.push(SignatureFact { subject, key: public.fingerprint(), verified, error });
        if let Some(document) = &options.sbom {
            let ours = spdx(document)?;
            let same = |attested: &crate::Attested| {
                attested.predicate_type == PREDICATE_SPDX && attested.predicate == ours
            };
            attested_sbom = Some(evidence.attestations.iter().any(same));
        }
    }
    if options.sbom.is_some() {
        facts.sbom_matches = Some(plain_sbom == Some(true) && attested_sbom != Some(false));
    }
    Ok(facts)
}
