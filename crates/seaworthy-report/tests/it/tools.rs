//! Other tools that judge an output, where the machine has them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The tool named by an environment variable, or found on the search path.
pub(crate) fn find(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(PathBuf::from(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// Runs a tool and fails the test with its words when it objects.
pub(crate) fn accepts(tool: &Path, arguments: &[&std::ffi::OsStr]) {
    let got = Command::new(tool).args(arguments).output().expect("the tool starts");
    assert!(
        got.status.success(),
        "{} objects:\n{}{}",
        tool.display(),
        String::from_utf8_lossy(&got.stdout),
        String::from_utf8_lossy(&got.stderr)
    );
}
