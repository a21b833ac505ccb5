//! A GitLab pipeline of any text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    seaworthy_fuzz::judge(&vec![(".gitlab-ci.yml", text.to_owned())]);
});
