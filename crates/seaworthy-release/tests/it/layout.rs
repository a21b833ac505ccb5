//! Publishing to a layout.

use crate::support::{image, must, run, sbom, tool};
use seaworthy_oci::{Descriptor, Digest, Index, media_type};
use seaworthy_registry::Options;
use seaworthy_release::{Destination, Error, PrivateKey, PublishOptions, publish, verify};
use seaworthy_store::Layout;
use std::path::Path;

fn destination(dir: &Path) -> Destination {
    Destination::Layout { path: dir.join("out") }
}

fn tags(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

#[test]
fn a_signed_image_with_an_sbom_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, built) = image(dir.path(), "a");
    let key = PrivateKey::generate().unwrap();
    let options = PublishOptions {
        tags: tags(&["1.2", "1"]),
        sbom: Some(sbom()),
        sign: Some(&key),
        ..PublishOptions::default()
    };
    let to = destination(dir.path());
    let facts = publish(&layout, &built, &to, &options).unwrap();
    assert_eq!(facts.read_back.as_deref(), Some(built.digest.as_str()));
    assert_eq!(facts.tags.len(), 2);
    assert_eq!(facts.referrers.len(), 3);
    assert_eq!(facts.sbom_matches, Some(true));
    assert!(facts.signatures[0].verified);

    let verified = verify(&to, "1.2", &key.public(), &Options::default()).unwrap();
    assert_eq!(verified.digest, built.digest);
    assert_eq!((verified.signatures.len(), verified.attestations.len()), (1, 1));
    let other = PrivateKey::generate().unwrap().public();
    let error = verify(&to, "1", &other, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    let error = verify(&to, "2", &other, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::NoSuchManifest { .. }), "{error}");

    // The same once more attaches nothing twice.
    let facts = publish(&layout, &built, &to, &options).unwrap();
    assert_eq!((facts.referrers.len(), facts.blobs_sent), (3, 0));

    // A blob that a disk has damaged since is replaced.
    let blob = layout.manifest(&built).unwrap().layers[0].clone();
    let damaged = Layout::open(dir.path().join("out")).unwrap().blob_path(&blob.digest);
    std::fs::remove_file(&damaged).unwrap();
    std::fs::write(&damaged, vec![0; usize::try_from(blob.size).unwrap()]).unwrap();
    assert_eq!(publish(&layout, &built, &to, &options).unwrap().blobs_sent, 1);
    assert_eq!(Digest::of(&std::fs::read(&damaged).unwrap()), blob.digest);
}

#[test]
fn an_sbom_is_no_signature() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, built) = image(dir.path(), "a");
    let key = PrivateKey::generate().unwrap();
    let options = PublishOptions {
        tags: tags(&["1"]),
        sbom: Some(sbom()),
        sign: Some(&key),
        ..PublishOptions::default()
    };
    let to = destination(dir.path());
    publish(&layout, &built, &to, &options).unwrap();
    // Everything but the attestation is taken out of the list.
    let path = dir.path().join("out/index.json");
    let mut index: Index = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let kind = "dev.sigstore.bundle.predicateType";
    let sign =
        |entry: &Descriptor| entry.annotations.get(kind).is_some_and(|kind| kind.contains("cosign/sign"));
    let before = index.manifests.len();
    index.manifests.retain(|entry| !sign(entry));
    assert_eq!(index.manifests.len() + 1, before);
    std::fs::write(&path, serde_json::to_vec(&index).unwrap()).unwrap();
    let error = verify(&to, "1", &key.public(), &Options::default()).unwrap_err();
    assert!(matches!(error, Error::NoSignature { attestations: 1, .. }), "{error}");
}

#[test]
fn a_signature_moved_to_another_image_is_a_bad_digest() {
    let dir = tempfile::tempdir().unwrap();
    let key = PrivateKey::generate().unwrap();
    let to = destination(dir.path());
    let mut built = Vec::new();
    for salt in ["a", "b"] {
        let (layout, image) = image(dir.path(), salt);
        let sign = (salt == "a").then_some(&key);
        let options = PublishOptions { tags: tags(&[salt]), sign, ..PublishOptions::default() };
        publish(&layout, &image, &to, &options).unwrap();
        built.push(image);
    }
    let error = verify(&to, "b", &key.public(), &Options::default()).unwrap_err();
    assert!(matches!(error, Error::NoSignature { attestations: 0, .. }), "{error}");
    // The manifest that carries the signature now claims the other subject; the bundle inside stays as it is.
    let out = Layout::open(dir.path().join("out")).unwrap();
    let referrer = out.referrers(&built[0].digest).unwrap().remove(0);
    let mut manifest = out.manifest(&referrer).unwrap();
    manifest.subject = Some(built[1].clone());
    let moved = out.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap()).unwrap();
    out.add(moved).unwrap();
    let error = verify(&to, "b", &key.public(), &Options::default()).unwrap_err();
    assert!(matches!(error, Error::BadDigest { .. }), "{error}");
    assert!(error.to_string().contains(built[0].digest.as_str()));
}

#[test]
fn an_index_is_published_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, one) = image(dir.path(), "a");
    let (other, two) = image(dir.path(), "b");
    for digest in [&two.digest].into_iter().chain(&blobs(&other, &two)) {
        let bytes = std::fs::read(other.blob_path(digest)).unwrap();
        layout.put("application/octet-stream", &bytes).unwrap();
    }
    let index = serde_json::to_vec(&Index::of(vec![one, two.clone()])).unwrap();
    let index = layout.put(media_type::INDEX, &index).unwrap();
    let key = PrivateKey::generate().unwrap();
    let options = PublishOptions { tags: tags(&["1"]), sign: Some(&key), ..PublishOptions::default() };
    let to = destination(dir.path());
    let facts = publish(&layout, &index, &to, &options).unwrap();
    assert_eq!(facts.read_back.as_deref(), Some(index.digest.as_str()));
    assert!(Layout::open(dir.path().join("out")).unwrap().has(&two.digest));
    assert_eq!(verify(&to, "1", &key.public(), &Options::default()).unwrap().digest, index.digest);
}

fn blobs(layout: &Layout, image: &Descriptor) -> Vec<Digest> {
    let manifest = layout.manifest(image).unwrap();
    std::iter::once(manifest.config).chain(manifest.layers).map(|blob| blob.digest).collect()
}

#[test]
fn invalid_input_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, built) = image(dir.path(), "a");
    let to = destination(dir.path());
    let options = PublishOptions { tags: tags(&["1", "-abc"]), ..PublishOptions::default() };
    let error = publish(&layout, &built, &to, &options).unwrap_err();
    assert!(matches!(error, Error::InvalidTags(_)), "{error}");
    assert_eq!(error.to_string(), "`-abc` is no tag: it begins with `-` or `.`");
    let options =
        PublishOptions { tags: tags(&["1"]), sbom: Some(b"{}".to_vec()), ..PublishOptions::default() };
    assert!(matches!(publish(&layout, &built, &to, &options), Err(Error::Invalid { .. })));
    assert!(!dir.path().join("out").exists());

    // A layer that lies about its content: no tag is set.
    let blob = layout.manifest(&built).unwrap().layers[0].clone();
    let mut bytes = std::fs::read(layout.blob_path(&blob.digest)).unwrap();
    bytes[0] ^= 1;
    let path = layout.blob_path(&blob.digest);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let options = PublishOptions { tags: tags(&["1"]), ..PublishOptions::default() };
    assert!(publish(&layout, &built, &to, &options).is_err());
    assert!(Layout::open(dir.path().join("out")).unwrap().index().unwrap().manifests.is_empty());
}

#[test]
fn others_read_our_layouts() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, built) = image(dir.path(), "a");
    let key = PrivateKey::generate().unwrap();
    let options = PublishOptions {
        tags: tags(&["1.2", "1"]),
        sbom: Some(sbom()),
        sign: Some(&key),
        ..PublishOptions::default()
    };
    publish(&layout, &built, &destination(dir.path()), &options).unwrap();
    if let Some(skopeo) = tool("skopeo") {
        for tag in ["1.2", "1"] {
            let text = must(dir.path(), &skopeo, &["inspect", &format!("oci:out:{tag}")]);
            assert!(text.contains(built.digest.as_str()), "{text}");
        }
        must(dir.path(), &skopeo, &["--insecure-policy", "copy", "oci:out:1", "dir:copied"]);
    }
    if let Some(oras) = tool("oras") {
        let text = must(dir.path(), &oras, &["discover", "--oci-layout", "--format", "json", "out:1.2"]);
        assert_eq!(text.matches("application/vnd.dev.sigstore.bundle.v0.3+json").count(), 2, "{text}");
        assert_eq!(text.matches("\"application/spdx+json\"").count(), 1, "{text}");
    }
    // The outside judge of the corpus, where it is at hand.
    let judge =
        std::env::var_os("SEAWORTHY_CORPUS").map(|dir| Path::new(&dir).join("oci-judge/judge_oci.py"));
    match (judge.filter(|judge| judge.exists()), tool("python3")) {
        (Some(judge), Some(python))
            if run(dir.path(), &python, &["-c", "import jsonschema"]).status.success() =>
        {
            must(dir.path(), &python, &[&judge.to_string_lossy(), "out"]);
        }
        _ => println!("skipped: SEAWORTHY_CORPUS names no judge, or Python has no jsonschema"),
    }
}
