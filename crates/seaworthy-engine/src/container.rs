//! Containers: make, start, look at, signal, wait, read, remove.

use crate::client::{Limit, escape, is_timeout};
use crate::frames::{Split, split};
use crate::{ContainerSpec, Engine, EngineError, ErrorKind, RUN_LABEL};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use ureq::http::Method;

/// A container that is removed, with its volumes, when this value is dropped.
#[derive(Debug)]
pub struct Container {
    engine: Engine,
    id: String,
    /// Whether the drop removes it.
    owned: bool,
}

/// What state a container is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerState {
    /// Whether its main process runs (also when stopped by a signal or paused).
    pub running: bool,
    /// Whether the engine froze it.
    pub paused: bool,
    /// Id of its main process on the engine's machine; 0 when it does not run.
    pub pid: u32,
    /// Exit code of the last run; 0 before the first.
    pub exit_code: i64,
    /// Whether the kernel killed it for want of memory.
    pub oom_killed: bool,
    /// Why it could not be started, in the engine's words.
    pub error: String,
    /// When it was started, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    pub finished_at: String,
    /// Health, where a check runs.
    pub health: Option<HealthState>,
    /// Addresses by network.
    pub addresses: BTreeMap<String, String>,
    /// Published ports: container's port, as in `8080/tcp` → port on 127.0.0.1.
    pub published: BTreeMap<String, u16>,
}

/// Health as the engine sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthState {
    /// `starting`, `healthy` or `unhealthy`.
    pub status: String,
    /// Failures in a row.
    pub failing_streak: u64,
    /// Exit code and output of the last probes, oldest first.
    pub probes: Vec<(i64, String)>,
}

/// Both output streams of a container so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Whether bytes beyond the limit were dropped.
    pub truncated: bool,
}

/// What happened to a path of the container's writable layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Its content or attributes.
    Modified,
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
}

/// A change against the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Absolute path in the container.
    pub path: String,
    /// What happened.
    pub kind: ChangeKind,
}

/// What a path of a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathEntry {
    /// Whether it is a directory.
    pub directory: bool,
    /// Size of a file in bytes; 0 for anything else.
    pub size: u64,
}

/// Memory of a container, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// Memory in use without the file cache that can be dropped at once, as `docker stats` shows it.
    pub used: u64,
    /// Greatest use so far, where the engine counts it (control groups version 1).
    pub peak: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

/// A container found by its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedContainer {
    /// Its id.
    pub id: String,
    /// Its image as it was named.
    pub image: String,
    /// `created`, `running`, `exited` and so on.
    pub state: String,
    /// The run that made it.
    pub run: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WaitAnswer {
    status_code: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    #[serde(default)]
    image: String,
    #[serde(default)]
    state: String,
    #[serde(default, deserialize_with = "null_map")]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    created: Value,
}

fn null_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Engine {
    /// Makes a container without starting it. The guard removes it, however the run ends.
    ///
    /// # Errors
    /// When the image is absent or the engine refuses the specification.
    pub fn create_container(&self, spec: &ContainerSpec) -> Result<Container, EngineError> {
        let mut body = spec.body();
        if self.is_local() && self.info().name == "Podman" {
            body["HostConfig"]["Ulimits"] = Value::from(crate::limits::podman_ulimits());
        }
        let created: Created = self.client.post("/containers/create", &body)?;
        Ok(Container { engine: self.clone(), id: created.id, owned: true })
    }

    /// Containers that carry [`RUN_LABEL`], of this run or any other.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub fn leftover_containers(&self) -> Result<Vec<ListedContainer>, EngineError> {
        let filter = escape(&json!({ "label": [RUN_LABEL] }).to_string());
        let listed: Vec<Listed> = self.client.get(&format!("/containers/json?all=1&filters={filter}"))?;
        let read = |mut one: Listed| ListedContainer {
            run: one.labels.remove(RUN_LABEL).unwrap_or_default(),
            created: one.created.as_i64().unwrap_or(0),
            id: one.id,
            image: one.image,
            state: one.state,
        };
        Ok(listed.into_iter().map(read).collect())
    }

    /// Removes a container with its volumes, running or not. One that is gone already is no error.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        match self.client.delete(&format!("/containers/{}?force=1&v=1", escape(id))) {
            // 409: another removal is under way.
            Err(EngineError::Api { status: 404 | 409, .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A run id: sixteen random hexadecimal characters.
    pub fn new_run_id() -> String {
        // Without a random source an id that is merely unlikely to repeat must do.
        let number = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
        format!("{number:016x}")
    }
}

impl Container {
    /// The engine's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The engine it is in.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    fn path(&self, rest: &str) -> String {
        format!("/containers/{}{rest}", self.id)
    }

    /// Starts the main process.
    ///
    /// # Errors
    /// When it cannot be started: the command does not exist, a mount fails. The message is the engine's.
    pub fn start(&self) -> Result<(), EngineError> {
        self.engine.client.post_empty(&self.path("/start"), Limit::Ordinary)
    }

    /// The state now.
    ///
    /// # Errors
    /// When the container is gone.
    pub fn state(&self) -> Result<ContainerState, EngineError> {
        let answer: Value = self.engine.client.get(&self.path("/json"))?;
        Ok(read_state(&answer))
    }

    /// Id of the main process, where it runs under this kernel and can be seen: its `/proc/PID/ns/net` can then be entered
    /// by root. Absent for remote engines and virtual machines.
    ///
    /// # Errors
    /// When the container is gone.
    pub fn local_pid(&self) -> Result<Option<u32>, EngineError> {
        let pid = self.state()?.pid;
        if pid == 0 || !self.engine.is_local() {
            return Ok(None);
        }
        // In a virtual machine the number belongs to another kernel: here it names nothing, or an unrelated process. The
        // control groups of the right one contain the container's id.
        let groups = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("cgroup"));
        Ok(groups.is_ok_and(|text| text.contains(&self.id)).then_some(pid))
    }

    /// Sends a signal by name, as in `SIGTERM`; false when the main process does not run any more.
    ///
    /// # Errors
    /// When the engine does not know the signal.
    pub fn kill(&self, signal: &str) -> Result<bool, EngineError> {
        let path = self.path(&format!("/kill?signal={}", escape(signal)));
        match self.engine.client.post_empty(&path, Limit::Ordinary) {
            Ok(()) => Ok(true),
            Err(EngineError::Api { status: 409, .. }) => Ok(false),
            // Podman's word for the same.
            Err(EngineError::Api { message, .. }) if message.contains("can only kill running") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits for the main process to end and gives its exit code; nothing when it still runs after `timeout`.
    ///
    /// # Errors
    /// When the container is gone.
    pub fn wait(&self, timeout: Duration) -> Result<Option<i64>, EngineError> {
        let path = self.path("/wait?condition=not-running");
        let response = match self.engine.client.send(&Method::POST, &path, "", None, Limit::Whole(timeout)) {
            Ok(response) => response,
            Err(EngineError::Timeout { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        // The engine sends its headers at once and the body when the process ends.
        let mut text = String::new();
        let mut reader = response.into_body().into_with_config().limit(1 << 20).reader();
        match reader.read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if is_timeout(&error) => return Ok(None),
            Err(source) => {
                return Err(EngineError::Transport {
                    call: format!("POST {path}"),
                    source: Box::new(source),
                });
            }
        }
        let answer: WaitAnswer = serde_json::from_str(&text).map_err(|error| EngineError::Answer {
            call: format!("POST {path}"),
            problem: error.to_string(),
        })?;
        Ok(Some(answer.status_code))
    }

    /// Both output streams so far, at most `limit` bytes of each.
    ///
    /// # Errors
    /// When the container is gone or the connection breaks.
    pub fn logs(&self, limit: usize) -> Result<Logs, EngineError> {
        let path = self.path("/logs?stdout=1&stderr=1");
        let reader = self.engine.client.download(&path, Limit::Ordinary)?;
        let mut seen = Split::default();
        split(reader, limit, &mut seen).map_err(|source| EngineError::Transport {
            call: format!("GET {path}"),
            source: Box::new(source),
        })?;
        Ok(Logs { stdout: seen.stdout, stderr: seen.stderr, truncated: seen.truncated })
    }

    /// What differs from the image in the writable layer.
    ///
    /// # Errors
    /// When the container is gone.
    pub fn changes(&self) -> Result<Vec<Change>, EngineError> {
        // Docker answers `null` where nothing changed.
        let answer: Option<Vec<Value>> = self.engine.client.get(&self.path("/changes"))?;
        let read = |value: &Value| {
            let kind = match value["Kind"].as_u64() {
                Some(1) => ChangeKind::Added,
                Some(2) => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            };
            Some(Change { path: value["Path"].as_str()?.to_owned(), kind })
        };
        Ok(answer.unwrap_or_default().iter().filter_map(read).collect())
    }

    /// Memory now; absent when it does not run.
    ///
    /// # Errors
    /// When the container is gone.
    pub fn memory(&self) -> Result<Option<MemoryStats>, EngineError> {
        let answer: Value = match self.engine.client.get(&self.path("/stats?stream=false&one-shot=true")) {
            // Podman answers nothing at all for a container that does not run.
            Err(EngineError::Answer { .. }) if !self.state()?.running => return Ok(None),
            other => other?,
        };
        let memory = &answer["memory_stats"];
        let Some(usage) = memory["usage"].as_u64() else { return Ok(None) };
        let cache = &memory["stats"];
        let inactive = cache["total_inactive_file"].as_u64().or_else(|| cache["inactive_file"].as_u64());
        Ok(Some(MemoryStats {
            used: usage.saturating_sub(inactive.unwrap_or(0)),
            peak: memory["max_usage"].as_u64().filter(|peak| *peak > 0),
            pids: answer["pids_stats"]["current"].as_u64(),
        }))
    }

    /// A tar stream of a path in the container.
    ///
    /// # Errors
    /// When the path does not exist.
    pub fn archive(&self, path: &str) -> Result<impl Read + use<>, EngineError> {
        self.engine.client.download(&self.path(&format!("/archive?path={}", escape(path))), Limit::Unlimited)
    }

    /// The first `limit` bytes of a file in the container; absent where there is none. A link is not followed.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn read_file(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, EngineError> {
        let reader = match self.archive(path) {
            Ok(reader) => reader,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let broke = |source: std::io::Error| EngineError::Transport {
            call: format!("GET {}", self.path("/archive")),
            source: Box::new(source),
        };
        let mut archive = tar::Archive::new(reader);
        let mut entries = archive.entries().map_err(broke)?;
        let Some(entry) = entries.next() else { return Ok(None) };
        let entry = entry.map_err(broke)?;
        if !entry.header().entry_type().is_file() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        entry.take(limit).read_to_end(&mut bytes).map_err(broke)?;
        Ok(Some(bytes))
    }

    /// What a path in the container is; absent where there is nothing. A link is not followed.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn entry(&self, path: &str) -> Result<Option<PathEntry>, EngineError> {
        let reader = match self.archive(path) {
            Ok(reader) => reader,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let broke = |source: std::io::Error| EngineError::Transport {
            call: format!("GET {}", self.path("/archive")),
            source: Box::new(source),
        };
        // The first header says it all; the rest of the stream, which may be a whole tree, is not read.
        let mut archive = tar::Archive::new(reader);
        let Some(first) = archive.entries().map_err(broke)?.next() else { return Ok(None) };
        let first = first.map_err(broke)?;
        let kind = first.header().entry_type();
        Ok(Some(PathEntry { directory: kind.is_dir(), size: if kind.is_file() { first.size() } else { 0 } }))
    }

    /// Unpacks a tar stream below a directory of the container, with the owners and modes the stream says. The engine
    /// refuses it for a container whose root is read-only.
    ///
    /// # Errors
    /// When the directory does not exist or the engine refuses.
    pub fn put_archive(&self, directory: &str, tar: &mut dyn Read) -> Result<(), EngineError> {
        let path = self.path(&format!("/archive?path={}", escape(directory)));
        self.engine.client.upload(&Method::PUT, &path, tar).map(drop)
    }

    /// Removes it now and says whether that worked.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn remove(mut self) -> Result<(), EngineError> {
        self.owned = false;
        self.engine.remove_container(&self.id)
    }

    /// Leaves it behind, for a user who asked to look at it. Returns its id.
    pub fn keep(mut self) -> String {
        self.owned = false;
        self.id.clone()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if self.owned {
            // Nobody is left to hear of it; `leftover_containers` finds what stays.
            let _ = self.engine.remove_container(&self.id);
        }
    }
}

fn read_state(answer: &Value) -> ContainerState {
    let state = &answer["State"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let health = &state["Health"];
    let probe = |value: &Value| (value["ExitCode"].as_i64().unwrap_or(-1), text(&value["Output"]));
    let networks = answer["NetworkSettings"]["Networks"].as_object();
    let ports = answer["NetworkSettings"]["Ports"].as_object();
    ContainerState {
        running: state["Running"].as_bool().unwrap_or(false),
        paused: state["Paused"].as_bool().unwrap_or(false),
        pid: state["Pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
        exit_code: state["ExitCode"].as_i64().unwrap_or(0),
        oom_killed: state["OOMKilled"].as_bool().unwrap_or(false),
        error: text(&state["Error"]),
        started_at: text(&state["StartedAt"]),
        finished_at: text(&state["FinishedAt"]),
        health: health["Status"].as_str().filter(|status| *status != "none" && !status.is_empty()).map(
            |status| HealthState {
                status: status.to_owned(),
                failing_streak: health["FailingStreak"].as_u64().unwrap_or(0),
                probes: health["Log"].as_array().into_iter().flatten().map(probe).collect(),
            },
        ),
        addresses: networks
            .into_iter()
            .flatten()
            .filter_map(|(name, network)| {
                let address = network["IPAddress"].as_str().filter(|address| !address.is_empty())?;
                Some((name.clone(), address.to_owned()))
            })
            .collect(),
        published: ports
            .into_iter()
            .flatten()
            .filter_map(|(port, bindings)| {
                let host = bindings.as_array()?.first()?["HostPort"].as_str()?;
                Some((port.clone(), host.parse().ok()?))
            })
            .collect(),
    }
}
