//! Images made by hand, honest and hostile, inspected as a whole.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

#[path = "../../seaworthy-store/tests/support/mod.rs"]
mod support;

use seaworthy_facts::{FileKind, ImageFacts, SecretPlace, WasteCause};
use seaworthy_inspect::{InspectError, Options, inspect};
use seaworthy_oci::Source;
use seaworthy_store::{Layout, StoreError, open};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use support::{Tar, corpus, gzip, image, pax, plain, store, zipped};

fn facts(layers: &[Tar]) -> ImageFacts {
    let folder = tempfile::tempdir().unwrap();
    let blobs: Vec<_> = layers.iter().map(|tar| zipped(&tar.clone().end())).collect();
    inspect(&image(folder.path(), &blobs), &Options::default()).unwrap()
}

fn paths(facts: &ImageFacts) -> Vec<&str> {
    facts.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn the_final_tree_and_its_waste_are_those_of_overlayfs() {
    let big = vec![b'x'; 5000];
    let lower = Tar::new()
        .dir("d/")
        .file("d/deleted", &big)
        .file("d/rewritten", b"one")
        .file("d/restored", b"same")
        .dir("gone/")
        .file("gone/a", b"12345")
        .dir("gone/b/")
        .file("gone/b/c", b"123")
        .dir("o/")
        .file("o/old", b"1")
        .dir("var/cache/apt/")
        .file("var/cache/apt/pkgcache.bin", &big)
        .file("d-e", b"beside")
        .dir("turned/")
        .file("turned/x", b"22");
    let middle = Tar::new()
        .file("d/.wh.deleted", b"")
        .file("d/rewritten", b"two!")
        .entry(b'0', b"d/restored", b"", 0o755, b"same")
        .file(".wh.gone", b"")
        .file("o/.wh..wh..opq", b"")
        .file("o/new", b"n")
        .file("turned", b"file");
    let upper = Tar::new().dir("gone/").file("gone/a", b"back").hard("gone/h", "gone/a").symlink("l", "/d");
    let facts = facts(&[lower, middle, upper]);
    let expected = [
        "/d",
        "/d-e",
        "/d/restored",
        "/d/rewritten",
        "/gone",
        "/gone/a",
        "/gone/h",
        "/l",
        "/o",
        "/o/new",
        "/turned",
        "/var",
        "/var/cache",
        "/var/cache/apt",
        "/var/cache/apt/pkgcache.bin",
    ];
    assert_eq!(paths(&facts), expected);
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    let waste: Vec<_> = facts
        .waste
        .iter()
        .map(|waste| (waste.path.as_str(), waste.bytes, waste.cause, waste.layer, waste.hidden_by))
        .collect();
    assert_eq!(
        waste,
        [
            ("/d/deleted", 5000, WasteCause::Deleted, 0, Some(1)),
            ("/var/cache/apt/pkgcache.bin", 5000, WasteCause::PackageCache, 0, None),
            ("/gone/a", 5, WasteCause::Deleted, 0, Some(1)),
            ("/d/restored", 4, WasteCause::Rechmodded, 0, Some(1)),
            ("/d/rewritten", 3, WasteCause::Rewritten, 0, Some(1)),
            ("/gone/b/c", 3, WasteCause::Deleted, 0, Some(1)),
            ("/turned/x", 2, WasteCause::Deleted, 0, Some(1)),
            ("/o/old", 1, WasteCause::Deleted, 0, Some(1)),
        ]
    );
    assert_eq!(facts.layers[0].wasted, 5000 + 5 + 4 + 3 + 3 + 2 + 1);
    assert_eq!(facts.file("/turned").unwrap().kind, FileKind::File);
    assert_eq!(facts.file("/d/restored").unwrap().mode, 0o755);
    let hard = facts.file("/gone/h").unwrap();
    assert_eq!((hard.kind, hard.size, hard.link.as_deref()), (FileKind::File, 4, Some("/gone/a")));
    assert_eq!(facts.file("/l").unwrap().link.as_deref(), Some("/d"));
    assert_eq!(facts.layers[1].created_by, "step 1");
}

#[test]
fn efficiency_is_dives() {
    // dive: the sum of the least sizes over the sum of all, a deleted file counting as a copy of nothing.
    let lower = Tar::new().file("a", &[1; 100]).file("b", &[2; 300]).file("c", &[3; 600]);
    let upper = Tar::new().file("a", &[1; 100]).file(".wh.b", b"");
    let facts = facts(&[lower, upper]);
    let expected = (100.0 + 0.0 + 600.0) / (200.0 + 300.0 + 600.0);
    assert!((facts.efficiency - expected).abs() < 1e-9, "{}", facts.efficiency);
}

#[test]
fn users_groups_and_attributes() {
    let tar = Tar::new()
        .file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\napp:x:10001:10002::/app:/sbin/nologin\n")
        .file("etc/group", b"root:x:0:\napp:x:10002:app\n")
        .meta(b'x', &pax(b"SCHILY.xattr.security.capability", b"\x01\0\0\x02\0\x04\0\0"))
        .owned(b'0', b"ping", b"", 0o4755, b"x", (10001, 10002));
    let facts = facts(&[tar]);
    assert_eq!(facts.users[1].uid, 10001);
    assert_eq!(facts.groups[1].members, ["app"]);
    let ping = facts.file("/ping").unwrap();
    assert!(ping.capabilities);
    assert_eq!((ping.mode, ping.uid, ping.gid), (0o4755, 10001, 10002));
}

#[test]
fn packages_of_every_kind_and_only_installed_ones() {
    let tar = Tar::new()
        .file("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n")
        .file(
            "var/lib/dpkg/status",
            b"Package: libc6\nStatus: install ok installed\nVersion: 2.36\nArchitecture: amd64\n\nPackage: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\nDepends: libc6 (>= 2.36)\n",
        )
        .file("usr/lib/python3/dist-packages/flask-3.dist-info/METADATA", b"Name: Flask\nVersion: 3.0\n\nbook")
        .file("app/node_modules/next/package.json", br#"{"name":"next","version":"14.0.0","license":"MIT"}"#)
        .file("app/node_modules/next/dist/x/package.json", br#"{"name":"phantom","version":"1.0.0"}"#)
        .file("app/node_modules/empty/package.json", br#"{"name":"empty"}"#);
    let later = Tar::new().file("app/node_modules/.wh.next", b"");
    let all = facts(std::slice::from_ref(&tar));
    let purls: Vec<&str> = all.packages.iter().map(|package| package.purl.as_str()).collect();
    assert_eq!(
        purls,
        [
            "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12",
            "pkg:deb/debian/libc6@2.36?arch=amd64&distro=debian-12",
            "pkg:npm/next@14.0.0",
            "pkg:pypi/flask@3.0",
        ]
    );
    assert_eq!(all.packages[0].depends, ["libc6@2.36"]);
    assert_eq!(facts(&[tar, later]).packages.len(), 3, "what a later layer deletes is not installed");
}

/// A little-endian ELF program with a loader and the given bytes after its header.
fn elf(interpreter: bool, rest: &[u8]) -> Vec<u8> {
    let mut file = vec![0u8; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16] = 2;
    file[18] = 62;
    file[32] = 64;
    file[54] = 56;
    file[56] = u8::from(interpreter);
    if interpreter {
        let mut header = [0u8; 56];
        header[0] = 3;
        header[8] = 120;
        header[32] = 11;
        file.extend_from_slice(&header);
        file.extend_from_slice(b"/lib/ld.so\0");
    }
    file.extend_from_slice(rest);
    file
}

#[test]
fn binaries_tell_their_crates_wherever_they_keep_them() {
    let list = br#"{"packages":[{"name":"time","version":"0.3.36","source":"crates.io"},{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},{"name":"svc","version":"0.1.0","source":"local","dependencies":[0,1],"root":true}]}"#;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    zlib.write_all(list).unwrap();
    let zlib = zlib.finish().unwrap();
    // Noise full of false beginnings, and a list that lies across the border of two pieces.
    let noise = b"x\x9c{\"packages\":x\xda".repeat(70_000);
    for pad in [0, 1 << 10, (1 << 20) - 300, (1 << 20) + 15_900] {
        let mut rest = noise[..pad.min(noise.len())].to_vec();
        rest.resize(pad, b'x');
        rest.extend_from_slice(&zlib);
        rest.extend_from_slice(&noise);
        let tar = Tar::new().entry(b'0', b"usr/bin/svc", b"", 0o755, &elf(pad % 2048 == 0, &rest));
        let facts = facts(&[tar]);
        let names: Vec<_> = facts.packages.iter().map(|one| (one.name.as_str(), one.root)).collect();
        assert_eq!(names, [("svc", true), ("time", false)], "at {pad}");
        assert_eq!(facts.packages[0].depends, ["time@0.3.36"]);
        let binary = &facts.binaries[0];
        assert_eq!((binary.path.as_str(), binary.architecture.as_str()), ("/usr/bin/svc", "amd64"));
        assert!(binary.auditable);
        assert_eq!(binary.is_static, pad % 2048 != 0);
        let loader = (pad % 2048 == 0).then_some("/lib/ld.so");
        assert_eq!(binary.interpreter.as_deref(), loader);
    }
}

#[test]
fn debug_sections_are_seen_before_a_large_symbol_table() {
    for (names, expected) in
        [(&b"\0.text\0.debug_info\0.shstrtab\0"[..], true), (b"\0.text\0.shstrtab\0", false)]
    {
        let mut rest = names.to_vec();
        rest.resize(3 << 20, 0);
        let mut file = elf(false, &rest);
        let table = file.len();
        let mut section = [0u8; 64];
        section[24] = 64;
        section[32] = u8::try_from(names.len()).unwrap();
        file.extend_from_slice(&section);
        file[40..48].copy_from_slice(&(table as u64).to_le_bytes());
        (file[58], file[60], file[62]) = (64, 1, 0);
        let facts = facts(&[Tar::new().entry(b'0', b"app", b"", 0o755, &file)]);
        assert_eq!(facts.binaries[0].debug_symbols, expected);
    }
}

/// A token of the right form that nobody was ever given.
fn token(seed: u32) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut state = seed;
    let body: String = (0..36)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(DIGITS[(state >> 24) as usize % 62])
        })
        .collect();
    format!("ghp_{body}")
}

#[test]
fn secrets_are_found_in_every_place_and_never_shown() {
    let (a, b, c, d) = (token(1), token(2), token(3), token(4));
    let mut large = vec![b'.'; (1 << 20) + (16 << 10) - 20];
    large.extend_from_slice(format!(" {c} ").as_bytes());
    large.resize(3 << 20, b'\n');
    let wide: Vec<u8> =
        format!("token = {d} in a wide file").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let lower = Tar::new()
        .file("app/settings.py", format!("# one\nTOKEN = '{a}'\n").as_bytes())
        .file("root/deleted", b.as_bytes())
        .file("var/log/large", &large)
        .file("app/wide.txt", &wide);
    let upper = Tar::new().file("root/.wh.deleted", b"");
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    store(&layout, "1", &[zipped(&lower.end()), plain(upper.end())], |config| {
        config.config.env =
            vec![format!("API_KEY={a}"), "PATH=/bin".into(), "DB_PASSWORD=tR7xpq-Zx_91mNb2".into()];
        config.config.labels.insert("note".into(), b.clone());
        config.history[1].created_by = Some(format!("RUN curl -H 'Authorization: token {c}' x"));
    });
    let source = Source::Layout { path: folder.path().to_owned(), reference: None };
    let facts = inspect(&open(&source, None).unwrap(), &Options::default()).unwrap();
    let mut places: Vec<String> = facts
        .secrets
        .iter()
        .map(|secret| match &secret.place {
            SecretPlace::File { path, line, hidden, index, .. } => format!("{path}:{line} {index} {hidden}"),
            SecretPlace::Env { name } => format!("env {name}"),
            SecretPlace::Label { name } => format!("label {name}"),
            SecretPlace::History { index } => format!("history {index}"),
            SecretPlace::Field { name } => format!("field {name}"),
        })
        .collect();
    places.sort();
    assert_eq!(
        places,
        [
            "/app/settings.py:2 0 false",
            "/app/wide.txt:1 0 false",
            "/root/deleted:1 0 true",
            "/var/log/large:1 0 false",
            "env API_KEY",
            "env DB_PASSWORD",
            "history 1",
            "label note",
        ]
    );
    let told = serde_json::to_string(&facts.secrets).unwrap();
    for secret in [&a, &b, &c, &d] {
        assert!(!told.contains(&secret[4..12]), "no part of a secret is told");
    }
}

#[test]
fn unmodified_files_of_packages_are_not_reported() {
    let key = format!("TOKEN = '{}'\n", token(9));
    let path = "usr/lib/python3/dist-packages/lib/test_keys.py";
    let digest = seaworthy_oci::Digest::of(key.as_bytes());
    let raw: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&digest.hex()[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let sum = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, raw);
    let record = format!("lib/test_keys.py,sha256={sum},{}\n", key.len());
    let place = "usr/lib/python3/dist-packages/lib-1.dist-info/RECORD";
    let proven = Tar::new().file(path, key.as_bytes()).file(place, record.as_bytes());
    assert!(facts(&[proven]).secrets.is_empty());
    let changed = Tar::new().file(path, format!("{key}#\n").as_bytes()).file(place, record.as_bytes());
    assert_eq!(facts(&[changed]).secrets.len(), 1);
}

#[test]
fn large_files_of_packages_are_proven_too_and_own_folders_prove_nothing() {
    use std::fmt::Write as _;
    let md5 = |bytes: &[u8]| {
        let mut text = String::new();
        for byte in <md5::Md5 as md5::Digest>::digest(bytes) {
            write!(text, "{byte:02x}").unwrap();
        }
        text
    };
    for size in [3 << 20, 5 << 20] {
        let mut library = format!("\0lib {} \0", token(11)).into_bytes();
        library.resize(size, 0);
        let sums = format!("{}  usr/lib/lib.so\n", md5(&library));
        let list = "var/lib/dpkg/info/lib.md5sums";
        let tar = Tar::new().file("usr/lib/lib.so", &library).file(list, sums.as_bytes());
        let found = facts(&[tar]);
        assert!(found.secrets.is_empty(), "{:?}", found.secrets);
        assert_eq!(found.upstream_secrets[0].owner, "Debian package lib");
        library[size - 1] = 1;
        let tar = Tar::new().file("usr/lib/lib.so", &library).file(list, sums.as_bytes());
        let found = facts(&[tar]);
        assert_eq!((found.secrets.len(), found.upstream_secrets.len()), (1, 0), "{size}");
    }
    // A wheel that was made of a folder of the build is nobody's upstream, although it lists its files.
    let text = format!("TOKEN = '{}'\n", token(12));
    let digest = seaworthy_oci::Digest::of(text.as_bytes());
    let raw: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&digest.hex()[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let sum = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, raw);
    let record = format!("app/conf.py,sha256={sum},{}\n", text.len());
    let info = "usr/lib/python3/dist-packages/app-1.dist-info";
    let tar = Tar::new()
        .file("usr/lib/python3/dist-packages/app/conf.py", text.as_bytes())
        .file(&format!("{info}/RECORD"), record.as_bytes());
    assert!(facts(std::slice::from_ref(&tar)).secrets.is_empty());
    let tar = tar.file(&format!("{info}/direct_url.json"), b"{\"dir_info\":{},\"url\":\"file:///src\"}");
    assert_eq!(facts(&[tar]).secrets.len(), 1);
}

fn failure(folder: &Path, blobs: &[support::Blob], options: &Options) -> StoreError {
    match inspect(&image(folder, blobs), options).unwrap_err() {
        InspectError::Store(error) => error,
        other @ InspectError::Unread => panic!("{other}"),
    }
}

#[test]
fn hostile_layers_end_in_a_named_error_or_a_problem() {
    let tar = Tar::new().file("a", &[9; 9000]).end();
    let packed = gzip(&tar);
    let cut = packed[..packed.len() / 2].to_vec();
    let named = |bytes: Vec<u8>| support::Blob {
        media_type: seaworthy_oci::media_type::LAYER_GZIP,
        diff_id: seaworthy_oci::Digest::of(&tar),
        bytes,
    };
    for (name, blob) in [
        ("cut gzip", named(cut)),
        ("text", plain(b"this is text, not a tar, and longer than a block is: ".repeat(30))),
        ("cut tar", plain(tar[..3000].to_vec())),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = failure(folder.path(), &[blob], &Options::default());
        assert!(error.to_string().contains("layer 0"), "{name}: {error}");
    }
    let mut options = Options::default();
    options.limits.ratio_from = 1 << 20;
    let bomb = zipped(&Tar::new().file("z", &vec![0; 8 << 20]).end());
    let folder = tempfile::tempdir().unwrap();
    let error = failure(folder.path(), &[bomb], &options);
    assert!(matches!(error, StoreError::Limit { .. }), "{error}");
    options.limits.entries = 3;
    let many = plain((0..5).fold(Tar::new(), |tar, at| tar.file(&format!("{at}"), b"")).end());
    let folder = tempfile::tempdir().unwrap();
    assert!(failure(folder.path(), &[many], &options).to_string().contains("number of entries"));

    let odd = Tar::new()
        .file("../../evil", b"x")
        .entry(b'0', b"bad-\xff", b"", 0o644, b"x")
        .symlink("loop", "loop")
        .entry(b'3', b"null", b"", 0o666, b"")
        .file("twice", b"1")
        .file("twice", b"22");
    let facts = facts(&[odd]);
    assert!(
        facts.problems.iter().any(|text| text.contains("leaves the image's root")),
        "{:?}",
        facts.problems
    );
    assert_eq!(facts.file("/twice").unwrap().size, 2);
    assert_eq!(facts.file("/null").unwrap().kind, FileKind::CharDevice);
    assert!(facts.file("/evil").is_none());
}

#[test]
fn gzip_members_and_zstd_frames_follow_one_another() {
    let tar = Tar::new().file("a", b"one").end();
    let (left, right) = tar.split_at(700);
    let blob = support::Blob {
        media_type: seaworthy_oci::media_type::LAYER_GZIP,
        bytes: [gzip(left), gzip(right)].concat(),
        diff_id: seaworthy_oci::Digest::of(&tar),
    };
    let folder = tempfile::tempdir().unwrap();
    let facts = inspect(&image(folder.path(), &[blob]), &Options::default()).unwrap();
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    assert_eq!(paths(&facts), ["/a"]);

    // Raw zstd frames (RFC 8878): a skippable one, then two with one raw block each.
    let frame = |bytes: &[u8]| {
        let size = u16::try_from(bytes.len() - 256).unwrap();
        let block = (u32::try_from(bytes.len()).unwrap() << 3) | 1;
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x60];
        frame.extend_from_slice(&size.to_le_bytes());
        frame.extend_from_slice(&block.to_le_bytes()[..3]);
        frame.extend_from_slice(bytes);
        frame
    };
    let skipped = vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let blob = support::Blob {
        media_type: seaworthy_oci::media_type::LAYER_ZSTD,
        bytes: [skipped, frame(left), frame(right)].concat(),
        diff_id: seaworthy_oci::Digest::of(&tar),
    };
    let folder = tempfile::tempdir().unwrap();
    let facts = inspect(&image(folder.path(), &[blob]), &Options::default()).unwrap();
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    assert_eq!(paths(&facts), ["/a"]);
}

#[test]
fn a_hundred_thousand_files() {
    let mut tar = Tar::new();
    for folder in 0..100 {
        for file in 0..1000 {
            tar = tar.file(&format!("d{folder}/f{file}"), b"");
        }
    }
    let upper = Tar::new().file(".wh.d7", b"").file("d8/.wh..wh..opq", b"");
    let facts = facts(&[tar, upper]);
    // 98 directories are implied by what lies in them.
    assert_eq!(facts.files.len(), 98_098);
    assert_eq!(facts.layers[0].entries, 100_000);
}

#[test]
fn the_corpus_of_broken_layouts_is_judged_right() {
    let Some(folder) = corpus("oci-broken") else { return };
    let expected: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    for case in expected["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let source = Source::Layout { path: folder.join(name), reference: None };
        let judged = open(&source, None)
            .map_err(InspectError::from)
            .and_then(|image| inspect(&image, &Options::default()))
            .map(|facts| facts.problems.is_empty());
        let accepted = judged.as_ref().is_ok_and(|good| *good);
        assert_eq!(accepted, case["expect"] == "accept", "{name}: {judged:?}");
    }
}

#[test]
fn a_hard_link_keeps_the_bytes_of_a_deleted_name() {
    let lower = Tar::new().file("a", &[1; 100]).hard("b", "a").file("c", &[2; 50]).hard("d", "c");
    let upper = Tar::new().file(".wh.a", b"").file("c", &[3; 7]);
    let facts = facts(&[lower, upper]);
    assert_eq!(facts.file("/b").unwrap().size, 100, "the link has the size of what it was made of");
    assert_eq!(facts.file("/d").unwrap().size, 50, "not that of what took its other name");
    assert_eq!((facts.hidden(), facts.layers[0].wasted), (0, 0), "both contents are still in use");
}

#[test]
fn owner_and_mode_alone_are_told_apart() {
    let lower = Tar::new().file("own", b"same").file("mode", b"same").file("none", b"same");
    let upper = Tar::new()
        .owned(b'0', b"own", b"", 0o644, b"same", (10001, 10001))
        .entry(b'0', b"mode", b"", 0o755, b"same")
        .file("none", b"same");
    let facts = facts(&[lower, upper]);
    let mut causes: Vec<_> = facts.waste.iter().map(|waste| (waste.path.as_str(), waste.cause)).collect();
    causes.sort_unstable();
    let expected =
        [("/mode", WasteCause::Rechmodded), ("/none", WasteCause::Restored), ("/own", WasteCause::Rechowned)];
    assert_eq!(causes, expected);
}

#[test]
fn every_entry_of_every_layer_can_be_looked_at() {
    let lower = Tar::new().dir("d/").file("d/x", b"one").file("e/f/g", b"22");
    let upper = Tar::new().file("d/.wh.x", b"").file("d/y", b"three");
    let folder = tempfile::tempdir().unwrap();
    let blobs: Vec<_> = [lower, upper].iter().map(|tar| zipped(&tar.clone().end())).collect();
    let options = Options { digests: true, ..Options::default() };
    let (facts, layers) = seaworthy_inspect::inspect_layers(&image(folder.path(), &blobs), &options).unwrap();
    let union = layers.union();
    let text = |node: &seaworthy_inspect::Node| String::from_utf8_lossy(layers.path(node)).into_owned();
    let paths: Vec<(String, u32)> = union.nodes.iter().map(|node| (text(node), node.depth)).collect();
    let expected = [("", 0), ("d", 1), ("d/x", 2), ("d/y", 2), ("e", 1), ("e/f", 2), ("e/f/g", 3)];
    assert_eq!(paths, expected.map(|(path, depth)| (path.to_owned(), depth)));
    let ends: Vec<u32> = union.nodes.iter().map(|node| node.end).collect();
    assert_eq!(ends, [7, 4, 3, 4, 7, 7, 7]);
    let does: Vec<_> =
        layers.copies(&union, &union.nodes[2]).map(|entry| (entry.layer, entry.does)).collect();
    assert_eq!(
        does,
        [(0, seaworthy_inspect::Does::Store(FileKind::File)), (1, seaworthy_inspect::Does::Delete)]
    );
    let deleted = layers.copies(&union, &union.nodes[2]).next().unwrap();
    assert_eq!(deleted.hidden_by, Some(1));
    assert!(deleted.digest.is_some_and(|digest| digest[0] == 0x76), "SHA-256 of `one` begins with 7692");
    assert_eq!(facts.map[0].bytes, 5);
    assert_eq!(facts.map[0].wasted, 3);
}
