//! An ignore file of any text beside a Dockerfile and files it may leave out.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    seaworthy_fuzz::judge(&vec![
        ("Dockerfile", "FROM debian:12\nCOPY . /app\nCOPY src/main.rs a/b/c.txt /app/\n".to_owned()),
        (".dockerignore", text.to_owned()),
        (".env", "A=1\n".to_owned()),
        ("a/b/c.txt", String::new()),
        ("src/main.rs", String::new()),
    ]);
});
