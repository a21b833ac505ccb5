//! What stands for a base image, in a form the builder can read.
//!
//! Builders of their own read OCI layouts; the docker driver without the containerd store does not ("unknown scheme
//! oci-layout", dockerd 28.5), so there a layout is loaded into the engine for the time of the build.

use super::{DockerOptions, no_engine};
use crate::BuildError;
use seaworthy_engine::Engine;
use seaworthy_oci::Source;
use seaworthy_store::{Image, StoreError};
use std::path::Path;

/// The bases of one build; what was loaded for it is removed with this value.
pub(super) struct Bases {
    contexts: Vec<(String, String)>,
    loaded: Vec<String>,
    engine: Option<Engine>,
}

/// A base as the policy spells it.
#[derive(Debug)]
enum Base {
    /// Words buildx takes as they are.
    Context(String),
    /// An image in the file system.
    Image(Box<Image>),
}

impl Bases {
    /// Reads every base and loads those the builder cannot read itself.
    pub(super) fn prepare(options: &DockerOptions<'_>, must_load: bool) -> Result<Self, BuildError> {
        let mut bases = Self { contexts: Vec::new(), loaded: Vec::new(), engine: None };
        for (name, value) in options.bases {
            let context = match read(value, options.base_directory)? {
                Base::Context(context) => context,
                Base::Image(image) => match &image.source {
                    Source::Layout { path, .. } if !must_load => {
                        let path = std::fs::canonicalize(path).map_err(BuildError::io("read", path))?;
                        // By digest, so that a tag in the layout cannot be misread.
                        format!("oci-layout://{}@{}", path.display(), image.descriptor.digest)
                    }
                    _ if must_load => format!("docker-image://{}", bases.load(&image, value)?),
                    _ => return Err(bad(value, "this builder reads no archives: unpack it into a layout")),
                },
            };
            bases.contexts.push((name.clone(), context));
        }
        Ok(bases)
    }

    /// `FROM` names with their contexts in buildx's spelling.
    pub(super) fn contexts(&self) -> &[(String, String)] {
        &self.contexts
    }

    fn load(&mut self, image: &Image, value: &str) -> Result<String, BuildError> {
        let engine = match self.engine.take() {
            Some(engine) => engine,
            None => Engine::connect().map_err(|error| no_engine(&error.to_string()))?,
        };
        // BuildKit's cache knows the base by its content, so each build may have a name of its own: no two get in each
        // other's way.
        let name = format!("seaworthy-base-{}:{}", Engine::new_run_id(), image.descriptor.digest.short());
        let file =
            tempfile::NamedTempFile::new().map_err(BuildError::io("make a file in", std::env::temp_dir()))?;
        seaworthy_store::write_docker_archive(image, file.path(), Some(&name))
            .map_err(|error| bad(value, &error.to_string()))?;
        let mut archive = std::fs::File::open(file.path()).map_err(BuildError::io("read", file.path()))?;
        let loaded = engine.load(&mut archive);
        self.loaded.push(name.clone());
        self.engine = Some(engine);
        loaded.map_err(|error| bad(value, &error.to_string()))?;
        Ok(name)
    }
}

impl Drop for Bases {
    fn drop(&mut self) {
        for (engine, name) in
            self.engine.iter().flat_map(|engine| self.loaded.iter().map(move |name| (engine, name)))
        {
            // A name that stays is only clutter, and nobody is left to hear of it.
            let _ = engine.remove_image(name);
        }
    }
}

fn bad(value: &str, problem: &str) -> BuildError {
    BuildError::input(
        format!("`{value}` under `bases` cannot stand for a base image: {problem}"),
        "write a reference such as `python:3.12-slim`, or a layout such as `oci:bases/python`",
    )
}

fn read(value: &str, directory: &Path) -> Result<Base, BuildError> {
    if value.starts_with("docker-image://") || value.starts_with("oci-layout://") {
        return Ok(Base::Context(value.to_owned()));
    }
    let source: Source =
        value.parse().map_err(|error: seaworthy_oci::SourceError| bad(value, &error.to_string()))?;
    let source = match source {
        Source::Layout { path, reference } => Source::Layout { path: directory.join(path), reference },
        Source::OciArchive { path, reference } => {
            Source::OciArchive { path: directory.join(path), reference }
        }
        Source::DockerArchive { path, reference } => {
            Source::DockerArchive { path: directory.join(path), reference }
        }
        Source::Bare(text) if directory.join(&text).join("oci-layout").is_file() => {
            Source::Layout { path: directory.join(text), reference: None }
        }
        Source::Directory { path } => Source::Directory { path: directory.join(path) },
        source @ Source::Storage(_) => source,
        Source::Bare(text) | Source::Daemon(text) => {
            return Ok(Base::Context(format!("docker-image://{text}")));
        }
        Source::Registry(reference) => return Ok(Base::Context(format!("docker-image://{reference}"))),
    };
    let image =
        seaworthy_store::open(&source, None).map_err(|error: StoreError| bad(value, &error.to_string()))?;
    Ok(Base::Image(Box::new(image)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_spelled_for_buildx() {
        let home = tempfile::tempdir().unwrap();
        let of = |text: &str| match read(text, home.path()).unwrap() {
            Base::Context(context) => context,
            Base::Image(image) => panic!("{image:?}"),
        };
        assert_eq!(of("python:3.12-slim"), "docker-image://python:3.12-slim");
        assert_eq!(of("docker-image://x"), "docker-image://x");
        assert_eq!(of("docker-daemon:x:y"), "docker-image://x:y");
        let error = read("oci:absent", home.path()).unwrap_err();
        assert!(error.to_string().contains("oci:absent"), "{error}");
        assert_eq!(error.kind(), crate::ErrorKind::Input);
    }
}
