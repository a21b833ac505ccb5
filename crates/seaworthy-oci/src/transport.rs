//! Where an image is read from, as `containers/image` spells it.

use crate::{Reference, ReferenceError};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A place an image can be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `oci:PATH[:REF]`, an OCI layout directory; the reference is `org.opencontainers.image.ref.name` or a digest.
    Layout { path: PathBuf, reference: Option<String> },
    /// `oci-archive:PATH[:REF]`, a tar of a layout.
    OciArchive { path: PathBuf, reference: Option<String> },
    /// `docker-archive:PATH[:REF]`, what `docker save` writes.
    DockerArchive { path: PathBuf, reference: Option<String> },
    /// `dir:PATH`, what skopeo writes into a directory, or any directory as the file tree of an image.
    Directory { path: PathBuf },
    /// `containers-storage:REF`, an image of Podman, Buildah or CRI-O, read from its directory.
    Storage(String),
    /// `docker-daemon:REF`, an image of a Docker Engine or Podman.
    Daemon(String),
    /// `docker://REF`, a registry.
    Registry(Reference),
    /// No transport was named: an existing path or a name; the store decides and says how.
    Bare(String),
}

/// A text that names no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The path is missing.
    #[error("`{0}` names no path")]
    NoPath(String),
    /// The reference is broken.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let split = |rest: &str| -> Result<(PathBuf, Option<String>), SourceError> {
            // A path ends at the first colon; Windows drives are not a concern here.
            let (path, reference) =
                rest.split_once(':').map_or((rest, None), |(path, name)| (path, Some(name)));
            if path.is_empty() {
                return Err(SourceError::NoPath(text.to_owned()));
            }
            Ok((PathBuf::from(path), reference.filter(|name| !name.is_empty()).map(str::to_owned)))
        };
        for scheme in ["docker://", "registry://"] {
            if let Some(rest) = text.strip_prefix(scheme) {
                return Ok(Self::Registry(rest.parse()?));
            }
        }
        if let Some(rest) = text.strip_prefix("oci-archive:") {
            let (path, reference) = split(rest)?;
            return Ok(Self::OciArchive { path, reference });
        }
        for scheme in ["oci-dir://", "oci-dir:", "oci:"] {
            if let Some(rest) = text.strip_prefix(scheme) {
                let (path, reference) = split(rest)?;
                return Ok(Self::Layout { path, reference });
            }
        }
        for scheme in ["docker-archive:", "archive://"] {
            if let Some(rest) = text.strip_prefix(scheme) {
                let (path, reference) = split(rest)?;
                return Ok(Self::DockerArchive { path, reference });
            }
        }
        if let Some(path) = text.strip_prefix("dir://").or_else(|| text.strip_prefix("dir:")) {
            // The path may contain colons: there is no reference after it.
            if path.is_empty() {
                return Err(SourceError::NoPath(text.to_owned()));
            }
            return Ok(Self::Directory { path: PathBuf::from(path) });
        }
        if let Some(rest) = text.strip_prefix("containers-storage:") {
            // `[driver@root]` before the name chooses another store.
            if rest.is_empty() {
                return Err(SourceError::NoPath(text.to_owned()));
            }
            return Ok(Self::Storage(rest.to_owned()));
        }
        for scheme in ["docker-daemon:", "local://", "docker:"] {
            if let Some(rest) = text.strip_prefix(scheme) {
                return Ok(Self::Daemon(rest.to_owned()));
            }
        }
        Ok(Self::Bare(text.to_owned()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut with = |scheme: &str, path: &PathBuf, reference: &Option<String>| match reference {
            Some(name) => write!(out, "{scheme}:{}:{name}", path.display()),
            None => write!(out, "{scheme}:{}", path.display()),
        };
        match self {
            Self::Layout { path, reference } => with("oci", path, reference),
            Self::OciArchive { path, reference } => with("oci-archive", path, reference),
            Self::DockerArchive { path, reference } => with("docker-archive", path, reference),
            Self::Directory { path } => write!(out, "dir:{}", path.display()),
            Self::Storage(name) => write!(out, "containers-storage:{name}"),
            Self::Daemon(name) => write!(out, "docker-daemon:{name}"),
            Self::Registry(reference) => write!(out, "docker://{reference}"),
            Self::Bare(text) => out.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_are_told_apart() {
        for text in [
            "oci:/x/y:tag",
            "oci-archive:a.tar",
            "docker-archive:a.tar:b",
            "docker-daemon:a:b",
            "dir:/a:b",
            "containers-storage:localhost/a:b",
            "docker://docker.io/library/a:b",
            "a:b",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        assert!("oci:".parse::<Source>().is_err());
    }
}
