//! SBOMs of any form and any damage: read, checked, compared with themselves.

#![no_main]

use seaworthy_packages::sbom;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = sbom::check(bytes);
    if let Ok(bom) = sbom::read(bytes) {
        let result = sbom::compare(&bom, &bom.packages);
        assert!(result.holds());
    }
});
