//! A VEX document of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = seaworthy_advisories::Vex::default().add(bytes);
});
