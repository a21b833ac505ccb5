//! `inspect` under a hard limit on its memory: ten gigabytes of zeros, and a million files.
//!
//! A debug build takes minutes for what is in here, so these are left out unless asked for: CI runs them with the release
//! build, `SEAWORTHY_BIN=target/release/seaworthy cargo test -p seaworthy --test it memory -- --ignored`.

use crate::support::{Ran, seaworthy};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The header of an empty or a huge file; only the name and the size differ.
fn header(name: &str, size: u64) -> [u8; 512] {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[108..115].copy_from_slice(b"0000000");
    block[116..123].copy_from_slice(b"0000000");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[136..147].copy_from_slice(b"00000000000");
    block[148..156].fill(b' ');
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// Stores a layout of one layer.
fn layout(folder: &Path, media_type: &str, layer: &[u8], diff_id: &str) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |media_type: &str, bytes: &[u8]| {
        let digest = seaworthy_oci::Digest::of(bytes).to_string();
        fs::write(blobs.join(digest.trim_start_matches("sha256:")), bytes).unwrap();
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    };
    let text = |value: &Value| value.to_string().into_bytes();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
    });
    let config = put("application/vnd.oci.image.config.v1+json", &text(&config));
    let layer = put(media_type, layer);
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer] });
    let manifest = put(kind, &text(&manifest));
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

/// Inspects a layout with so many MiB of memory and no more: what is asked for beyond makes the program fail.
fn inspect(folder: &Path, mebibytes: u64) -> Ran {
    let program = std::env::var_os("SEAWORTHY_BIN");
    let program = program.map_or_else(|| seaworthy().get_program().to_owned(), Into::into);
    // The working directory of a test is its crate's.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let limited = format!("ulimit -d {} && exec \"$@\"", mebibytes << 10);
    let source = format!("oci:{}", folder.display());
    Command::new("sh")
        .args(["-c", limited.as_str(), "sh"])
        .arg(program)
        .args(["inspect", "--no-config", "--quiet", source.as_str()])
        .current_dir(root)
        .output()
        .unwrap()
        .into()
}

#[test]
#[ignore = "minutes in a debug build; CI runs it with the release build"]
fn ten_gigabytes_of_zeros_are_refused_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let head = header("zeros", 7 << 30);
    let pack = |bytes: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(9));
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let mut packed = pack(&head);
    let zeros = pack(&vec![0; 16 << 20]);
    for _ in 0..640 {
        packed.extend_from_slice(&zeros);
    }
    // One frame of one raw block, then of blocks of a byte that is repeated 128 KiB times (RFC 8878).
    let mut frame = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    let block =
        |kind: u32, length: u32, last: bool| (length << 3 | kind << 1 | u32::from(last)).to_le_bytes();
    frame.extend_from_slice(&block(0, 512, false)[..3]);
    frame.extend_from_slice(&head);
    for number in 0..81_920 {
        frame.extend_from_slice(&block(1, 128 << 10, number == 81_919)[..3]);
        frame.push(0);
    }
    let diff_id = format!("sha256:{}", "0".repeat(64));
    for (kind, bytes) in [("gzip", packed), ("zstd", frame)] {
        let place = folder.path().join(kind);
        layout(&place, &format!("application/vnd.oci.image.layer.v1.tar+{kind}"), &bytes, &diff_id);
        let ran = inspect(&place, 64).expect(2);
        assert!(ran.stderr.contains("compression ratio of layer 0"), "{kind}: {}", ran.stderr);
        assert!(ran.stderr.contains("250 to 1"), "{kind}: {}", ran.stderr);
    }
}

#[test]
#[ignore = "minutes in a debug build; CI runs it with the release build"]
fn a_million_files_take_their_index_and_little_more() {
    const FILES: u64 = 1_000_000;
    let folder = tempfile::tempdir().unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(1));
    let mut digest = seaworthy_oci::Hasher::new();
    let mut put = |bytes: &[u8]| {
        digest.update(bytes);
        gzip.write_all(bytes).unwrap();
    };
    for number in 0..FILES {
        put(&header(&format!("srv/data/{:03}/{number:07}.txt", number / 2000), 0));
    }
    put(&[0; 1024]);
    let layer = gzip.finish().unwrap();
    let diff_id = digest.finish().to_string();
    layout(folder.path(), "application/vnd.oci.image.layer.v1.tar+gzip", &layer, &diff_id);
    drop(layer);
    // The image has no user and no command, which are findings.
    let ran = inspect(folder.path(), 64 + ((FILES * 400) >> 20)).expect(1);
    assert!(ran.stdout.contains("1 000 000 files"), "{}", ran.stdout);
}
