//! Boots real boxes. Needs root or user namespaces, and a static busybox or a C compiler's absence is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests tell what they skip")]

mod basics;
mod common;
mod entering;
mod hostile;
mod limits;
mod mounting;
mod network;
mod owner;
mod rootless;
