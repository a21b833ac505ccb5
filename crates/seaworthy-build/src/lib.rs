//! Builds images: a Rust crate without a Dockerfile, or a Dockerfile through BuildKit.
//!
//! Both ways end in an OCI layout and in [`seaworthy_facts::BuildFacts`]. The Rust way is reproducible: the same
//! sources give the same manifest digest in another directory and under another umask.

mod child;
pub mod docker;
mod epoch;
mod error;
pub mod rust;

pub use epoch::{Epoch, EpochSource};
pub use error::{BuildError, ErrorKind};

/// What a build tells while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step has begun.
    StepStarted {
        /// Its name, as it will stand in the facts.
        name: String,
    },
    /// A step has ended.
    StepFinished {
        /// Its name.
        name: String,
        /// Whether it came from a cache.
        cached: bool,
        /// Its wall time in milliseconds.
        ms: u64,
    },
    /// A line of the compiler or the builder.
    Output(String),
}
