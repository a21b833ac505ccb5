//! Any text as the script of a `RUN`, on one line, in a heredoc and below another shell.

#![no_main]

libfuzzer_sys::fuzz_target!(|script: &str| {
    for text in [
        format!("FROM debian:12\nRUN {script}\n"),
        format!("FROM alpine:3\nSHELL [\"/bin/bash\", \"-c\"]\nRUN <<'END'\n{script}\nEND\n"),
    ] {
        seaworthy_fuzz::judge(&vec![("Dockerfile", text)]);
    }
});
