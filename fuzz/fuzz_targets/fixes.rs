//! The fixes of any Dockerfile, compose file or workflow: the first byte chooses.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some(first) = text.chars().next() else { return };
    let rest = text[first.len_utf8()..].to_owned();
    let path = match u32::from(first) % 3 {
        0 => "Dockerfile",
        1 => "compose.yaml",
        _ => ".github/workflows/ci.yml",
    };
    seaworthy_fuzz::mend_all(&vec![(path, rest)]);
});
