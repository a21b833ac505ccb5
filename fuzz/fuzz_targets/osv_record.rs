//! An OSV record of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(advisory) = seaworthy_advisories::read_record(bytes) {
        for one in &advisory.affected {
            for version in one.versions.iter().take(20).map(String::as_str).chain(["0", "1.0", "1:2~rc1-3"]) {
                let _ = seaworthy_advisories::affects(one, version);
                let _ = seaworthy_advisories::fixes(one, version);
            }
        }
    }
});
