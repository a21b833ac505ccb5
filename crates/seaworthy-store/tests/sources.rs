//! Sources that are neither a layout nor a plain archive: compressed archives, directories, the stores of engines.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod support;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use seaworthy_oci::{Digest, Source};
use seaworthy_store::tape::{Kind, Walker};
use seaworthy_store::{
    Image, Layout, Limits, StoreError, open, open_docker_graph, open_storage, write_docker_archive,
};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use support::{Tar, gzip, image, store, zipped};

/// The paths of an image's layers; every digest on the way is checked.
fn paths(image: &Image) -> Vec<String> {
    let mut paths = Vec::new();
    for index in 0..image.manifest.layers.len() {
        let mut walker = Walker::new(image.layer(index, Limits::default()).unwrap(), "layer", 1000);
        while walker.advance().unwrap() {
            paths.push(String::from_utf8_lossy(&walker.entry().path).into_owned());
        }
        let end = walker.into_tape().finish().unwrap();
        assert_eq!(end.diff_id, image.config.rootfs.diff_ids[index]);
    }
    paths
}

#[test]
fn compressed_archives_are_read_like_plain_ones() {
    let folder = tempfile::tempdir().unwrap();
    let image = image(&folder.path().join("layout"), &[zipped(&Tar::new().file("a", b"one").end())]);
    let plain = folder.path().join("plain.tar");
    write_docker_archive(&image, &plain, Some("app:1")).unwrap();
    let bytes = fs::read(&plain).unwrap();
    let packed = folder.path().join("packed.tar.gz");
    fs::write(&packed, gzip(&bytes)).unwrap();
    let opened = open(&Source::Bare(packed.display().to_string()), None).unwrap();
    assert_eq!(paths(&opened), ["a"]);
    assert_eq!(opened.descriptor.digest, image.descriptor.digest);

    let mut cut = gzip(&bytes);
    cut.truncate(cut.len() / 2);
    fs::write(&packed, cut).unwrap();
    let error = open(&Source::DockerArchive { path: packed.clone(), reference: None }, None).unwrap_err();
    assert!(error.to_string().contains("cannot decompress gzip"), "{error}");
    fs::write(&packed, b"BZh91AY&SY").unwrap();
    let error = open(&Source::DockerArchive { path: packed, reference: None }, None).unwrap_err();
    assert!(error.to_string().contains("bzip2"), "{error}");
}

#[test]
fn a_directory_is_what_skopeo_wrote_or_a_file_tree() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    let original = image(&layout, &[zipped(&Tar::new().file("a", b"one").end())]);
    let skopeos = folder.path().join("dir");
    fs::create_dir(&skopeos).unwrap();
    for entry in fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), skopeos.join(entry.file_name())).unwrap();
    }
    fs::write(skopeos.join("manifest.json"), &original.manifest_bytes).unwrap();
    fs::write(skopeos.join("version"), "Directory Transport Version: 1.1\n").unwrap();
    for text in [format!("dir:{}", skopeos.display()), skopeos.display().to_string()] {
        let opened = open(&text.parse().unwrap(), None).unwrap();
        assert_eq!(opened.descriptor.digest, original.descriptor.digest);
        assert_eq!(paths(&opened), ["a"]);
    }

    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("b")).unwrap();
    fs::write(tree.join("b/file"), "x").unwrap();
    fs::hard_link(tree.join("b/file"), tree.join("b/same")).unwrap();
    symlink("/etc/passwd", tree.join("link")).unwrap();
    fs::set_permissions(tree.join("b"), fs::Permissions::from_mode(0o750)).unwrap();
    let opened = open(&Source::Directory { path: tree.clone() }, None).unwrap();
    assert_eq!(paths(&opened), ["b", "b/file", "b/same", "link"]);
    let mut walker = Walker::new(opened.layer(0, Limits::default()).unwrap(), "layer", 1000);
    let mut kinds = Vec::new();
    while walker.advance().unwrap() {
        kinds.push((walker.entry().kind, walker.entry().mode));
    }
    assert_eq!(kinds[0], (Kind::Directory, 0o750));
    assert_eq!(kinds[2].0, Kind::HardLink);
    assert_eq!(kinds[3].0, Kind::Symlink);
    let error = open(&Source::Bare(tree.display().to_string()), None).unwrap_err().to_string();
    assert!(error.contains("dir:PATH"), "{error}");
}

/// The tar-split file of a tar, and the files of the layer in a directory.
fn split(tar: &[u8], folder: &Path) -> Vec<u8> {
    let mut out = String::new();
    let mut at = 0usize;
    let segment = |out: &mut String, bytes: &[u8]| {
        writeln!(out, r#"{{"type":2,"payload":"{}","position":0}}"#, BASE64_STANDARD.encode(bytes)).unwrap();
    };
    let mut walker = Walker::new(tar, "tar", 1000);
    while walker.advance().unwrap() {
        let entry = walker.entry().clone();
        let start = usize::try_from(walker.position()).unwrap();
        segment(&mut out, &tar[at..start]);
        let name = String::from_utf8(entry.path.clone()).unwrap();
        let size = usize::try_from(entry.stored).unwrap();
        if entry.kind == Kind::Directory {
            fs::create_dir_all(folder.join(&name)).unwrap();
        } else {
            fs::write(folder.join(&name), &tar[start..start + size]).unwrap();
        }
        writeln!(out, r#"{{"type":1,"name":"{name}","size":{size},"payload":"AAAAAAAAAAA=","position":1}}"#)
            .unwrap();
        at = start + size;
    }
    segment(&mut out, &tar[at..]);
    gzip(out.as_bytes())
}

/// The configuration of an image of some layers.
fn config(diff_ids: &[&Digest]) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({
        "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }))
    .unwrap()
}

#[test]
fn dockers_directories_give_back_the_layers_byte_by_byte() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let tars = [
        Tar::new().dir("d/").file("d/a", b"one").file("b", &[7; 3000]).end(),
        Tar::new().file("c", b"three").end(),
    ];
    let diff_ids = [Digest::of(&tars[0]), Digest::of(&tars[1])];
    let second = Digest::of(format!("{} {}", diff_ids[0], diff_ids[1]).as_bytes());
    for (tar, chain, cache) in [(&tars[0], &diff_ids[0], "one"), (&tars[1], &second, "two")] {
        let diff = root.join("overlay2").join(cache).join("diff");
        let layer = root.join("image/overlay2/layerdb/sha256").join(chain.hex());
        fs::create_dir_all(&diff).unwrap();
        fs::create_dir_all(&layer).unwrap();
        fs::write(layer.join("cache-id"), cache).unwrap();
        fs::write(layer.join("tar-split.json.gz"), split(tar, &diff)).unwrap();
    }
    let config = config(&[&diff_ids[0], &diff_ids[1]]);
    let id = Digest::of(&config);
    let images = root.join("image/overlay2/imagedb/content/sha256");
    fs::create_dir_all(&images).unwrap();
    fs::write(images.join(id.hex()), config).unwrap();
    assert!(seaworthy_store::is_docker_graph(root));
    let read = || open_docker_graph(root, &id, Source::Daemon("app".into()));
    let opened = read().unwrap();
    assert_eq!(paths(&opened), ["d/", "d/a", "b", "c"]);

    // What was changed in the directory is not the layer any more.
    let fails = |opened: &Image| opened.layer(0, Limits::default()).unwrap().finish().unwrap_err();
    let file = root.join("overlay2/one/diff/b");
    fs::write(&file, [8; 3000]).unwrap();
    assert!(matches!(fails(&opened), StoreError::Mismatch { .. }));
    fs::write(&file, [7; 2000]).unwrap();
    assert!(fails(&opened).to_string().contains("1000 bytes shorter"));
    // A link in a file's place is not followed, wherever it leads.
    fs::remove_file(&file).unwrap();
    symlink("/etc/passwd", &file).unwrap();
    assert!(matches!(fails(&opened), StoreError::Io { .. }));
    fs::write(root.join("overlay2/one").join("x"), "").unwrap();
    fs::write(root.join("image/overlay2/layerdb/sha256").join(diff_ids[0].hex()).join("cache-id"), "../..")
        .unwrap();
    assert!(read().unwrap_err().to_string().contains("no name of a layer"));
}

#[test]
fn podmans_store_is_read_by_name_and_id() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let tar = Tar::new().file("a", b"one").end();
    let diff_id = Digest::of(&tar);
    let config = config(&[&diff_id]);
    let id = Digest::of(&config).hex().to_owned();
    let diff = root.join("overlay/l1/diff");
    let data = root.join("overlay-images").join(&id);
    for folder in [&diff, &data, &root.join("overlay-layers")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(root.join("overlay-layers/l1.tar-split.gz"), split(&tar, &diff)).unwrap();
    fs::write(root.join("overlay-layers/layers.json"), r#"[{"id":"l1"}]"#).unwrap();
    fs::write(data.join(format!("={}", BASE64_STANDARD.encode(format!("sha256:{id}")))), config).unwrap();
    let list = format!(r#"[{{"id":"{id}","names":["localhost/app:latest"],"layer":"l1"}}]"#);
    fs::write(root.join("overlay-images/images.json"), list).unwrap();
    for name in ["app", "app:latest", "localhost/app:latest", &id, &id[..12]] {
        assert_eq!(paths(&open_storage(root, name).unwrap().unwrap()), ["a"], "{name}");
        let source: Source =
            format!("containers-storage:[overlay@{}]{name}", root.display()).parse().unwrap();
        assert_eq!(paths(&open(&source, None).unwrap()), ["a"], "{name}");
    }
    assert!(open_storage(root, "other").unwrap().is_none());
}

#[test]
fn a_foreign_layer_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let descriptor = store(&layout, "1", &[zipped(&Tar::new().file("a", b"one").end())], |_| ());
    let mut manifest = layout.manifest(&descriptor).unwrap();
    fs::remove_file(layout.blob_path(&manifest.layers[0].digest)).unwrap();
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        .clone_into(&mut manifest.layers[0].media_type);
    manifest.layers[0].urls = vec!["https://example.com/windows.tar".to_owned()];
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let descriptor = layout.put(&descriptor.media_type, &bytes).unwrap();
    layout.set_ref("1", descriptor).unwrap();
    let source = Source::Layout { path: folder.path().to_owned(), reference: Some("1".into()) };
    let error = open(&source, None).unwrap().layer(0, Limits::default()).err().unwrap().to_string();
    assert!(
        error.contains("layer 0") && error.contains("foreign") && error.contains("example.com"),
        "{error}"
    );
}
