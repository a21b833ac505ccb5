//! An SBOM of any text, and what an empty index says of it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(subject) = seaworthy_advisories::read_sbom(bytes, "x") {
        let empty = seaworthy_advisories::write_index(Vec::new(), Default::default(), &Default::default());
        let index = seaworthy_advisories::Index::from_bytes(empty.unwrap(), std::path::Path::new("x")).unwrap();
        let vex = seaworthy_advisories::Vex::default();
        let options = seaworthy_advisories::Options { now: "2026-01-01T00:00:00Z", vex: &vex };
        seaworthy_advisories::scan(&subject, &index, &options).unwrap();
    }
});
