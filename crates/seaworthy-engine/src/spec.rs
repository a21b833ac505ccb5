//! What a container is made from, and how the engine's API spells it.

use seaworthy_oci::Healthcheck;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file or directory of the engine's machine put into the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Path on the engine's machine.
    pub source: PathBuf,
    /// Path in the container.
    pub target: String,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// How the container is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NetworkMode {
    /// Only its own loopback interface.
    #[default]
    None,
    /// The engine's default bridge.
    Bridge,
    /// A network by name or id, and the names the container has in it.
    Named {
        /// The network.
        network: String,
        /// The container's names.
        aliases: Vec<String>,
    },
    /// The network of another container.
    Container(String),
}

/// What becomes of the image's health check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HealthOverride {
    /// It runs as the image says.
    #[default]
    Image,
    /// It does not run, so that the trial can run its command itself.
    Off,
    /// Another one.
    Other(Healthcheck),
}

/// A container to make. The default is an image as it is, without a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Image by name or id.
    pub image: String,
    /// The run's id, the value of [`crate::RUN_LABEL`].
    pub run: String,
    /// Replaces the entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the arguments.
    pub cmd: Option<Vec<String>>,
    /// Variables beside the image's.
    pub env: BTreeMap<String, String>,
    /// Variables of the image that are taken away (an entry without `=`, as the API documents it).
    pub without: Vec<String>,
    /// Replaces the user.
    pub user: Option<String>,
    /// Supplementary groups beside those the engine finds by itself.
    pub groups: Vec<u32>,
    /// Replaces the working directory.
    pub working_dir: Option<String>,
    /// Whether the root file system is read-only.
    pub read_only: bool,
    /// Capabilities taken away, as in `ALL`.
    pub cap_drop: Vec<String>,
    /// Capabilities added, as in `NET_BIND_SERVICE`.
    pub cap_add: Vec<String>,
    /// Whether privileges cannot be gained by set-user-id programs.
    pub no_new_privileges: bool,
    /// Temporary file systems: path → mount options, as in `size=16m,mode=1777`.
    pub tmpfs: BTreeMap<String, String>,
    /// Files and directories of the engine's machine.
    pub binds: Vec<Bind>,
    /// Directories that get a volume of their own, removed with the container.
    pub volumes: Vec<String>,
    /// Volumes with a name, which stay when the container goes: name → path. Made, and filled from the image, at first use.
    pub kept_volumes: BTreeMap<String, String>,
    /// Settings of the kernel in the container's namespaces.
    pub sysctls: BTreeMap<String, String>,
    /// Name servers in place of the engine's own choice.
    pub dns: Vec<String>,
    /// Memory limit in bytes; swap is limited to the same, that is, forbidden.
    pub memory: Option<u64>,
    /// Limit of processes and threads.
    pub pids: Option<u64>,
    /// The network.
    pub network: NetworkMode,
    /// TCP ports to publish on a free port of 127.0.0.1; needs a network.
    pub publish: Vec<u16>,
    /// The health check.
    pub health: HealthOverride,
    /// Further labels.
    pub labels: BTreeMap<String, String>,
}

impl ContainerSpec {
    /// The body of `POST /containers/create`.
    pub(crate) fn body(&self) -> Value {
        let mut labels = self.labels.clone();
        labels.insert(crate::RUN_LABEL.to_owned(), self.run.clone());
        let volumes = self.volumes.iter().map(|path| json!({ "Type": "volume", "Target": path }));
        let kept = self.kept_volumes.iter().map(|(name, path)| {
            json!({
                "Type": "volume",
                "Source": name,
                "Target": path,
                "VolumeOptions": { "Labels": { crate::RUN_LABEL: self.run } },
            })
        });
        let mounts: Vec<Value> = self
            .binds
            .iter()
            .map(|bind| {
                json!({
                    "Type": "bind",
                    "Source": bind.source.to_string_lossy(),
                    "Target": bind.target,
                    "ReadOnly": bind.read_only,
                })
            })
            .chain(volumes)
            .chain(kept)
            .collect();
        let security = if self.no_new_privileges { vec!["no-new-privileges"] } else { Vec::new() };
        let published: Map<String, Value> = self
            .publish
            .iter()
            .map(|port| (format!("{port}/tcp"), json!([{ "HostIp": "127.0.0.1", "HostPort": "" }])))
            .collect();
        let exposed: Map<String, Value> = published.keys().map(|port| (port.clone(), json!({}))).collect();
        let groups: Vec<String> = self.groups.iter().map(u32::to_string).collect();
        let mut host = json!({
            "GroupAdd": groups,
            "ReadonlyRootfs": self.read_only,
            "CapDrop": self.cap_drop,
            "CapAdd": self.cap_add,
            "SecurityOpt": security,
            "Tmpfs": self.tmpfs,
            "Mounts": mounts,
            "NetworkMode": self.network.name(),
            "PortBindings": published,
            // Logs must be readable back, whatever the engine's default driver is.
            // One that writes without end must not fill the engine's disk.
            "LogConfig": { "Type": "json-file", "Config": { "max-size": "64m", "max-file": "1" } },
        });
        if !self.sysctls.is_empty() {
            host["Sysctls"] = json!(self.sysctls);
        }
        if !self.dns.is_empty() {
            host["Dns"] = json!(self.dns);
        }
        if let Some(memory) = self.memory {
            host["Memory"] = json!(memory);
            host["MemorySwap"] = json!(memory);
        }
        if let Some(pids) = self.pids {
            host["PidsLimit"] = json!(pids);
        }
        let mut env: Vec<String> = self.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        env.extend(self.without.iter().cloned());
        let mut body = json!({
            "Image": self.image,
            "Env": env,
            "Labels": labels,
            "ExposedPorts": exposed,
            "HostConfig": host,
        });
        if let Some(entrypoint) = &self.entrypoint {
            body["Entrypoint"] = json!(entrypoint);
        }
        if let Some(cmd) = &self.cmd {
            body["Cmd"] = json!(cmd);
        }
        if let Some(user) = &self.user {
            body["User"] = json!(user);
        }
        if let Some(directory) = &self.working_dir {
            body["WorkingDir"] = json!(directory);
        }
        match &self.health {
            HealthOverride::Image => {}
            HealthOverride::Off => body["Healthcheck"] = json!({ "Test": ["NONE"] }),
            HealthOverride::Other(check) => body["Healthcheck"] = json!(check),
        }
        if let NetworkMode::Named { network, aliases } = &self.network {
            body["NetworkingConfig"] = json!({ "EndpointsConfig": { network: { "Aliases": aliases } } });
        }
        body
    }
}

impl NetworkMode {
    fn name(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Bridge => "bridge".to_owned(),
            Self::Named { network, .. } => network.clone(),
            Self::Container(id) => format!("container:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_spells_what_was_asked() {
        let spec = ContainerSpec {
            image: "x".to_owned(),
            run: "r1".to_owned(),
            env: BTreeMap::from([("A".to_owned(), "b=c".to_owned())]),
            memory: Some(1 << 20),
            health: HealthOverride::Off,
            no_new_privileges: true,
            ..ContainerSpec::default()
        };
        let body = spec.body();
        assert_eq!(body["Env"], json!(["A=b=c"]));
        assert_eq!(body["Labels"], json!({ "seaworthy.run": "r1" }));
        assert_eq!(body["HostConfig"]["NetworkMode"], "none");
        assert_eq!(body["HostConfig"]["MemorySwap"], 1 << 20);
        assert_eq!(body["Healthcheck"]["Test"], json!(["NONE"]));
        // An absent override must be absent, or the engine would clear the image's own value.
        assert!(body.get("Entrypoint").is_none() && body.get("Cmd").is_none() && body.get("User").is_none());
    }
}
