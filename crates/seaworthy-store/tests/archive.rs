//! Archives of both kinds, written and read.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod support;

use seaworthy_oci::{Digest, Source};
use seaworthy_store::{Image, Layout, Limits, StoreError, open, write_docker_archive, write_oci_archive};
use std::fs;
use std::path::Path;
use support::{Tar, gzip, image, plain, zipped};

fn read_all(image: &Image) {
    for (index, diff_id) in image.config.rootfs.diff_ids.iter().enumerate() {
        let end = image.layer(index, Limits::default()).unwrap().finish().unwrap();
        assert_eq!(end.diff_id, *diff_id);
    }
}

fn sample(folder: &Path) -> Image {
    let one = Tar::new().dir("app/").file("app/a", b"hello").end();
    image(folder, &[zipped(&one), plain(Tar::new().file("b", b"x").end())])
}

#[test]
fn written_archives_hold_the_same_image_and_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let image = sample(&folder.path().join("l"));
    let (oci, docker) = (folder.path().join("oci.tar"), folder.path().join("docker.tar"));
    write_oci_archive(&image, &oci, Some("1")).unwrap();
    write_docker_archive(&image, &docker, Some("app:1")).unwrap();
    for (source, reference) in [
        (Source::OciArchive { path: oci.clone(), reference: Some("1".into()) }, "1"),
        (Source::DockerArchive { path: docker.clone(), reference: Some("app:1".into()) }, "app:1"),
        (Source::Bare(docker.display().to_string()), ""),
        (Source::Bare(format!("{}:1", oci.display())), ""),
    ] {
        let back = open(&source, None).unwrap_or_else(|error| panic!("{reference}: {error}"));
        assert_eq!(back.descriptor.digest, image.descriptor.digest);
        read_all(&back);
    }
    let first = fs::read(&docker).unwrap();
    write_docker_archive(&image, &docker, Some("app:1")).unwrap();
    assert_eq!(first, fs::read(&docker).unwrap());

    let copy = Layout::create(folder.path().join("copy")).unwrap();
    let back = open(&Source::OciArchive { path: oci, reference: None }, None).unwrap();
    back.save(&copy, Some("x")).unwrap();
    assert_eq!(copy.resolve(Some("x")).unwrap().digest, image.descriptor.digest);
}

#[test]
fn a_damaged_layer_leaves_no_archive() {
    let folder = tempfile::tempdir().unwrap();
    let image = sample(&folder.path().join("l"));
    let layout = Layout::open(folder.path().join("l")).unwrap();
    let path = layout.blob_path(&image.manifest.layers[1].digest);
    let mut bytes = fs::read(&path).unwrap();
    bytes[600] ^= 1;
    fs::write(&path, bytes).unwrap();
    let out = folder.path().join("out.tar");
    let error = write_docker_archive(&image, &out, None).unwrap_err();
    assert!(matches!(error, StoreError::Mismatch { .. }), "{error:?}");
    assert!(!out.exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
}

/// What docker save wrote before version 25: a folder per layer, equal layers linked.
fn old_archive(packed: bool, tag: &str) -> Vec<u8> {
    let layer = Tar::new().file("a", b"one").end();
    let diff_id = Digest::of(&layer);
    let config = format!(
        r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{diff_id}","{diff_id}"]}}}}"#
    );
    let manifest =
        format!(r#"[{{"Config":"c.json","RepoTags":["{tag}"],"Layers":["l1/layer.tar","l2/layer.tar"]}}]"#);
    let layer = if packed { gzip(&layer) } else { layer };
    Tar::new()
        .file("c.json", config.as_bytes())
        .dir("l1/")
        .file("l1/layer.tar", &layer)
        .dir("l2/")
        .symlink("l2/layer.tar", "../l1/layer.tar")
        .file("manifest.json", manifest.as_bytes())
        .end()
}

#[test]
fn old_docker_archives_are_read_by_their_manifest() {
    let folder = tempfile::tempdir().unwrap();
    for packed in [false, true] {
        let path = folder.path().join("old.tar");
        fs::write(&path, old_archive(packed, "app:1")).unwrap();
        for reference in [None, Some("app:1"), Some("docker.io/library/app:1")] {
            let source = Source::DockerArchive { path: path.clone(), reference: reference.map(Into::into) };
            let image = open(&source, None).unwrap();
            assert_eq!(image.manifest.layers.len(), 2);
            read_all(&image);
        }
        let source = Source::DockerArchive { path: path.clone(), reference: Some("other".into()) };
        assert!(open(&source, None).unwrap_err().to_string().contains("`app:1`"));
    }
}

#[test]
fn what_is_no_archive_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        open(&Source::Bare(path.display().to_string()), None).unwrap_err().to_string()
    };
    assert!(open(b"hello, this is no tar").contains("neither an OCI layout"));
    assert!(open(&gzip(b"no tar")).contains("neither an OCI layout"));
    assert!(open(&Tar::new().file("a", b"b").end()).contains("neither oci-layout nor manifest.json"));
    let looped = Tar::new()
        .symlink("l/layer.tar", "layer.tar")
        .file("c.json", br#"{"rootfs":{"type":"layers","diff_ids":[]}}"#)
        .file("manifest.json", br#"[{"Config":"l/layer.tar","Layers":[]}]"#)
        .end();
    assert!(open(&looped).contains("not in the archive"));
    let cut = old_archive(false, "a");
    assert!(open(&cut[..1300]).contains("cut off"));
}

#[test]
fn skopeo_reads_both_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let image = sample(&folder.path().join("l"));
    let (oci, docker) = (folder.path().join("oci.tar"), folder.path().join("docker.tar"));
    write_oci_archive(&image, &oci, Some("1")).unwrap();
    write_docker_archive(&image, &docker, Some("app:1")).unwrap();
    for source in
        [format!("oci-archive:{}:1", oci.display()), format!("docker-archive:{}:app:1", docker.display())]
    {
        let target = format!("dir:{}", folder.path().join("out").display());
        let Ok(output) = std::process::Command::new("skopeo")
            .args(["copy", "--insecure-policy", &source, &target])
            .output()
        else {
            println!("skipped: no skopeo");
            return;
        };
        assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
