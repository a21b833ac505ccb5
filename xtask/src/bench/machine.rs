//! On what the figures were measured, and what does not depend on it: sizes.

use std::path::Path;

use serde_json::{Value, json};

/// The machine, the binary and the programs beside it.
pub(crate) struct Header {
    cores: usize,
    processor: String,
    memory: String,
    kernel: String,
    load: String,
    binary: u64,
    packages: usize,
    version: String,
    programs: Vec<(&'static str, String)>,
}

impl Header {
    /// Reads everything; what cannot be read is `unknown`.
    pub(crate) fn read(binary: &Path, workspace: &Path) -> Self {
        let lock = std::fs::read_to_string(workspace.join("Cargo.lock")).unwrap_or_default();
        let out = std::process::Command::new(binary).arg("--version").output();
        let version = out.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: field("/proc/cpuinfo", "model name"),
            memory: field("/proc/meminfo", "MemTotal"),
            kernel: text("/proc/sys/kernel/osrelease"),
            load: load(),
            binary: binary.metadata().map_or(0, |data| data.len()),
            packages: lock.matches("[[package]]").count(),
            version: version.unwrap_or_else(|_| "unknown".to_owned()),
            programs: super::peers::versions(),
        }
    }

    /// As lines of Markdown.
    pub(crate) fn markdown(&self) -> String {
        let programs: Vec<String> =
            self.programs.iter().map(|(name, version)| format!("{name} {version}")).collect();
        #[expect(clippy::cast_precision_loss, reason = "the size of a program is far below 2^52")]
        let megabytes = self.binary as f64 / 1e6;
        format!(
            "- machine: {} cores, {}, {} memory, Linux {}, load average {} at the start\n\
             - {}: {megabytes:.2} MB (budget 15 MB), {} packages in Cargo.lock (budget 250)\n\
             - beside it: {}\n",
            self.cores,
            self.processor,
            self.memory,
            self.kernel,
            self.load,
            self.version,
            self.packages,
            programs.join(", ")
        )
    }

    /// As one JSON object.
    pub(crate) fn json(&self) -> Value {
        let programs: serde_json::Map<String, Value> =
            self.programs.iter().map(|(name, version)| ((*name).to_owned(), json!(version))).collect();
        json!({
            "cores": self.cores, "processor": self.processor, "memory": self.memory, "kernel": self.kernel,
            "load": self.load, "version": self.version, "binary_bytes": self.binary,
            "packages": self.packages, "programs": programs,
        })
    }
}

/// The load averages of 1, 5 and 15 minutes.
pub(crate) fn load() -> String {
    text("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(path).map_or("unknown".to_owned(), |text| text.trim().to_owned())
}

/// The value of the first `name: value` line.
fn field(path: &str, name: &str) -> String {
    let text = text(path);
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .find(|(key, _)| key.trim() == name)
        .map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
}
