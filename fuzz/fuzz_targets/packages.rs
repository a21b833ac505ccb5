//! Every reader of packages on any bytes: databases, archives, manifests, lock files, package URLs.

#![no_main]

use seaworthy_packages::{
    Source, apk, auditable, deb, dotnet, go, java, lockfile, npm, php, programs, purl::Purl, python, r, rpm, ruby,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let source = Source { path: "/opt/conda/conda-meta/x.json", layer: 0, bytes, distribution: None };
    let _ = (deb::status(&source), deb::copyright(bytes), deb::list(bytes).count(), deb::md5sums(bytes).count());
    let _ = (apk::installed(&source), rpm::database(&source), python::metadata(&source), python::conda(&source));
    let _ = (python::record(bytes, "a/b").count(), npm::package_json(&source), npm::hidden_lock(bytes));
    let _ = (ruby::gemspec(&source), php::installed(&source), dotnet::deps(&source), r::description(&source));
    let _ = (java::archive(&source), go::information(&source), auditable::crates(&source));
    let _ = (programs::java_release(&source), programs::go_toolchain(&source));
    for name in [&b"libpython3.11.so"[..], b"node", b"mariadbd", b"libssl.so.3"] {
        let _ = programs::program(name).and_then(|program| program.version(bytes, name));
    }
    let text = String::from_utf8_lossy(bytes);
    for name in ["package-lock.json", "Cargo.lock", "go.sum", "requirements.txt", "composer.lock", "Gemfile.lock"] {
        let _ = lockfile::read(name, &text);
    }
    // What was accepted is canonical: it is read again as itself.
    if let Ok(purl) = Purl::parse(&text) {
        let again = Purl::parse(&purl.to_string());
        assert_eq!(again.map(|purl| purl.to_string()), Ok(purl.to_string()));
    }
});
