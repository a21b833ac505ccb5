//! The programs beside which Seaworthy is measured, and where they are.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Every program a bench may use, with the arguments that make it print its version.
const PROGRAMS: [(&str, &[&str]); 15] = [
    ("checkov", &["--version"]),
    ("compose-lint", &["--version"]),
    ("cosign", &["version"]),
    ("crane", &["version"]),
    ("dclint", &["--version"]),
    ("dive", &["--version"]),
    ("docker", &["--version"]),
    ("docker-registry", &["--version"]),
    ("hadolint", &["--version"]),
    ("oras", &["version"]),
    ("runc", &["--version"]),
    ("skopeo", &["--version"]),
    ("syft", &["version"]),
    ("tally", &["version"]),
    ("zizmor", &["--version"]),
];

/// What is said of a program that `PATH` does not name.
pub(crate) const MISSING: &str = "not installed";

/// Where a program is, by `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| {
        file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    })
}

/// Every program with its version, or `not installed`.
pub(crate) fn versions() -> Vec<(&'static str, String)> {
    let version = |name: &str, args: &[&str]| {
        let Some(program) = find(name) else { return MISSING.to_owned() };
        let out = Command::new(program).args(args).stdin(Stdio::null()).output();
        let text = out.map(|out| [out.stdout, out.stderr].concat()).unwrap_or_default();
        version_in(&String::from_utf8_lossy(&text)).unwrap_or_else(|| "without a version".to_owned())
    };
    PROGRAMS.iter().map(|(name, args)| (*name, version(name, args))).collect()
}

/// The first word that looks like a version: a digit, perhaps after a `v`, and a dot somewhere.
fn version_in(text: &str) -> Option<String> {
    let words = text.split_whitespace().map(|word| word.trim_end_matches(','));
    let mut words = words.map(|word| word.strip_prefix('v').unwrap_or(word));
    words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')).map(str::to_owned)
}

/// Whether a Docker Engine answers at `DOCKER_HOST` or the default socket.
pub(crate) fn engine_answers(docker: &std::path::Path) -> bool {
    let mut command = Command::new(docker);
    command.args(["version", "--format", "{{.Server.Version}}"]).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{find, version_in};

    #[test]
    fn versions_are_found_in_prose() {
        assert_eq!(version_in("Docker version 27.3.1, build ce12230").as_deref(), Some("27.3.1"));
        assert_eq!(version_in(" ____ \nGitVersion:    v2.4.1\n").as_deref(), Some("2.4.1"));
        assert_eq!(version_in("runc version 1.1.5+ds1\ncommit: 2").as_deref(), Some("1.1.5+ds1"));
        assert_eq!(version_in("no digits"), None);
    }

    #[test]
    fn only_programs_are_found() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-anywhere").is_none());
    }
}
