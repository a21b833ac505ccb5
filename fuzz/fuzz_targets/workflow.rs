//! A GitHub workflow of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    seaworthy_fuzz::judge(&vec![(".github/workflows/ci.yml", text.to_owned())]);
});
