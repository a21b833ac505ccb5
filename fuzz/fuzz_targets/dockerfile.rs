//! A Dockerfile of any text: its tree gives the text back, and every rule can look at it.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    seaworthy_fuzz::judge(&vec![("Dockerfile", text.to_owned())]);
});
