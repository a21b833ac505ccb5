//! Keys, signatures and attestations against cosign, both ways.

use crate::support::{Registry, image, must, run, sbom, tool};
use seaworthy_registry::Options;
use seaworthy_release::{
    Destination, Error, PrivateKey, PublicKey, PublishOptions, Storage, attest, publish, sign, verify,
    write_pair,
};
use std::path::Path;

/// Keeps cosign from asking its update server.
fn configs(home: &Path) {
    let text = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}"#;
    std::fs::write(home.join("sc.json"), text).unwrap();
    let text = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
    std::fs::write(home.join("tr.json"), text).unwrap();
}

#[test]
fn cosign_accepts_ours_and_we_accept_cosigns() {
    let Some(cosign) = tool("cosign") else { return };
    let Some(registry) = Registry::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    configs(home);
    let (layout, built) = image(home, "a");
    let pair = write_pair(&home.join("ours"), b"pw").unwrap();
    let key = PrivateKey::load(&pair.private, b"pw").unwrap();

    // Our key pair, read by cosign.
    let public = must(home, &cosign, &["public-key", "--key", "ours.key"]);
    assert_eq!(PublicKey::from_pem(&public).unwrap(), key.public());

    // Our signature and attestation, verified by cosign.
    let name = registry.repository("app");
    let options = PublishOptions { sbom: Some(sbom()), sign: Some(&key), ..PublishOptions::default() };
    let to = Destination::Registry(format!("{name}:1").parse().unwrap());
    publish(&layout, &built, &to, &options).unwrap();
    let pinned = format!("{name}@{}", built.digest);
    let verify_with = |key: &str, image: &str| {
        let args = ["verify", "--key", key, "--insecure-ignore-tlog=true", image];
        run(home, &cosign, &args).status.success()
    };
    assert!(verify_with("ours.pub", &pinned));
    let args =
        ["verify-attestation", "--key", "ours.pub", "--insecure-ignore-tlog=true", "--type", "spdxjson"];
    let text = must(home, &cosign, &[&args[..], &[pinned.as_str()]].concat());
    assert!(text.contains("payload"), "{text}");

    // A wrong key is refused by cosign and by us.
    must(home, &cosign, &["generate-key-pair", "--output-key-prefix", "theirs"]);
    assert!(!verify_with("theirs.pub", &pinned));
    let theirs = PrivateKey::load(&home.join("theirs.key"), b"pw").unwrap();
    let public = PublicKey::load(&home.join("theirs.pub")).unwrap();
    assert_eq!(theirs.public(), public);
    let error = verify(&to, "1", &public, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");

    // Cosign's signature beside ours, verified by us; ours still stands.
    let cosign_sign = |key: &str, image: &str, extra: &[&str]| {
        let args =
            ["sign", "--key", key, "--yes", "--signing-config", "sc.json", "--trusted-root", "tr.json"];
        must(home, &cosign, &[&args[..], extra, &[image]].concat());
    };
    cosign_sign("theirs.key", &pinned, &["-a", "team=ship"]);
    let verified = verify(&to, built.digest.as_str(), &public, &Options::default()).unwrap();
    assert_eq!(verified.signatures[0].storage, Storage::Bundle);
    assert_eq!(verified.signatures[0].annotations["team"], "ship");
    assert!(verify(&to, "1", &key.public(), &Options::default()).is_ok());
    assert!(verify_with("theirs.pub", &pinned));

    // Cosign signs with the key we made.
    let (layout, other) = image(home, "b");
    let to = Destination::Registry(format!("{name}:2").parse().unwrap());
    publish(&layout, &other, &to, &PublishOptions::default()).unwrap();
    let error = verify(&to, "2", &key.public(), &Options::default()).unwrap_err();
    assert!(matches!(error, Error::NoSignature { .. }), "{error}");
    let pinned = format!("{name}@{}", other.digest);
    assert!(!verify_with("ours.pub", &pinned));
    cosign_sign("ours.key", &pinned, &[]);
    assert_eq!(verify(&to, "2", &key.public(), &Options::default()).unwrap().digest, other.digest);
}

#[test]
fn legacy_signatures_are_read() {
    let Some(cosign) = tool("cosign") else { return };
    let Some(registry) = Registry::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let (layout, built) = image(home, "a");
    let name = registry.repository("app");
    let to = Destination::Registry(format!("{name}:1").parse().unwrap());
    publish(&layout, &built, &to, &PublishOptions::default()).unwrap();
    must(home, &cosign, &["generate-key-pair"]);
    let args =
        ["sign", "--key", "cosign.key", "--yes", "--new-bundle-format=false", "--use-signing-config=false"];
    let pinned = format!("{name}@{}", built.digest);
    must(home, &cosign, &[&args[..], &["--tlog-upload=false", &pinned]].concat());
    let public = PublicKey::load(&home.join("cosign.pub")).unwrap();
    let verified = verify(&to, "1", &public, &Options::default()).unwrap();
    assert_eq!(verified.signatures[0].storage, Storage::Tag);
    let other = PrivateKey::generate().unwrap().public();
    let error = verify(&to, "1", &other, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
}

#[test]
fn cosign_verifies_our_layouts() {
    let Some(cosign) = tool("cosign") else { return };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let (layout, built) = image(home, "a");
    write_pair(&home.join("ours"), b"pw").unwrap();
    write_pair(&home.join("other"), b"pw").unwrap();
    let key = PrivateKey::load(&home.join("ours.key"), b"pw").unwrap();
    let options = PublishOptions {
        tags: vec!["1".to_owned(), "2".to_owned()],
        sbom: Some(sbom()),
        sign: Some(&key),
        ..PublishOptions::default()
    };
    publish(&layout, &built, &Destination::Layout { path: home.join("out") }, &options).unwrap();
    for (public, good) in [("ours.pub", true), ("other.pub", false)] {
        let args = ["verify", "--key", public, "--insecure-ignore-tlog=true", "--local-image", "out"];
        assert_eq!(run(home, &cosign, &args).status.success(), good, "{public}");
    }
}

#[test]
fn what_is_published_can_be_signed_and_attested_later() {
    let Some(cosign) = tool("cosign") else { return };
    let Some(registry) = Registry::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let (layout, built) = image(home, "a");
    write_pair(&home.join("ours"), b"pw").unwrap();
    let key = PrivateKey::load(&home.join("ours.key"), b"pw").unwrap();
    let name = registry.repository("app");
    let to = Destination::Registry(format!("{name}:1").parse().unwrap());
    publish(&layout, &built, &to, &PublishOptions::default()).unwrap();
    let options = Options::default();
    let predicate = serde_json::json!({"verdict": "fit to ship"});
    for _ in 0..2 {
        assert_eq!(sign(&to, "1", &key, &options).unwrap(), built.digest);
        attest(&to, "1", "https://example.com/verdict/v1", &predicate, &key, &options).unwrap();
    }
    let verified = verify(&to, "1", &key.public(), &options).unwrap();
    assert_eq!((verified.signatures.len(), verified.attestations.len()), (1, 1));
    assert_eq!(verified.attestations[0].predicate, predicate);
    let pinned = format!("{name}@{}", built.digest);
    must(home, &cosign, &["verify", "--key", "ours.pub", "--insecure-ignore-tlog=true", &pinned]);
    let args = ["verify-attestation", "--key", "ours.pub", "--insecure-ignore-tlog=true", "--type"];
    must(home, &cosign, &[&args[..], &["https://example.com/verdict/v1", &pinned]].concat());
}
