//! Copies of a signed and attested two-platform index, judged by cosign, crane and oras at the target.

use crate::support::{Registry, image_for, must, run, sbom, tool};
use seaworthy_oci::{Descriptor, Digest, Index, Platform, media_type};
use seaworthy_registry::Options;
use seaworthy_release::{
    CopyOptions, Destination, PrivateKey, PublishOptions, copy, publish, sign, verify, write_pair,
};
use seaworthy_store::Layout;
use std::path::{Path, PathBuf};

/// A layout with an index of two images, for amd64 and arm64.
fn index(dir: &Path) -> (Layout, Descriptor, [Descriptor; 2]) {
    let layout = Layout::create(dir.join("index")).unwrap();
    let mut images = Vec::new();
    for (salt, arch) in [("one", "amd64"), ("two", "arm64")] {
        let platform = Platform::parse(&format!("linux/{arch}")).unwrap();
        let (from, mut built) = image_for(dir, salt, platform.clone());
        let reference = Destination::Layout { path: from.path().to_owned() };
        let to = Destination::Layout { path: layout.path().to_owned() };
        copy(&reference, "built", &to, &CopyOptions::default()).unwrap();
        built.platform = Some(platform);
        images.push(built);
    }
    let bytes = serde_json::to_vec(&Index::of(images.clone())).unwrap();
    let index = layout.put(media_type::INDEX, &bytes).unwrap();
    layout.set_ref("built", index.clone()).unwrap();
    (layout, index, images.try_into().unwrap())
}

/// The index, signed as a whole and each image by itself, with an SBOM, in a registry; also signed the old way.
struct Original {
    home: PathBuf,
    cosign: PathBuf,
    key: PrivateKey,
    index: Descriptor,
    images: [Descriptor; 2],
    at: Destination,
}

impl Original {
    fn publish(home: &Path, cosign: PathBuf, registry: &Registry) -> Self {
        write_pair(&home.join("ours"), b"pw").unwrap();
        let key = PrivateKey::load(&home.join("ours.key"), b"pw").unwrap();
        let (layout, index, images) = index(home);
        let name = registry.repository("app");
        let at = Destination::Registry(format!("{name}:1").parse().unwrap());
        let options = PublishOptions { sbom: Some(sbom()), sign: Some(&key), ..PublishOptions::default() };
        publish(&layout, &index, &at, &options).unwrap();
        for image in &images {
            sign(&at, image.digest.as_str(), &key, &Options::default()).unwrap();
        }
        let pinned = format!("{name}@{}", index.digest);
        let legacy = ["sign", "--key", "ours.key", "--yes", "--new-bundle-format=false"];
        let offline = ["--use-signing-config=false", "--tlog-upload=false", &pinned];
        must(home, &cosign, &[&legacy[..], &offline[..]].concat());
        Self { home: home.to_owned(), cosign, key, index, images, at }
    }

    fn digests(&self) -> impl Iterator<Item = &Digest> {
        [&self.index.digest, &self.images[0].digest, &self.images[1].digest].into_iter()
    }

    /// Cosign and we are content with everything at a registry.
    fn is_whole_at(&self, name: &str) {
        let place = Destination::Registry(format!("{name}:1").parse().unwrap());
        for digest in self.digests() {
            let pinned = format!("{name}@{digest}");
            let args = ["verify", "--key", "ours.pub", "--insecure-ignore-tlog=true", &pinned];
            must(&self.home, &self.cosign, &args);
            verify(&place, digest.as_str(), &self.key.public(), &Options::default()).unwrap();
        }
        let attested = ["verify-attestation", "--key", "ours.pub", "--insecure-ignore-tlog=true", "--type"];
        let pinned = format!("{name}@{}", self.index.digest);
        must(&self.home, &self.cosign, &[&attested[..], &["spdxjson", &pinned]].concat());
        let old = ["verify", "--key", "ours.pub", "--insecure-ignore-tlog=true", "--new-bundle-format=false"];
        must(&self.home, &self.cosign, &[&old[..], &[pinned.as_str()]].concat());
        if let Some(crane) = tool("crane") {
            must(&self.home, &crane, &["validate", "--remote", &format!("{name}:1")]);
        }
        if let Some(oras) = tool("oras") {
            let args = ["discover", "--plain-http", "--format", "json", &pinned];
            let listed: serde_json::Value = serde_json::from_str(&must(&self.home, &oras, &args)).unwrap();
            let referrers = listed["referrers"].as_array().or_else(|| listed["manifests"].as_array());
            // The SBOM as it is, its attestation, the signature.
            assert_eq!(referrers.map(Vec::len), Some(3), "{listed}");
        }
    }
}

#[test]
fn everything_attached_arrives_by_every_way() {
    let (Some(cosign), Some(from), Some(to)) = (tool("cosign"), Registry::start(), Registry::start()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let original = Original::publish(dir.path(), cosign, &from);
    let tagged = || CopyOptions { tags: vec!["1".to_owned()], ..CopyOptions::default() };
    let registry = |name: &str| Destination::Registry(name.parse().unwrap());

    // Registry to registry.
    let mirror = to.repository("mirror");
    let copied = copy(&original.at, "1", &registry(&mirror), &tagged()).unwrap();
    assert_eq!(
        (copied.digest.clone(), copied.manifests, copied.referrers),
        (original.index.digest.clone(), 3, 5)
    );
    assert_eq!(copied.attachment_tags.len(), 1);
    assert!(copied.blobs.sent > 0 && copied.blobs.mounted == 0);
    original.is_whole_at(&mirror);

    // Again: nothing is sent.
    let again = copy(&original.at, "1", &registry(&mirror), &tagged()).unwrap();
    assert_eq!((again.blobs.sent, again.blobs.mounted), (0, 0));

    // Within a registry: nothing travels.
    let beside = from.repository("beside");
    let mounted = copy(&original.at, "1", &registry(&beside), &tagged()).unwrap();
    assert_eq!((mounted.blobs.sent, mounted.blobs.mounted > 0), (0, true));
    original.is_whole_at(&beside);

    // Over an air gap: registry to layout, layout to layout, layout to registry.
    let gap = Destination::Layout { path: dir.path().join("gap") };
    copy(&original.at, "1", &gap, &tagged()).unwrap();
    for digest in original.digests() {
        verify(&gap, digest.as_str(), &original.key.public(), &Options::default()).unwrap();
    }
    let second = Destination::Layout { path: dir.path().join("second") };
    let carried = copy(&gap, "1", &second, &tagged()).unwrap();
    assert_eq!((carried.manifests, carried.referrers, carried.attachment_tags.len()), (3, 5, 1));
    let inside = to.repository("inside");
    copy(&second, "1", &registry(&inside), &tagged()).unwrap();
    original.is_whole_at(&inside);
}

#[test]
fn one_platform_comes_with_its_own_signature_only() {
    let (Some(cosign), Some(registry)) = (tool("cosign"), Registry::start()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let original = Original::publish(dir.path(), cosign, &registry);
    let to = Destination::Registry(registry.repository("arm").parse().unwrap());
    let options = CopyOptions {
        tags: vec!["1".to_owned()],
        platform: Platform::parse("linux/arm64"),
        ..CopyOptions::default()
    };
    let copied = copy(&original.at, "1", &to, &options).unwrap();
    assert_eq!((&copied.digest, copied.manifests, copied.referrers), (&original.images[1].digest, 1, 1));
    verify(&to, "1", &original.key.public(), &Options::default()).unwrap();
    let none = CopyOptions { platform: Platform::parse("linux/s390x"), ..options };
    let error = copy(&original.at, "1", &to, &none).unwrap_err().to_string();
    assert!(error.contains("linux/amd64, linux/arm64"), "{error}");
}

#[test]
fn an_incomplete_image_leaves_no_tag() {
    let (Some(registry), Some(crane)) = (Registry::start(), tool("crane")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let (layout, _, images) = index(dir.path());
    let lost = layout.manifest(&images[1]).unwrap().layers[1].digest.clone();
    std::fs::remove_file(layout.blob_path(&lost)).unwrap();
    let from = Destination::Layout { path: layout.path().to_owned() };
    let name = registry.repository("app");
    let options = CopyOptions { tags: vec!["1".to_owned()], ..CopyOptions::default() };
    let error = copy(&from, "built", &Destination::Registry(name.parse().unwrap()), &options).unwrap_err();
    let words = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(words.contains(lost.as_str()), "{words}");
    assert!(!run(dir.path(), &crane, &["manifest", &format!("{name}:1")]).status.success());
}
