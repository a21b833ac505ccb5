//! An index of any bytes, with a checksum that fits.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    seaworthy_advisories::seal_index(&mut bytes);
    if let Ok(index) = seaworthy_advisories::Index::from_bytes(bytes, std::path::Path::new("x")) {
        for (ecosystem, name) in [("PyPI", "p1"), ("npm", "a"), ("Debian:12", "tar")] {
            for hit in index.lookup(ecosystem, name, "1.0").unwrap_or_default() {
                let _ = index.advisory(hit.advisory);
            }
        }
        let _ = index.advisory(0);
        let _ = index.known("CVE-2024-1");
    }
});
