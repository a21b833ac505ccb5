//! Tells the linker what only a static binary can take.

use std::env::var;

/// Addresses to correct at the start are written as bits instead of 24 bytes each: a tenth of the binary.
const PACKED: &str = "cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is =
        |name: &str, wanted: &str| var(name).is_ok_and(|value| value.split(',').any(|part| part == wanted));
    // A program that is linked at its start would ask for glibc 2.36, a static one brings what it needs.
    if is("CARGO_CFG_TARGET_FEATURE", "crt-static")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_CFG_TARGET_OS", "linux")
    {
        println!("{PACKED}");
    }
}
