//! Publishing to a registry, judged by crane, skopeo and oras.

use crate::support::{Registry, image, must, sbom, tool};
use seaworthy_oci::{Descriptor, Index, Platform, Reference, media_type};
use seaworthy_registry::{Access, Client, Options};
use seaworthy_release::{Destination, PrivateKey, PublishOptions, publish, pull, push, verify};
use seaworthy_store::Layout;

#[test]
fn others_read_what_is_pushed() {
    let Some(registry) = Registry::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (layout, built) = image(dir.path(), "a");
    let key = PrivateKey::generate().unwrap();
    let name = registry.repository("team/app");
    let to = Destination::Registry(format!("{name}:1.2").parse().unwrap());
    let options = PublishOptions {
        tags: vec!["1".to_owned()],
        sbom: Some(sbom()),
        sign: Some(&key),
        ..PublishOptions::default()
    };
    let facts = publish(&layout, &built, &to, &options).unwrap();
    assert_eq!(facts.read_back.as_deref(), Some(built.digest.as_str()));
    assert_eq!(facts.tags.iter().map(|tag| tag.tag.as_str()).collect::<Vec<_>>(), ["1.2", "1"]);
    assert_eq!(facts.sbom_matches, Some(true));
    assert_eq!(facts.referrers.len(), 3);
    assert!(facts.signatures[0].verified);
    // Config, two layers, the empty config, SBOM, attestation, signature.
    assert_eq!(facts.blobs_sent, 7);

    let again = publish(&layout, &built, &to, &options).unwrap();
    assert_eq!((again.blobs_sent, again.referrers.len()), (0, 3));
    let verified = verify(&to, "1", &key.public(), &Options::default()).unwrap();
    assert_eq!(verified.digest, built.digest);

    let home = dir.path();
    if let Some(crane) = tool("crane") {
        must(home, &crane, &["validate", "--remote", &format!("{name}:1.2")]);
        assert_eq!(must(home, &crane, &["digest", &format!("{name}:1")]).trim(), built.digest.as_str());
        must(home, &crane, &["pull", &format!("{name}:1"), "pulled.tar"]);
    }
    if let Some(skopeo) = tool("skopeo") {
        let source = format!("docker://{name}:1.2");
        let text = must(home, &skopeo, &["inspect", "--tls-verify=false", &source]);
        assert!(text.contains(built.digest.as_str()), "{text}");
        must(
            home,
            &skopeo,
            &["--insecure-policy", "copy", "--src-tls-verify=false", &source, "oci:copied:1"],
        );
    }
    if let Some(oras) = tool("oras") {
        let image = format!("{name}@{}", built.digest);
        let text = must(home, &oras, &["discover", "--plain-http", "--format", "json", &image]);
        assert_eq!(text.matches("application/vnd.dev.sigstore.bundle.v0.3+json").count(), 2, "{text}");
        assert_eq!(text.matches("\"application/spdx+json\"").count(), 1, "{text}");
    }
}

#[test]
fn the_client_lists_mounts_and_pulls() {
    let Some(registry) = Registry::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (layout, built) = image(dir.path(), "a");
    let name = registry.repository("one");
    let tags: Vec<String> = (0..1100).step_by(10).map(|n| format!("t{n}")).collect();
    let options = PublishOptions { tags: tags.clone(), ..PublishOptions::default() };
    publish(&layout, &built, &Destination::Registry(name.parse().unwrap()), &options).unwrap();
    let client = Client::new(Options::default());
    let reference: Reference = name.parse().unwrap();
    let repository = client.repository(&reference, Access::Pull);
    let mut listed = repository.tags().unwrap();
    listed.sort();
    let mut expected = tags;
    expected.sort();
    assert_eq!(listed, expected);

    let options = PublishOptions { mount_from: vec!["one".to_owned()], ..PublishOptions::default() };
    let other = registry.repository("two");
    let facts = publish(&layout, &built, &Destination::Registry(other.parse().unwrap()), &options).unwrap();
    assert_eq!(facts.blobs_sent, 0);

    let layer = layout.manifest(&built).unwrap().layers.remove(0);
    let bytes = repository.pull_bytes(&layer, 1 << 20).unwrap();
    assert_eq!(bytes, std::fs::read(layout.blob_path(&layer.digest)).unwrap());
    assert!(repository.manifest("absent").unwrap_err().is_not_found());
}

#[test]
fn offline_refuses_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, built) = image(dir.path(), "a");
    let options = PublishOptions {
        registry: Options { offline: true, ..Options::default() },
        ..PublishOptions::default()
    };
    let to = Destination::Registry("registry.example.com/app:1".parse().unwrap());
    let error = publish(&layout, &built, &to, &options).unwrap_err();
    let chain = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(chain.contains("--offline"), "{chain}");
    assert!(error.hint().is_some());
}

#[test]
fn a_pull_brings_back_what_was_pushed() {
    let Some(registry) = Registry::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (layout, one) = image(dir.path(), "a");
    let entry = |platform: &str| {
        let platform = Platform::parse(platform);
        Descriptor { platform, ..one.clone() }
    };
    let index = Index::of(vec![entry("linux/s390x"), entry("linux/arm64")]);
    let index = layout.put(media_type::INDEX, &serde_json::to_vec(&index).unwrap()).unwrap();
    let reference: Reference = registry.repository("app:1").parse().unwrap();
    let options = Options::default();
    let sent = push(&layout, &index, &reference, &options).unwrap();
    assert_eq!((sent.sent, sent.present), (3, 0));

    let whole = Layout::create(dir.path().join("whole")).unwrap();
    assert_eq!(pull(&reference, &whole, None, &options).unwrap().digest, index.digest);
    assert_eq!(whole.read(&index).unwrap(), layout.read(&index).unwrap());
    let part = Layout::create(dir.path().join("part")).unwrap();
    let pulled = pull(&reference, &part, Platform::parse("linux/arm64").as_ref(), &options).unwrap();
    assert_eq!(pulled.digest, one.digest);
    assert!(!part.has(&index.digest));
    for blob in layout.manifest(&one).unwrap().layers {
        assert_eq!(
            std::fs::read(part.blob_path(&blob.digest)).unwrap(),
            std::fs::read(layout.blob_path(&blob.digest)).unwrap()
        );
    }
    let error = pull(&reference, &part, Platform::parse("linux/riscv64").as_ref(), &options).unwrap_err();
    assert!(error.to_string().contains("only for linux/s390x, linux/arm64"), "{error}");
}
