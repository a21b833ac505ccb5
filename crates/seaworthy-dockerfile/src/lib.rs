//! The Dockerfile language: lossless tree, spans, expansion, ignore files.
//!
//! [`parse`] never fails: it gives a tree of what could be read and a list of located errors. Every byte of the
//! source lies in exactly one directive, comment, instruction or blank. What BuildKit's own packages answer is
//! the measure; where this crate differs on purpose, the documentation of the differences says why.

mod access;
mod arguments;
mod build;
mod check;
pub mod duration;
pub mod expand;
mod glob;
mod heredoc;
pub mod ignore;
mod instruction;
mod json;
mod keyword;
mod lines;
mod map;
pub mod mounts;
mod odd;
mod parse;
mod pattern;
mod port;
mod reference;
pub mod scope;
mod shared;
mod stages;
mod text;
mod tree;
mod word;
mod words;

pub use map::OffsetMap;
pub use parse::parse;
pub use pattern::clean as clean_path;
pub use seaworthy_finding::{Edit, Overlap, Span, apply_edits};
pub use shared::SharedMap;
pub use stages::{Base, Stage};
pub use tree::{
    ArgDecl, Command, Comment, Directive, Dockerfile, ErrorKind, Flag, Healthcheck, Heredoc, Instruction,
    Keyword, Kind, Pair, Phase, SyntaxError, VarRef, Word,
};
