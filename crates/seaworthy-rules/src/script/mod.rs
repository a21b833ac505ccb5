//! Rules over the scripts of `RUN`: package managers, downloads, and the shell itself.

mod package_cache_left;
mod scripts;
pub(crate) mod shell;
mod sudo;
mod unpinned_download;

rules![package_cache_left, unpinned_download, sudo];

pub(crate) use scripts::Scripts;
pub(crate) use shell::Simple;
