//! Reads the claims a repository makes: Dockerfiles, ignore files, compose files, documents, git.
//!
//! [`collect`] walks a directory, or takes one file; [`from_files`] does the same for texts in memory and touches
//! nothing. Every reader is tolerant: what does not read becomes a located problem of its file, never an error.

mod assemble;
mod cargo;
mod collect;
pub mod compose;
mod declarations;
mod git;
mod gitlab;
mod hadolint;
pub mod markdown;
mod source;

pub use assemble::{FileKind, from_files, from_text, kind_of, with_open, with_texts};
pub use collect::{Options, ProjectError, collect};

use seaworthy_yaml as yaml;
