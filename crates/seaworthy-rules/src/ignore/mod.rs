//! Rules over the ignore file and the build context.

mod depth;
mod depth_trap;
mod git_directory_in_image;
mod ineffective_exception;
mod missing_ignore_file;
mod root_only_pattern;
mod secret_file_in_context;

rules![
    missing_ignore_file,
    depth_trap,
    secret_file_in_context,
    ineffective_exception,
    git_directory_in_image,
    root_only_pattern,
];

use seaworthy_dockerfile::{Kind, Word};
use seaworthy_facts::DockerfileFact;

/// The first source of a `COPY` or `ADD` that takes the whole context.
pub(crate) fn broad_copy(docker: &DockerfileFact) -> Option<&Word> {
    docker.tree.instructions.iter().filter(|item| item.flag("from").is_none()).find_map(|item| {
        let (Kind::Copy { sources, .. } | Kind::Add { sources, .. }) = &item.kind else { return None };
        sources.iter().find(|source| is_broad(&source.unquoted()))
    })
}

/// Whether a source is the whole context.
pub(crate) fn is_broad(source: &str) -> bool {
    matches!(source, "." | "./" | "/" | "*" | "./*" | "/.")
}
