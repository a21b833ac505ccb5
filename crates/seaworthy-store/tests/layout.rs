//! Layouts written and read, judged from outside where the judge is there.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod support;

use seaworthy_oci::{Descriptor, Digest, Index, Manifest, Platform, Source, media_type};
use seaworthy_store::{Layout, StoreError, open};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use support::{Tar, corpus, plain, store, zipped};

fn source(layout: &Layout, reference: Option<&str>) -> Source {
    Source::Layout { path: layout.path().to_owned(), reference: reference.map(str::to_owned) }
}

#[test]
fn what_is_written_reads_back_and_the_judge_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path().join("l")).unwrap();
    let tar = Tar::new().dir("app/").file("app/a", b"hello").end();
    let descriptor = store(&layout, "1.0", &[zipped(&tar), plain(Tar::new().file("b", b"x").end())], |_| ());
    assert_eq!(layout.resolve(Some("1.0")).unwrap().digest, descriptor.digest);
    assert_eq!(layout.resolve(Some(descriptor.digest.as_str())).unwrap().digest, descriptor.digest);
    assert_eq!(layout.resolve(None).unwrap().digest, descriptor.digest);
    let mode = fs::metadata(layout.blob_path(&descriptor.digest)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let left: Vec<_> = fs::read_dir(layout.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "no temporary file stays: {left:?}");

    let Some(judge) = corpus("oci-judge/judge_oci.py") else { return };
    let Ok(output) = Command::new("python3").arg(&judge).arg(layout.path()).output() else {
        println!("skipped: no python3");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if String::from_utf8_lossy(&output.stderr).contains("No module named") {
        println!("skipped: no python3-jsonschema");
        return;
    }
    assert!(output.status.success() && said.trim().ends_with("valid"), "{said}");
}

#[test]
fn a_name_belongs_to_one_image_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let one = store(&layout, "x", &[plain(Tar::new().file("a", b"1").end())], |_| ());
    let two = store(&layout, "x", &[plain(Tar::new().file("a", b"2").end())], |_| ());
    assert_eq!(layout.index().unwrap().manifests.len(), 1);
    assert_eq!(layout.resolve(Some("x")).unwrap().digest, two.digest);
    layout.set_ref("y", one.clone()).unwrap();
    layout.add(one.clone()).unwrap();
    assert_eq!(layout.index().unwrap().manifests.len(), 2, "a listed manifest is not listed twice");
    let error = layout.resolve(None).unwrap_err();
    assert!(matches!(error, StoreError::Ambiguous { .. }));
    assert!(error.to_string().contains("`x`") && error.to_string().contains("`y`"), "{error}");
    let error = layout.resolve(Some("z")).unwrap_err().to_string();
    assert!(error.contains("no image `z`"), "{error}");
}

#[test]
fn referrers_are_found_and_are_no_images() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let image = store(&layout, "x", &[plain(Tar::new().file("a", b"1").end())], |_| ());
    let empty = layout.put(media_type::EMPTY, b"{}").unwrap();
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: Some(media_type::SPDX.to_owned()),
        config: empty.clone(),
        layers: vec![empty],
        subject: Some(image.clone()),
        annotations: BTreeMap::new(),
    };
    let referrer = layout.put(media_type::MANIFEST, &serde_json::to_vec(&manifest).unwrap()).unwrap();
    layout.add(referrer.clone()).unwrap();
    let found = layout.referrers(&image.digest).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].artifact_type.as_deref(), Some(media_type::SPDX));
    assert_eq!(layout.resolve(None).unwrap().digest, image.digest);
    let error = open(&source(&layout, Some(referrer.digest.as_str())), None).unwrap_err();
    assert!(error.to_string().contains("artifact"), "{error}");
}

#[test]
fn blobs_that_lie_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let image = store(&layout, "x", &[plain(Tar::new().file("a", b"1").end())], |_| ());
    let path = layout.blob_path(&image.digest);
    let mut bytes = fs::read(&path).unwrap();
    bytes[5] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = layout.manifest(&image).unwrap_err();
    assert!(matches!(error, StoreError::Mismatch { .. }), "{error:?}");
    assert!(error.to_string().contains(image.digest.as_str()), "{error}");
    fs::write(&path, &bytes[1..]).unwrap();
    assert!(matches!(layout.manifest(&image).unwrap_err(), StoreError::Size { .. }));
    // A damaged blob is written anew, not taken as there.
    let repaired = layout
        .put(media_type::MANIFEST, &{
            bytes[5] ^= 1;
            bytes
        })
        .unwrap();
    assert_eq!(repaired.digest, image.digest);
    assert!(layout.manifest(&image).is_ok());
    fs::remove_file(&path).unwrap();
    assert!(matches!(layout.manifest(&image).unwrap_err(), StoreError::MissingBlob { .. }));
    fs::create_dir(&path).unwrap();
    assert!(layout.manifest(&image).unwrap_err().to_string().contains("regular file"));
    let large = Descriptor::new(media_type::CONFIG, Digest::of(b""), u64::MAX);
    assert!(matches!(layout.read(&large).unwrap_err(), StoreError::TooLarge { .. }));
}

#[test]
fn folders_that_are_no_layout_say_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let error = Layout::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("oci-layout is missing"), "{error}");
    let bare = Source::Bare(folder.path().display().to_string());
    let error = open(&bare, None).unwrap_err().to_string();
    assert!(error.contains("neither an OCI layout"), "{error}");
    let nowhere = Source::Bare("no/such/place:1".to_owned());
    assert!(matches!(open(&nowhere, None).unwrap_err(), StoreError::Elsewhere(_)));
    fs::write(folder.path().join("oci-layout"), r#"{"imageLayoutVersion":"9"}"#).unwrap();
    assert!(Layout::open(folder.path()).unwrap_err().to_string().contains("`9`"));
}

#[test]
fn an_index_leads_to_the_platform_and_past_attestations() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let mut entries = Vec::new();
    for architecture in ["arm64", "amd64", "s390x"] {
        let tar = Tar::new().file("a", architecture.as_bytes()).end();
        let mut entry =
            store(&layout, "tmp", &[plain(tar)], |config| config.architecture = architecture.to_owned());
        entry.platform = Platform::parse(&format!("linux/{architecture}"));
        entries.push(entry);
    }
    let mut attestation = entries[0].clone();
    attestation.platform = Platform::parse("unknown/unknown");
    attestation.annotations.insert("vnd.docker.reference.type".into(), "attestation-manifest".into());
    entries.push(attestation);
    let sparse = Index::of(entries.clone());
    let inner = layout.put(media_type::INDEX, &serde_json::to_vec(&Index::of(entries)).unwrap()).unwrap();
    let outer = layout.put(media_type::INDEX, &serde_json::to_vec(&Index::of(vec![inner])).unwrap()).unwrap();
    layout.set_ref("multi", outer).unwrap();
    for architecture in ["arm64", "amd64", "s390x"] {
        let wanted = Platform::parse(&format!("linux/{architecture}"));
        let image = open(&source(&layout, Some("multi")), wanted.as_ref()).unwrap();
        assert_eq!(image.config.architecture, architecture);
    }
    let error = open(&source(&layout, Some("multi")), Platform::parse("linux/mips").as_ref()).unwrap_err();
    assert!(matches!(error, StoreError::NoPlatform { .. }), "{error}");

    // A copy of one platform serves that platform, and says so for the others.
    layout
        .set_ref("sparse", layout.put(media_type::INDEX, &serde_json::to_vec(&sparse).unwrap()).unwrap())
        .unwrap();
    for gone in [&sparse.manifests[1], &sparse.manifests[2]] {
        fs::remove_file(folder.path().join("blobs/sha256").join(&gone.digest.as_str()[7..])).unwrap();
    }
    let arm = Platform::parse("linux/arm64");
    assert_eq!(open(&source(&layout, Some("sparse")), arm.as_ref()).unwrap().config.architecture, "arm64");
    let error = open(&source(&layout, Some("sparse")), Platform::parse("linux/amd64").as_ref()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("missing blob") && text.ends_with("it has linux/arm64"), "{text}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--platform")));

    // Indexes within indexes end somewhere.
    let mut last =
        layout.put(media_type::INDEX, &serde_json::to_vec(&Index::of(Vec::new())).unwrap()).unwrap();
    for _ in 0..10 {
        last = layout.put(media_type::INDEX, &serde_json::to_vec(&Index::of(vec![last])).unwrap()).unwrap();
    }
    layout.set_ref("deep", last).unwrap();
    let error = open(&source(&layout, Some("deep")), None).unwrap_err();
    assert!(matches!(error, StoreError::Limit { .. }), "{error}");
}
