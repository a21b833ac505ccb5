//! Unpacking honest and hostile layers.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod support;

use seaworthy_store::{Layout, StoreError, UnpackOptions, unpack};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use support::{Tar, image, pax, plain, seal, store, zipped};

fn try_unpack(folder: &Path, layers: &[Tar]) -> Result<seaworthy_store::Unpacked, StoreError> {
    let blobs: Vec<_> = layers.iter().map(|tar| plain(tar.clone().end())).collect();
    let image = image(&folder.join("layout"), &blobs);
    unpack(&image, &folder.join("root"), &UnpackOptions::default())
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn layers_stack_as_overlayfs_would() {
    let folder = tempfile::tempdir().unwrap();
    let lower = Tar::new()
        .dir("d/")
        .file("d/gone", b"1")
        .file("d/kept", b"2")
        .dir("o/")
        .file("o/old", b"3")
        .dir("o/sub/")
        .file("o/sub/old", b"3")
        .symlink("bin", "usr/bin")
        .file("was-file", b"4")
        .dir("was-dir/")
        .file("was-dir/x", b"5")
        .entry(b'0', b"suid", b"", 0o4755, b"6")
        .hard("d/hard", "d/kept");
    let upper = Tar::new()
        .file("d/.wh.gone", b"")
        .file("o/new", b"7")
        .file("o/.wh..wh..opq", b"")
        .dir("bin/")
        .file("bin/tool", b"8")
        .dir("was-file/")
        .file("was-file/y", b"9")
        .file("was-dir", b"10")
        .dir("closed/")
        .entry(b'5', b"closed/ro/", b"", 0o555, b"")
        .file("closed/ro/z", b"11");
    let unpacked = try_unpack(folder.path(), &[lower, upper]).unwrap();
    let root = folder.path().join("root");
    assert!(!root.join("d/gone").exists() && !root.join("o/old").exists() && !root.join("o/sub").exists());
    assert_eq!(text(&root.join("d/kept")), "2");
    assert_eq!(text(&root.join("o/new")), "7");
    assert_eq!(text(&root.join("bin/tool")), "8");
    assert!(!root.join("usr").exists(), "the link of the lower layer is not followed");
    assert_eq!(text(&root.join("was-file/y")), "9");
    assert_eq!(text(&root.join("was-dir")), "10");
    assert_eq!(text(&root.join("closed/ro/z")), "11");
    assert_eq!(fs::metadata(root.join("suid")).unwrap().permissions().mode() & 0o7777, 0o4755);
    assert_eq!(fs::metadata(root.join("closed/ro")).unwrap().permissions().mode() & 0o7777, 0o555);
    assert_eq!(
        fs::metadata(root.join("d/kept")).unwrap().ino(),
        fs::metadata(root.join("d/hard")).unwrap().ino()
    );
    assert!(unpacked.reduced.is_empty() || unpacked.owners.is_empty());
    assert_eq!(unpacked.root, root);
}

#[test]
fn no_entry_leaves_the_directory() {
    let absolute = |tar: Tar| tar.symlink("out", "/tmp").symlink("up", "../../..");
    for (name, tar) in [
        ("parent", Tar::new().file("../evil", b"x")),
        ("deep parent", Tar::new().file("a/../../evil", b"x")),
        ("through a link", absolute(Tar::new()).file("out/evil-seaworthy", b"x")),
        ("through an upward link", absolute(Tar::new()).file("up/evil", b"x")),
        ("hard link out", Tar::new().hard("h", "../../etc/passwd")),
        ("hard link through a link", absolute(Tar::new()).hard("h", "out/../etc/passwd").hard("g", "out/x")),
        ("hard link to nothing", Tar::new().hard("h", "etc/passwd")),
        ("hard link to itself", Tar::new().hard("h", "./h")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = try_unpack(folder.path(), &[tar]).expect_err(name);
        assert!(error.to_string().contains("layer 0"), "{name}: {error}");
        assert!(!folder.path().join("root").exists(), "{name}: nothing half-made stays");
        assert!(!folder.path().join("evil").exists() && !Path::new("/tmp/evil-seaworthy").exists(), "{name}");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "{name}: no scratch directory stays");
    }
    // An absolute name lies in the image's root, and a link may point wherever it likes.
    let folder = tempfile::tempdir().unwrap();
    let tar = Tar::new().file("/etc/x", b"y").symlink("loop", "loop").symlink("host", "/etc/hostname");
    try_unpack(folder.path(), &[tar]).unwrap();
    assert_eq!(text(&folder.path().join("root/etc/x")), "y");
    assert_eq!(fs::read_link(folder.path().join("root/host")).unwrap(), Path::new("/etc/hostname"));
}

#[test]
fn a_whiteout_does_not_reach_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    let lower = Tar::new().symlink("l", outside.to_str().unwrap());
    let upper = Tar::new().file("l/.wh.precious", b"").file("l/.wh..wh..opq", b"");
    try_unpack(folder.path(), &[lower, upper]).unwrap();
    assert_eq!(text(&outside.join("precious")), "x");
}

#[test]
fn devices_are_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let tar = Tar::new()
        .entry(b'3', b"dev/sda", b"", 0o666, b"")
        .entry(b'4', b"dev/sdb", b"", 0o666, b"")
        .entry(b'6', b"pipe", b"", 0o644, b"");
    let unpacked = try_unpack(folder.path(), &[tar]).unwrap();
    assert!(!folder.path().join("root/dev/sda").exists());
    assert!(unpacked.reduced.iter().any(|text| text.contains("2 device nodes")), "{:?}", unpacked.reduced);
}

#[test]
fn long_names_sparse_files_and_odd_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(150));
    let mut sparse = Tar::header(b'S', b"sparse", b"", 0o644, 6, (0, 0));
    sparse[386..397].copy_from_slice(format!("{:011o}", 0).as_bytes());
    sparse[398..409].copy_from_slice(format!("{:011o}", 3).as_bytes());
    sparse[410..421].copy_from_slice(format!("{:011o}", 4096).as_bytes());
    sparse[422..433].copy_from_slice(format!("{:011o}", 3).as_bytes());
    sparse[483..494].copy_from_slice(format!("{:011o}", 8192).as_bytes());
    seal(&mut sparse);
    let tar = Tar::new()
        .file(&long, b"long")
        .meta(b'L', b"gnu/long/name\0")
        .file("short", b"gnu")
        .entry(b'0', b"bad-\xff\xfe", b"", 0o644, b"bytes")
        .raw(&sparse)
        .content(b"abcdef")
        .file("twice", b"first")
        .file("twice", b"second");
    try_unpack(folder.path(), &[tar]).unwrap();
    let root = folder.path().join("root");
    assert_eq!(text(&root.join(&long)), "long");
    assert_eq!(text(&root.join("gnu/long/name")), "gnu");
    assert_eq!(text(&root.join("twice")), "second");
    let bytes = fs::read(root.join("sparse")).unwrap();
    assert_eq!((bytes.len(), &bytes[..3], &bytes[4096..4099]), (8192, &b"abc"[..], &b"def"[..]));
    assert!(fs::read_dir(&root).unwrap().any(|entry| {
        use std::os::unix::ffi::OsStrExt as _;
        entry.unwrap().file_name().as_bytes() == b"bad-\xff\xfe"
    }));
}

#[test]
fn broken_tars_are_named() {
    let huge = Tar::new().meta(b'x', &pax(b"size", b"18446744073709551615")).file("a", b"");
    let negative = {
        let mut header = Tar::header(b'0', b"a", b"", 0o644, 0, (0, 0));
        header[124..136].fill(0xff);
        seal(&mut header);
        Tar::new().raw(&header)
    };
    let endless = Tar::new().raw(&Tar::header(b'x', b"p", b"", 0o644, 1 << 30, (0, 0)));
    let bad_pax = Tar::new().meta(b'x', b"999999 path=x\n").file("a", b"");
    let truncated = Tar(Tar::new().file("a", &[7; 5000]).0[..2000].to_vec());
    for (name, tar) in [
        ("huge", huge),
        ("negative", negative),
        ("endless", endless),
        ("pax", bad_pax),
        ("truncated", truncated),
    ] {
        let folder = tempfile::tempdir().unwrap();
        // The end marks would be content to a truncated tar.
        let image = image(&folder.path().join("l"), &[plain(tar.0)]);
        let error = unpack(&image, &folder.path().join("root"), &UnpackOptions::default()).expect_err(name);
        assert!(matches!(error, StoreError::Tar { .. } | StoreError::Limit { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains("layer 0"), "{name}: {error}");
    }
}

#[test]
fn limits_are_kept_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let zeros = vec![0; 4 << 20];
    let image =
        image(&folder.path().join("l"), &[zipped(&Tar::new().file("z", &zeros).file("y", b"").end())]);
    let mut options = UnpackOptions::default();
    options.limits.ratio_from = 1 << 20;
    let error = unpack(&image, &folder.path().join("r"), &options).unwrap_err().to_string();
    assert!(error.contains("compression ratio of layer 0") && error.contains("250"), "{error}");
    let options = UnpackOptions { max_bytes: 1 << 20, ..UnpackOptions::default() };
    let error = unpack(&image, &folder.path().join("r"), &options).unwrap_err().to_string();
    assert!(error.contains("1048576 bytes"), "{error}");
    let options = UnpackOptions { max_entries: 1, ..UnpackOptions::default() };
    assert!(
        unpack(&image, &folder.path().join("r"), &options).unwrap_err().to_string().contains("limit of 1")
    );
}

#[test]
fn the_same_image_is_not_unpacked_twice_and_another_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let first = image(&folder.path().join("a"), &[plain(Tar::new().file("a", b"1").end())]);
    unpack(&first, &root, &UnpackOptions::default()).unwrap();
    let before = fs::metadata(&root).unwrap().ino();
    unpack(&first, &root, &UnpackOptions::default()).unwrap();
    assert_eq!(before, fs::metadata(&root).unwrap().ino());
    let second = image(&folder.path().join("b"), &[plain(Tar::new().file("b", b"2").end())]);
    unpack(&second, &root, &UnpackOptions::default()).unwrap();
    assert!(root.join("b").exists() && !root.join("a").exists());
}

#[test]
fn a_wrong_diff_id_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path().join("l")).unwrap();
    store(&layout, "1", &[plain(Tar::new().file("a", b"1").end())], |config| {
        config.rootfs.diff_ids[0] = seaworthy_oci::Digest::of(b"other");
    });
    let source = seaworthy_oci::Source::Layout { path: layout.path().to_owned(), reference: None };
    let image = seaworthy_store::open(&source, None).unwrap();
    let error = unpack(&image, &folder.path().join("root"), &UnpackOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::Mismatch { .. }), "{error}");
}
