//! Packs CycloneDX's schemas: a seventh of their size, one object by name.
#![expect(clippy::expect_used, reason = "a build script ends where it cannot go on")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

const NAMES: [&str; 5] = ["bom-1.5", "bom-1.6", "bom-1.7", "cryptography-defs", "jsf-0.82"];

fn main() {
    println!("cargo::rerun-if-changed=cyclonedx");
    let entries = NAMES.map(|name| {
        let file = Path::new("cyclonedx").join(format!("{name}.json"));
        let schema = std::fs::read_to_string(&file).expect("a schema is missing");
        format!("\"{name}\":{schema}")
    });
    let text = format!("{{{}}}", entries.join(","));
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(text.as_bytes()).expect("memory does not fail");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names a directory"));
    let bytes = packed.finish().expect("memory does not fail");
    std::fs::write(out.join("cyclonedx-schemas.json.zz"), bytes).expect("the directory can be written");
}
