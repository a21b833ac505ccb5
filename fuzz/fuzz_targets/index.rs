//! Any bytes as an index: what is read is written and read again the same.

#![no_main]

use seaworthy_oci::Descriptor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let descriptor = Descriptor::of("application/vnd.oci.image.index.v1+json", bytes);
    if let Ok(index) = seaworthy_store::parse_index(bytes, &descriptor) {
        let again = serde_json::to_vec(&index).expect("an index is JSON");
        let descriptor = Descriptor::of(&descriptor.media_type, &again);
        assert_eq!(seaworthy_store::parse_index(&again, &descriptor).expect("it reads again"), index);
    }
});
