//! Builds images: a Rust crate without a Dockerfile, or a Dockerfile through BuildKit.
