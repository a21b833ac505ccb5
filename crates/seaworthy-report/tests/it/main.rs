//! The renderers seen from outside: goldens, properties of every format, schemas and other tools' judgement.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod formats;
mod mini_schema;
mod properties;
mod sample;
mod sbom;
mod schema;
mod tools;
