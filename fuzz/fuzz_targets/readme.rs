//! A document of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    seaworthy_fuzz::judge(&vec![("README.md", text.to_owned())]);
});
