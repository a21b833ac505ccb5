//! Any bytes as an image's configuration: what is read is written and read again the same.

#![no_main]

use seaworthy_oci::Digest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let digest = Digest::of(bytes);
    if let Ok(config) = seaworthy_store::parse_config(bytes, &digest) {
        let again = serde_json::to_vec(&config).expect("a configuration is JSON");
        assert_eq!(seaworthy_store::parse_config(&again, &digest).expect("it reads again"), config);
    }
});
