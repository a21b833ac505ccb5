//! Image configurations (`image-spec` config.md; Docker's HEALTHCHECK and SHELL beside it).

use crate::object::{maybe, null_objects, object};
use crate::{Digest, Platform};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// An image configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// When the image was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Architecture by Go's name.
    #[serde(default)]
    pub architecture: String,
    /// Operating system by Go's name.
    #[serde(default)]
    pub os: String,
    /// Variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How it is run.
    #[serde(default, deserialize_with = "null_config")]
    pub config: ContainerConfig,
    /// The layers' diff ids, lowest first.
    #[serde(deserialize_with = "object")]
    pub rootfs: RootFs,
    /// How it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_objects")]
    pub history: Vec<History>,
}

impl ImageConfig {
    /// The platform it states.
    pub fn platform(&self) -> Platform {
        Platform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            os_version: None,
            variant: self.variant.clone(),
        }
    }
}

/// How a container of the image is run. Field names are Docker's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContainerConfig {
    /// `user`, `uid`, `user:group` or `uid:gid`; empty means root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Ports, as in `8080/tcp`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_map")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
    /// `NAME=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_list")]
    pub env: Vec<String>,
    /// The entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_list")]
    pub entrypoint: Vec<String>,
    /// The default arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_list")]
    pub cmd: Vec<String>,
    /// Volumes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_map")]
    pub volumes: BTreeMap<String, serde_json::Value>,
    /// Working directory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_map")]
    pub labels: BTreeMap<String, String>,
    /// The signal that asks the container to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Health check.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "maybe")]
    pub healthcheck: Option<Healthcheck>,
    /// The shell of shell-form commands.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_list")]
    pub shell: Vec<String>,
    /// Triggers for images built on this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_list")]
    pub on_build: Vec<String>,
}

/// A health check. Durations are nanoseconds, as on the wire; 0 means the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", …]`.
    #[serde(default, deserialize_with = "null_list")]
    pub test: Vec<String>,
    /// Time between probes; default 30 s.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interval: u64,
    /// Time a probe may take; default 30 s.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timeout: u64,
    /// Time in which failures do not count; default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_period: u64,
    /// Time between probes during the start period; default 5 s.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_interval: u64,
    /// Failures in a row that mean unhealthy; default 3.
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    pub retries: u32,
}

/// The layers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Digests of the unpacked layers, lowest first.
    #[serde(default, deserialize_with = "null_list")]
    pub diff_ids: Vec<Digest>,
}

/// One step of how the image was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// By which instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Free words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether the step made no layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

impl ContainerConfig {
    /// A variable's value.
    pub fn env_value(&self, name: &str) -> Option<&str> {
        self.env
            .iter()
            .find_map(|entry| entry.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    /// Entrypoint and arguments together: the process a container runs.
    pub fn argv(&self) -> Vec<String> {
        self.entrypoint.iter().chain(&self.cmd).cloned().collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero_u32(value: &u32) -> bool {
    *value == 0
}

/// Some builders write `null` for a configuration of nothing.
fn null_config<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ContainerConfig, D::Error> {
    Ok(maybe(deserializer)?.unwrap_or_default())
}

/// Docker writes `null` for an absent list.
fn null_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Docker writes `null` for an absent map.
fn null_map<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockers_nulls_read_as_empty() {
        let text = r#"{"architecture":"amd64","os":"linux","config":{"Env":null,"Labels":null,"Cmd":["a"]},"rootfs":{"type":"layers","diff_ids":null}}"#;
        let config: ImageConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.config.argv(), ["a"]);
        assert!(config.rootfs.diff_ids.is_empty());
    }

    #[test]
    fn a_list_is_no_object() {
        let text = |config: &str, rootfs: &str| {
            format!(r#"{{"architecture":"amd64","os":"linux","config":{config},"rootfs":{rootfs}}}"#)
        };
        let layers = r#"{"type":"layers","diff_ids":[]}"#;
        assert!(serde_json::from_str::<ImageConfig>(&text("{}", layers)).is_ok());
        assert!(serde_json::from_str::<ImageConfig>(&text("null", layers)).is_ok());
        assert!(serde_json::from_str::<ImageConfig>(&text("[]", layers)).is_err());
        assert!(serde_json::from_str::<ImageConfig>(&text("{}", r#"["layers",[]]"#)).is_err());
    }
}
