//! Any file as what `docker save` writes, opened and read to its end.

#![no_main]

use seaworthy_oci::Source;
use seaworthy_store::Limits;
use std::io::Write as _;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").expect("a temporary file");
    file.write_all(bytes).expect("it is written");
    let source = Source::DockerArchive { path: file.path().to_owned(), reference: None };
    let Ok(image) = seaworthy_store::open(&source, None) else { return };
    let limits = Limits { unpacked: 1 << 24, ..Limits::default() };
    for index in 0..image.manifest.layers.len() {
        if let Ok(layer) = image.layer(index, limits) {
            // Whatever is wrong with it is an error.
            let _ = layer.finish();
        }
    }
});
