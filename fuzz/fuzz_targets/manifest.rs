//! Any bytes as a manifest: what is read is written and read again the same.

#![no_main]

use seaworthy_oci::Descriptor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let descriptor = Descriptor::of("application/vnd.oci.image.manifest.v1+json", bytes);
    if let Ok(manifest) = seaworthy_store::parse_manifest(bytes, &descriptor) {
        let again = serde_json::to_vec(&manifest).expect("a manifest is JSON");
        let descriptor = Descriptor::of(&descriptor.media_type, &again);
        assert_eq!(seaworthy_store::parse_manifest(&again, &descriptor).expect("it reads again"), manifest);
    }
});
