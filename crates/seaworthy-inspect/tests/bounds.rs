//! Memory stays bounded on bombs and on a great many files. A test binary of its own, with one test: the high-water mark
//! is the process's. `crates/seaworthy/tests/it/memory.rs` does the same with the program, at full size.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

#[path = "../../seaworthy-store/tests/support/mod.rs"]
mod support;

use seaworthy_inspect::{InspectError, Options, inspect};
use seaworthy_oci::Digest;
use seaworthy_oci::media_type::{LAYER_GZIP, LAYER_ZSTD};
use seaworthy_store::{Limits, StoreError};
use std::fs;
use support::{Blob, Tar, gzip, image};

const MIB: u64 = 1 << 20;
/// Files of the layer of many files.
const FILES: u32 = 60_000;

/// Most memory the process has used, in bytes; nothing where the system does not say.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The header of a file of so many gigabytes.
fn header(gigabytes: u64) -> [u8; 512] {
    Tar::header(b'0', b"zeros", b"", 0o644, gigabytes << 30, (0, 0))
}

/// Ten gigabytes of zeros behind a header, as gzip and as zstd.
fn bombs() -> [Blob; 2] {
    let mut packed = gzip(&header(4));
    let zeros = gzip(&vec![0; 4 << 20]);
    for _ in 0..2560 {
        packed.extend_from_slice(&zeros);
    }
    // A frame of one raw block, then of blocks of one byte that is repeated 128 KiB times (RFC 8878).
    let mut frame = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    let block =
        |kind: u32, length: u32, last: bool| (length << 3 | kind << 1 | u32::from(last)).to_le_bytes();
    frame.extend_from_slice(&block(0, 512, false)[..3]);
    frame.extend_from_slice(&header(4));
    for number in 0..81_920 {
        frame.extend_from_slice(&block(1, 128 << 10, number == 81_919)[..3]);
        frame.push(0);
    }
    let diff_id = Digest::of(b"never reached");
    [(LAYER_GZIP, packed), (LAYER_ZSTD, frame)].map(|(media_type, bytes)| {
        assert!(bytes.len() < 12 << 20, "{}", bytes.len());
        Blob { media_type, bytes, diff_id: diff_id.clone() }
    })
}

#[test]
fn memory_is_bounded_on_bombs_and_on_many_files() {
    let folder = tempfile::tempdir().unwrap();
    // The first pass is held against the limit on ratios a little earlier than by default: a debug build is slow.
    let early = Limits { ratio_from: 32 * MIB, ..Limits::default() };
    let small = Limits { unpacked: 16 * MIB, ..Limits::default() };
    let before = peak();
    for (number, bomb) in bombs().into_iter().enumerate() {
        let opened = image(&folder.path().join(format!("bomb{number}")), &[bomb]);
        for threads in [0, 1] {
            let options = |limits| Options { limits, threads, ..Options::default() };
            let error = inspect(&opened, &options(early)).unwrap_err();
            assert!(
                matches!(&error, InspectError::Store(StoreError::Limit { what, limit })
                    if what.contains("compression ratio of layer 0") && limit == "250 to 1"),
                "{error}"
            );
            let error = inspect(&opened, &options(small)).unwrap_err().to_string();
            assert!(
                error.contains("unpacked size of layer 0 is over the limit of 16777216 bytes"),
                "{error}"
            );
        }
    }
    let (Some(before), Some(after)) = (before, peak()) else {
        println!("skipped: no /proc/self/status");
        return;
    };
    assert!(after - before < 64 * MIB, "the bombs took {} MiB", (after - before) / MIB);

    // The index is all that grows with the number of files.
    let mut tail = Vec::new();
    for number in 0..FILES {
        let path = format!("usr/lib/folder{}/file{number}", number / 1000);
        tail.extend_from_slice(&Tar::header(b'0', path.as_bytes(), b"", 0o644, 0, (0, 0)));
    }
    tail.extend_from_slice(&[0; 1024]);
    let many = Blob { media_type: LAYER_GZIP, diff_id: Digest::of(&tail), bytes: gzip(&tail) };
    drop(tail);
    let opened = image(&folder.path().join("many"), &[many]);
    let before = peak().unwrap_or_default();
    let facts = inspect(&opened, &Options::default()).unwrap();
    let after = peak().unwrap_or_default();
    assert_eq!(facts.files.len(), FILES as usize + 60 + 2);
    let bound = 32 * MIB + 400 * u64::from(FILES);
    assert!(after - before < bound, "{FILES} files took {} MiB", (after - before) / MIB);
}
