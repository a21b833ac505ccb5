//! What is known of well-known base images without asking anyone.
//!
//! The table knows names, not contents: a tag may be rebuilt with other packages, so every answer is "as a rule", and
//! an image that is not in it answers nothing.

use seaworthy_dockerfile::{Base, Stage};
use seaworthy_shell::Dialect;

/// A base image, as far as its name shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BaseFacts {
    /// What `/bin/sh` is; nothing where the image has no shell.
    pub(crate) shell: Option<Dialect>,
    /// Whether the image runs on Windows, where `RUN` is read by `cmd`.
    pub(crate) windows: bool,
    /// Well-known programs it does not have.
    pub(crate) lacks: &'static [&'static str],
}

const NOTHING: &[&str] =
    &["sh", "bash", "curl", "wget", "nc", "python", "python3", "node", "pg_isready", "grep"];

const UNKNOWN: BaseFacts = BaseFacts { shell: None, windows: false, lacks: &[] };
const EMPTY: BaseFacts = BaseFacts { lacks: NOTHING, ..UNKNOWN };
const WINDOWS: BaseFacts = BaseFacts { windows: true, ..UNKNOWN };
const ALPINE: BaseFacts = BaseFacts { shell: Some(Dialect::Busybox), lacks: &["curl", "bash"], ..UNKNOWN };
const BUSYBOX: BaseFacts =
    BaseFacts { shell: Some(Dialect::Busybox), lacks: &["curl", "bash", "python", "python3"], ..UNKNOWN };
/// A Debian or Ubuntu whose further packages are not known.
const DEBIAN: BaseFacts = BaseFacts { shell: Some(Dialect::Dash), ..UNKNOWN };
const SLIM: BaseFacts = BaseFacts { lacks: &["curl", "wget", "nc"], ..DEBIAN };
/// Fedora and other distributions whose `/bin/sh` is bash.
const FEDORA: BaseFacts = BaseFacts { shell: Some(Dialect::BashAsSh), ..UNKNOWN };

/// Images by the last part of their name, where every tag without a family of its own is the same.
const NAMES: &[(&str, BaseFacts)] = &[
    ("alpine", ALPINE),
    ("wolfi-base", ALPINE),
    ("chainguard-base", ALPINE),
    ("docker", ALPINE),
    ("busybox", BUSYBOX),
    ("debian", SLIM),
    ("ubuntu", SLIM),
    ("buildpack-deps", DEBIAN),
    ("fedora", FEDORA),
    ("rockylinux", FEDORA),
    ("almalinux", FEDORA),
    ("ubi", FEDORA),
    ("ubi8", FEDORA),
    ("ubi9", FEDORA),
    ("ubi10", FEDORA),
    ("ubi-minimal", FEDORA),
    ("centos", FEDORA),
    ("amazonlinux", FEDORA),
    ("leap", FEDORA),
    ("tumbleweed", FEDORA),
    ("archlinux", FEDORA),
];

/// Images of languages and servers that are built on Debian or Ubuntu unless a tag says otherwise.
const ON_DEBIAN: [&str; 27] = [
    "python",
    "node",
    "golang",
    "rust",
    "ruby",
    "php",
    "perl",
    "gcc",
    "elixir",
    "erlang",
    "haskell",
    "julia",
    "swift",
    "dart",
    "bun",
    "deno",
    "eclipse-temurin",
    "maven",
    "gradle",
    "tomcat",
    "nginx",
    "httpd",
    "redis",
    "postgres",
    "mariadb",
    "rabbitmq",
    "jenkins",
];

/// Of [`ON_DEBIAN`] those whose `-slim` tags have none of the usual downloaders.
const WITH_SLIM: [&str; 5] = ["python", "node", "ruby", "rust", "openjdk"];

/// What is known of an image by its reference; nothing where it is not in the table.
pub(crate) fn image(reference: &str) -> Option<BaseFacts> {
    let named = reference.split('@').next().unwrap_or(reference).to_ascii_lowercase();
    let (path, tag) = match named.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (named.as_str(), ""),
    };
    let last = path.rsplit('/').next().unwrap_or(path);
    if path.contains("distroless") {
        return distroless(path, tag);
    }
    if path.contains("windows")
        || matches!(last, "nanoserver" | "servercore")
        || tag.contains("windowsservercore")
    {
        return Some(WINDOWS);
    }
    let has = |word: &str| tag.contains(word) || last.ends_with(word);
    if has("alpine") {
        // Bash comes with few of the images built on Alpine, but it does come.
        return Some(if last == "alpine" { ALPINE } else { BaseFacts { lacks: &["curl"], ..ALPINE } });
    }
    if ["ubi8-minimal", "ubi9-minimal", "ubi10-minimal"].iter().any(|word| last.ends_with(word)) {
        return Some(FEDORA);
    }
    if ["ubi", "rockylinux", "centos", "fedora", "amazonlinux", "oraclelinux", "azurelinux"]
        .iter()
        .any(|word| tag.contains(word))
    {
        return Some(FEDORA);
    }
    if let Some((_, facts)) = NAMES.iter().find(|(name, _)| *name == last) {
        return Some(*facts);
    }
    let debian = ["slim", "bookworm", "bullseye", "buster", "trixie", "jammy", "noble", "focal", "ubuntu"];
    let named_debian = debian.iter().any(|word| tag.contains(word));
    if tag.contains("slim") && WITH_SLIM.contains(&last) {
        return Some(SLIM);
    }
    // A tag that is a variable may be of any family.
    (named_debian || (ON_DEBIAN.contains(&last) && !tag.contains('$'))).then_some(DEBIAN)
}

/// Official images that end with root and bring no program that gives it up.
const ROOT: [&str; 33] = [
    "amazoncorretto",
    "bash",
    "caddy",
    "docker",
    "gradle",
    "oraclelinux",
    "alpine",
    "debian",
    "ubuntu",
    "busybox",
    "fedora",
    "centos",
    "rockylinux",
    "almalinux",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "python",
    "node",
    "golang",
    "rust",
    "ruby",
    "php",
    "perl",
    "gcc",
    "elixir",
    "erlang",
    "swift",
    "eclipse-temurin",
    "openjdk",
    "maven",
    "nginx",
    "httpd",
];

/// Whether an image is known to end with root: an official one, or a distroless one without `nonroot`.
pub(crate) fn ends_with_root(reference: &str) -> bool {
    let named = reference.split('@').next().unwrap_or(reference);
    let (path, tag) = match named.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (named, ""),
    };
    if path.starts_with("gcr.io/distroless/") {
        return !tag.contains("nonroot") && !tag.contains('$');
    }
    let official = path.strip_prefix("docker.io/").unwrap_or(path);
    ROOT.contains(&official.strip_prefix("library/").unwrap_or(official))
}

fn distroless(path: &str, tag: &str) -> Option<BaseFacts> {
    if tag.contains("debug") {
        return None;
    }
    let lacks: &[&str] = if path.contains("python") {
        &["sh", "bash", "curl", "wget", "nc", "node", "pg_isready", "grep"]
    } else if path.contains("nodejs") {
        &["sh", "bash", "curl", "wget", "nc", "python", "python3", "pg_isready", "grep"]
    } else {
        NOTHING
    };
    Some(BaseFacts { lacks, ..EMPTY })
}

/// What is known of an image, or of nothing at all; of a stage nothing by itself.
pub(crate) fn of_base(base: &Base) -> Option<BaseFacts> {
    match base {
        Base::Scratch => Some(EMPTY),
        Base::Image(reference) => image(reference),
        Base::Stage(_) => None,
    }
}

/// What is known of what a stage begins with; of an earlier stage, what that one begins with.
pub(crate) fn of_stage(stages: &[Stage<'_>], stage: &Stage<'_>) -> Option<BaseFacts> {
    let mut at = stage;
    loop {
        match &at.base {
            // A stage begins with an earlier one only, so this ends.
            Base::Stage(earlier) if *earlier < at.index => at = stages.get(*earlier)?,
            base => return of_base(base),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_name_and_tag() {
        let shell = |reference: &str| image(reference).and_then(|facts| facts.shell);
        assert_eq!(shell("python:3.12-alpine3.20"), Some(Dialect::Busybox));
        assert_eq!(shell("python:3.12"), Some(Dialect::Dash));
        assert_eq!(shell("library/node:22-bookworm-slim@sha256:00"), Some(Dialect::Dash));
        assert_eq!(shell("python:${TAG}"), None);
        assert_eq!(shell("alpine:${TAG}"), Some(Dialect::Busybox));
        assert_eq!(shell("nvidia/cuda:12.4.1-devel-ubuntu22.04"), Some(Dialect::Dash));
        assert_eq!(shell("nvidia/cuda:12.4.1-devel-rockylinux9"), Some(Dialect::BashAsSh));
        assert_eq!(shell("registry.example:5000/team/app"), None);
        assert!(ends_with_root("debian:12@sha256:00") && ends_with_root("docker.io/library/python:3.12"));
        assert!(!ends_with_root("example/python:3.12") && !ends_with_root("postgres:18"));
        let lacks = image("example/distroless/python3:nonroot").map(|facts| facts.lacks).unwrap_or_default();
        assert!(lacks.contains(&"sh") && !lacks.contains(&"python3"), "{lacks:?}");
        assert!(image("example/windows/servercore:ltsc2022").is_some_and(|facts| facts.windows));
    }
}
