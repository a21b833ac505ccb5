//! Networks of a run.

use crate::client::escape;
use crate::{Engine, EngineError, ErrorKind, RUN_LABEL};
use serde::Deserialize;
use serde_json::json;

/// A network that is removed with its guard.
#[derive(Debug)]
pub struct NetworkGuard {
    engine: Engine,
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    name: String,
}

impl Engine {
    /// Makes a bridge network without a way out of the machine when `internal`.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn create_network(&self, name: &str, run: &str, internal: bool) -> Result<NetworkGuard, EngineError> {
        let body = json!({
            "Name": name,
            "Driver": "bridge",
            "Internal": internal,
            "Labels": { RUN_LABEL: run },
        });
        let created: Created = self.client.post("/networks/create", &body)?;
        Ok(NetworkGuard { engine: self.clone(), id: created.id })
    }

    /// Names and ids of networks that earlier runs left behind.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub fn leftover_networks(&self) -> Result<Vec<(String, String)>, EngineError> {
        let filter = escape(&json!({ "label": [RUN_LABEL] }).to_string());
        let listed: Vec<Listed> = self.client.get(&format!("/networks?filters={filter}"))?;
        Ok(listed.into_iter().map(|network| (network.name, network.id)).collect())
    }

    /// Removes a network by name or id. One that is gone already is no error.
    ///
    /// # Errors
    /// When a container uses it.
    pub fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        match self.client.delete(&format!("/networks/{}", escape(name))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Volumes {
    volumes: Option<Vec<ListedVolume>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedVolume {
    name: String,
    labels: Option<std::collections::BTreeMap<String, String>>,
}

impl Engine {
    /// Names of the volumes that runs made and kept, each with its run.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub fn leftover_volumes(&self) -> Result<Vec<(String, String)>, EngineError> {
        let filter = escape(&json!({ "label": [RUN_LABEL] }).to_string());
        let listed: Volumes = self.client.get(&format!("/volumes?filters={filter}"))?;
        let run = |volume: ListedVolume| Some((volume.name, volume.labels?.remove(RUN_LABEL)?));
        Ok(listed.volumes.unwrap_or_default().into_iter().filter_map(run).collect())
    }

    /// Removes a volume by name. One that is gone already is no error.
    ///
    /// # Errors
    /// When a container uses it.
    pub fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        match self.client.delete(&format!("/volumes/{}", escape(name))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl NetworkGuard {
    /// The network's id, for [`crate::NetworkMode::Named`].
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for NetworkGuard {
    fn drop(&mut self) {
        // Nobody is left to hear of it; `leftover_networks` finds what stays.
        let _ = self.engine.remove_network(&self.id);
    }
}
