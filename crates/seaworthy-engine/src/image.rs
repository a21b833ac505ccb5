//! Images: look at, load, export, tag, remove.

use crate::client::{Limit, escape, unlimited};
use crate::{Engine, EngineError, ErrorKind};
use serde::{Deserialize, Deserializer};
use std::io::{BufRead as _, BufReader, Read};
use ureq::http::Method;

/// An image as the engine lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageSummary {
    /// Digest of the configuration, or of the manifest with the containerd store.
    pub id: String,
    /// Its tags.
    #[serde(default, deserialize_with = "null_list")]
    pub repo_tags: Vec<String>,
    /// Its names by digest, known once it was pulled or pushed.
    #[serde(default, deserialize_with = "null_list")]
    pub repo_digests: Vec<String>,
    /// Architecture by Go's name.
    #[serde(default)]
    pub architecture: String,
    /// Operating system.
    #[serde(default)]
    pub os: String,
    /// Size in bytes; what it counts depends on the engine's store.
    #[serde(default)]
    pub size: u64,
}

/// What `load` made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedImage {
    /// A tag, or an id where the archive names none.
    pub name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadLine {
    stream: Option<String>,
    error: Option<String>,
}

fn null_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Engine {
    /// An image by name, id or digest; absent where the engine does not have it.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub fn image(&self, name: &str) -> Result<Option<ImageSummary>, EngineError> {
        match self.client.get(&format!("/images/{}/json", escape(name))) {
            Ok(image) => Ok(Some(image)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the engine keeps its layers as directories, by its own word; nothing where it keeps them in another way,
    /// or does not say. The directory may lie on another machine.
    pub fn overlay_root(&self) -> Option<std::path::PathBuf> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Info {
            #[serde(default)]
            driver: String,
            #[serde(default)]
            docker_root_dir: String,
        }
        // An engine that does not answer this is asked for an export, which names the reason.
        let info: Info = self.client.get("/info").ok()?;
        let known = info.driver == "overlay2" || info.driver == "overlay";
        (known && !info.docker_root_dir.is_empty()).then(|| info.docker_root_dir.into())
    }

    /// Loads a docker archive.
    ///
    /// # Errors
    /// When the archive does not read or the engine refuses it; the engine reports that inside a successful answer.
    pub fn load(&self, tar: &mut dyn Read) -> Result<Vec<LoadedImage>, EngineError> {
        let path = "/images/load?quiet=1";
        let call = || format!("POST {path}");
        let response = self.client.upload(&Method::POST, path, tar)?;
        let mut loaded = Vec::new();
        for line in BufReader::new(unlimited(response)).lines() {
            let line =
                line.map_err(|source| EngineError::Transport { call: call(), source: Box::new(source) })?;
            let Ok(line) = serde_json::from_str::<LoadLine>(&line) else { continue };
            if let Some(message) = line.error {
                return Err(EngineError::Api { call: call(), status: 200, message });
            }
            let text = line.stream.unwrap_or_default();
            let name =
                ["Loaded image: ", "Loaded image ID: "].iter().find_map(|word| text.strip_prefix(word));
            loaded.extend(name.map(|name| LoadedImage { name: name.trim().to_owned() }));
        }
        Ok(loaded)
    }

    /// The docker archive of an image, as a stream.
    ///
    /// # Errors
    /// When the engine does not have the image.
    pub fn export(&self, name: &str) -> Result<impl Read + use<>, EngineError> {
        self.client.download(&format!("/images/{}/get", escape(name)), Limit::Unlimited)
    }

    /// Gives an image another name.
    ///
    /// # Errors
    /// When the engine does not have the image.
    pub fn tag(&self, image: &str, repository: &str, tag: &str) -> Result<(), EngineError> {
        let path = format!("/images/{}/tag?repo={}&tag={}", escape(image), escape(repository), escape(tag));
        self.client.post_empty(&path, Limit::Ordinary)
    }

    /// Removes a name of an image, and the image with its last name. One that is gone already is no error.
    ///
    /// # Errors
    /// When a container uses it.
    pub fn remove_image(&self, name: &str) -> Result<(), EngineError> {
        match self.client.delete(&format!("/images/{}", escape(name))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
