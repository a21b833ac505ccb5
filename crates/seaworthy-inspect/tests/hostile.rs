//! Hostile images, one by one: each ends in an error that names its limit, or in a fact or problem that names what it did.
//! Bombs, traversal, devices and duplicates are in `inspect.rs`, too.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

#[path = "../../seaworthy-store/tests/support/mod.rs"]
mod support;

use seaworthy_facts::{FileKind, ImageFacts};
use seaworthy_inspect::{Options, inspect};
use seaworthy_oci::{Descriptor, Index, Platform, Source, media_type};
use seaworthy_store::{Layout, open};
use std::fs;
use support::{Tar, image, pax, plain, store, zipped};

/// What an image of plain layers shows, or why it cannot be read.
fn judge(layers: &[Vec<u8>]) -> Result<ImageFacts, String> {
    let folder = tempfile::tempdir().unwrap();
    let blobs: Vec<_> = layers.iter().map(|tar| plain(tar.clone())).collect();
    inspect(&image(folder.path(), &blobs), &Options::default()).map_err(|error| error.to_string())
}

fn problem(layers: &[Vec<u8>], words: &[&str]) {
    let facts = judge(layers).unwrap();
    assert!(
        facts.problems.iter().any(|problem| words.iter().all(|word| problem.contains(word))),
        "{words:?}: {:?}",
        facts.problems
    );
}

fn refused(layer: Vec<u8>, words: &[&str]) {
    let error = judge(&[layer]).unwrap_err();
    assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
}

#[test]
fn paths_that_leave_the_root_are_named_and_left_out() {
    let tar = Tar::new()
        .file("../../etc/passwd", b"x")
        .file("a/../../b", b"x")
        .hard("h", "../../etc/shadow")
        .file("/abs", b"y");
    let facts = judge(&[tar.clone().end()]).unwrap();
    let paths: Vec<&str> = facts.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["/abs"]);
    for name in ["../../etc/passwd", "a/../../b", "`h`"] {
        problem(&[tar.clone().end()], &["layer 0", name, "leaves the image's root"]);
    }
}

#[test]
fn links_lead_nowhere_on_the_host_and_in_circles() {
    let tar = Tar::new()
        .symlink("a", "b")
        .symlink("b", "a")
        .symlink("abs", "/etc/passwd")
        .symlink("self", "self")
        .symlink("up", "../../../../etc/passwd");
    let facts = judge(&[tar.end()]).unwrap();
    for path in ["/a", "/b", "/self", "/abs", "/up"] {
        assert!(facts.resolve(path).is_none(), "{path}");
    }
    problem(
        &[Tar::new().hard("h", "nothing").end()],
        &["hard link `h`", "`nothing`", "no file of the image"],
    );
    // Hard links to one another, and to themselves.
    let facts = judge(&[Tar::new().hard("x", "y").hard("y", "x").hard("z", "z").end()]).unwrap();
    assert_eq!(facts.files.len(), 3);
}

#[test]
fn a_hard_link_outlives_the_name_it_was_made_from() {
    let lower = Tar::new().file("a", b"content").hard("b", "a").hard("c", "b").end();
    let upper = Tar::new().file(".wh.a", b"").end();
    let facts = judge(&[lower, upper]).unwrap();
    assert!(facts.file("/a").is_none());
    for path in ["/b", "/c"] {
        assert_eq!(
            (facts.file(path).unwrap().size, facts.file(path).unwrap().kind),
            (7, FileKind::File),
            "{path}"
        );
    }
}

#[test]
fn extremes_of_headers_are_named_with_their_limit() {
    refused(
        Tar::new().meta(b'x', &vec![b'a'; (1 << 20) + 1]).end(),
        &["extended header of layer 0", "1048576 bytes"],
    );
    refused(
        Tar::new().meta(b'L', &vec![b'a'; (1 << 20) + 1]).end(),
        &["extended header of layer 0", "1048576 bytes"],
    );
    refused(
        Tar::new().meta(b'x', b"999 path=a\n").file("x", b"").end(),
        &["layer 0", "PAX header", "malformed"],
    );
    refused(
        Tar::new().meta(b'x', &pax(b"size", b"-1")).file("x", b"").end(),
        &["layer 0", "size=-1", "no number"],
    );
    refused(
        Tar::new().meta(b'x', &pax(b"size", b"18446744073709551615")).file("x", b"").end(),
        &["layer 0", "size of `x`"],
    );
    // Long names are names.
    let long = "n".repeat(5000);
    let facts = judge(&[Tar::new().file(&long, b"1").end()]).unwrap();
    assert_eq!(facts.files[0].path.len(), 5001);
    // A header of the GNU kind that says there is more of it than there is.
    let mut header = Tar::header(b'0', b"big", b"", 0o644, 0, (0, 0));
    header[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    support::seal(&mut header);
    refused(Tar::new().raw(&header).end(), &["layer 0", "ends within the content of `big`"]);
}

#[test]
fn truncated_streams_and_wrong_bytes_are_named() {
    let whole = Tar::new().file("a", &[7; 5000]).end();
    refused(whole[..3000].to_vec(), &["layer 0", "ends within the content of `a`"]);
    refused(whole[..300].to_vec(), &["layer 0", "cut off"]);
    refused(b"no tar at all".repeat(100), &["layer 0", "not a tar"]);
    for cut in [20, 10] {
        let folder = tempfile::tempdir().unwrap();
        let mut blob = zipped(&whole);
        blob.bytes.truncate(blob.bytes.len() - cut);
        let error = inspect(&image(folder.path(), &[blob]), &Options::default()).unwrap_err().to_string();
        assert!(error.contains("layer 0") && error.contains("cannot decompress gzip"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let opened = image(folder.path(), &[zipped(&whole)]);
    let path = folder.path().join("blobs/sha256").join(opened.manifest.layers[0].digest.hex());
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = inspect(&opened, &Options::default()).unwrap_err().to_string();
    assert!(error.contains("digest of layer 0 does not match its content"), "{error}");
    bytes.push(0);
    fs::write(&path, &bytes).unwrap();
    let error = inspect(&opened, &Options::default()).unwrap_err().to_string();
    assert!(error.contains("size") && error.contains("the descriptor says"), "{error}");
}

#[test]
fn names_of_any_bytes_are_kept_and_shown_harmlessly() {
    let tar = Tar::new().entry(b'0', b"bad\xff\xfename", b"", 0o644, b"x").entry(
        b'0',
        b"../\x1b]0;owned\x07\x1b[31m",
        b"",
        0o644,
        b"x",
    );
    let facts = judge(&[tar.clone().end()]).unwrap();
    assert_eq!(facts.files.len(), 1);
    assert!(
        facts.problems.iter().all(|problem| !problem.chars().any(char::is_control)),
        "{:?}",
        facts.problems
    );
    let cut = tar.end();
    let error = judge(&[cut[..1536 + 512].to_vec()]);
    assert!(error.is_ok() || !error.unwrap_err().chars().any(char::is_control));
}

#[test]
fn duplicates_and_devices_are_what_the_engine_makes_of_them() {
    let tar = Tar::new()
        .file("twice", b"1")
        .file("twice", b"22")
        .entry(b'3', b"null", b"", 0o666, b"")
        .entry(b'6', b"pipe", b"", 0o600, b"")
        .dir("turn")
        .file("turn", b"now a file");
    let facts = judge(&[tar.end()]).unwrap();
    assert_eq!(facts.file("/twice").unwrap().size, 2);
    assert_eq!(facts.file("/null").unwrap().kind, FileKind::CharDevice);
    assert_eq!(facts.file("/pipe").unwrap().kind, FileKind::Fifo);
    assert_eq!(facts.file("/turn").unwrap().kind, FileKind::File);
}

#[test]
fn documents_are_bounded_in_depth_and_size_and_indexes_in_depth() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let refused = |descriptor: Descriptor, words: &[&str]| {
        layout.set_ref("x", descriptor).unwrap();
        let source = Source::Layout { path: folder.path().to_owned(), reference: Some("x".into()) };
        let error = open(&source, Some(&Platform::parse("linux/amd64").unwrap())).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
    };
    let good = store(&layout, "1", &[zipped(&Tar::new().end())], |_| ());
    let text = String::from_utf8(layout.read(&good).unwrap()).unwrap();
    let deep = format!(r#"{},"z":{}{}}}"#, &text[..text.len() - 1], "[".repeat(50_000), "]".repeat(50_000));
    refused(layout.put(media_type::MANIFEST, deep.as_bytes()).unwrap(), &["nesting", "100 levels"]);
    let mut huge = good.clone();
    huge.size = 17 << 20;
    refused(huge, &["16777216"]);
    let mut inner = good;
    for _ in 0..6 {
        let index = serde_json::to_vec(&Index::of(vec![inner])).unwrap();
        inner = layout.put(media_type::INDEX, &index).unwrap();
    }
    refused(inner, &["depth of index", "4"]);
}
