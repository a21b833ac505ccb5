//! A compose file of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    seaworthy_fuzz::judge(&vec![("compose.yaml", text.to_owned())]);
});
