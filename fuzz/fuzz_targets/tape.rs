//! Any bytes as a tar: the walk ends, and gives no more content than there is.

#![no_main]

use seaworthy_store::tape::{Walker, clean};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut walker = Walker::new(bytes, "fuzz", 10_000);
    let mut total = 0usize;
    while let Ok(true) = walker.advance() {
        let entry = walker.entry();
        if let Some(path) = clean(&entry.path) {
            assert!(path.split(|byte| *byte == b'/').all(|part| part != b".."), "{path:?}");
            assert!(!path.starts_with(b"/"), "{path:?}");
        }
        let (stored, size) = (entry.stored, entry.size);
        let pieces: u64 = entry.sparse.iter().map(|(_, length)| length).sum();
        assert!(entry.sparse.is_empty() || (pieces == stored && pieces <= size));
        let mut seen = 0u64;
        while let Ok(Some(chunk)) = walker.chunk() {
            total += chunk.len();
            seen += chunk.len() as u64;
        }
        assert!(seen <= stored);
    }
    assert!(total <= bytes.len());
});
