//! What a booted container did. Times are in milliseconds.

use crate::Observed;
use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Exit status, where it exited.
    pub code: Option<i32>,
    /// Signal, where one ended it.
    pub signal: Option<i32>,
    /// Whether the kernel killed it for memory.
    pub oom_killed: bool,
}

impl Exit {
    /// The number a container engine shows: the status, or 128 + the signal.
    pub fn status(self) -> i32 {
        self.code.unwrap_or_else(|| 128 + self.signal.unwrap_or(0))
    }
}

/// One boot: under which conditions, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Whether it became ready.
    pub ready: bool,
    /// How it ended on its own, where it did.
    pub exit: Option<Exit>,
    /// Time to ready, to its own end, or to giving up.
    pub ms: u64,
    /// Last lines of its output, secrets redacted.
    pub log_tail: Vec<String>,
    /// What explains a failure, found by looking at the image and the run: such as an unreadable file.
    pub diagnosis: Vec<String>,
}

/// The main boot: hardened, until ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyFacts {
    /// The boot.
    pub boot: Boot,
    /// The probe, such as `GET :8080/healthz`.
    pub probe: String,
    /// Where the probe comes from: `seaworthy.toml`, `HEALTHCHECK`, `EXPOSE`.
    pub probe_source: String,
    /// Number of probes.
    pub attempts: u32,
    /// The last answer: a status or an error.
    pub last_answer: String,
}

/// How it stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopFacts {
    /// The signal sent, such as `SIGTERM`.
    pub signal: String,
    /// How it ended.
    pub exit: Exit,
    /// Time from the signal to the end.
    pub ms: u64,
    /// The grace it was given.
    pub grace_ms: u64,
    /// Whether SIGKILL was needed.
    pub forced: bool,
    /// Whether PID 1 had a handler for the signal before it was sent, by its caught-signal mask.
    pub handler: Option<bool>,
    /// PID 1's command line.
    pub pid1: String,
    /// Why it will or did not stop, such as a shell as PID 1.
    pub diagnosis: Vec<String>,
    /// Whether it had ended by itself before the signal came.
    #[serde(default)]
    pub early: bool,
}

/// A request that was under way when the stop signal came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// The request, such as `POST /v1/passwords`.
    pub request: String,
    /// The answer's status, where one came.
    pub status: Option<u16>,
    /// Why no answer came.
    pub error: Option<String>,
    /// Time from the signal to the answer.
    pub ms: u64,
}

/// A boot without one required variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingVariable {
    /// The variable that was left out.
    pub name: String,
    /// Who says it is required: `seaworthy.toml` or the document and its line.
    pub required_by: String,
    /// The boot.
    pub boot: Boot,
    /// Whether the output names the variable.
    pub named: bool,
    /// Longest time a refusal may take.
    pub limit_ms: u64,
}

/// A path the service wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteFact {
    /// The path.
    pub path: String,
    /// `created`, `modified` or `deleted`.
    pub kind: String,
    /// Size in bytes.
    pub size: u64,
    /// Whether a declared volume or temporary file system covers it.
    pub covered: bool,
}

/// Privileges of PID 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityFacts {
    /// Effective user.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// Names of the capabilities in the bounding set.
    pub bounding: Vec<String>,
    /// Names of the effective capabilities.
    pub effective: Vec<String>,
    /// Whether no-new-privileges is set.
    pub no_new_privileges: bool,
    /// Whether a seccomp filter is in force.
    pub seccomp: bool,
}

/// A listening socket.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SocketFact {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Whether only the container itself can reach it.
    pub loopback: bool,
}

/// What was written to the logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFacts {
    /// Lines on standard output.
    pub stdout_lines: u64,
    /// Lines on standard error.
    pub stderr_lines: u64,
    /// Lines in which a secret of the run or a generated value stood: what it was and the redacted line.
    pub leaks: Vec<String>,
    /// Files that look like logs and grew.
    pub log_files: Vec<String>,
    /// Whether more was logged than was read.
    #[serde(default)]
    pub truncated: bool,
}

/// How the declared health check behaved, driven by Seaworthy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthFacts {
    /// The command.
    pub command: String,
    /// Whether it turned healthy.
    pub healthy: bool,
    /// Time from boot to healthy.
    pub healthy_ms: u64,
    /// The declared start period.
    pub start_period_ms: u64,
    /// Whether it turned unhealthy while the service was stopped by SIGSTOP.
    pub unhealthy_when_stopped: Option<bool>,
    /// Exit status of the last probe while running.
    pub last_status: Option<i32>,
    /// Output of that probe, shortened.
    pub last_output: String,
    /// What explains a failure.
    pub diagnosis: Vec<String>,
}

/// One configured request and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResult {
    /// The request.
    pub request: String,
    /// The status that came back.
    pub status: Option<u16>,
    /// What was expected and not met; empty when all was.
    pub failures: Vec<String>,
}

/// One configured command inside the container and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// The command.
    pub command: String,
    /// Its exit status, where it ended by itself.
    pub status: Option<i32>,
    /// The beginning of its output, secrets redacted.
    pub output: String,
    /// What was expected and not met; empty when all was.
    pub failures: Vec<String>,
}

/// Everything observed in the boots of one image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// `sandbox` or `docker`, with its version.
    pub engine: String,
    /// Why results are less faithful than on a full engine; empty when they are not.
    pub reduced_fidelity: Vec<String>,
    /// The hardening the main boot ran under, in words.
    pub hardening: Vec<String>,
    /// The main boot.
    pub ready: Observed<ReadyFacts>,
    /// Privileges of PID 1.
    pub privileges: Observed<CapabilityFacts>,
    /// Listening sockets.
    pub sockets: Observed<Vec<SocketFact>>,
    /// The health check.
    pub health: Observed<HealthFacts>,
    /// How it stopped.
    pub stop: Observed<StopFacts>,
    /// The request under way at the stop.
    pub drain: Observed<Drain>,
    /// Boots without one required variable each.
    pub missing: Observed<Vec<MissingVariable>>,
    /// A boot without any network.
    pub offline: Observed<Boot>,
    /// A boot with a read-only root and the declared temporary file systems.
    pub read_only: Observed<Boot>,
    /// What it wrote on a writable root.
    pub writes: Observed<Vec<WriteFact>>,
    /// What it logged.
    pub logs: Observed<LogFacts>,
    /// Configured requests.
    pub http: Observed<Vec<HttpResult>>,
    /// Configured commands inside the container.
    #[serde(default)]
    pub commands: Observed<Vec<CommandResult>>,
    /// Peak memory in bytes.
    pub memory_peak: Option<u64>,
    /// Wall time of the whole trial.
    pub ms: u64,
}

impl RunFacts {
    /// The facts of a trial that could not be made, with the reason.
    pub fn nothing_ran(why: &str) -> Self {
        let mut facts = Self { engine: "none".to_owned(), ..Self::default() };
        facts.not_run(why);
        facts
    }

    /// Marks everything as not run.
    pub fn not_run(&mut self, why: &str) {
        self.ready = Observed::NotRun(why.to_owned());
        self.offline = Observed::NotRun(why.to_owned());
        self.read_only = Observed::NotRun(why.to_owned());
        self.not_run_after_ready(why);
    }

    /// Marks everything as not run that is looked at once the service is ready.
    pub fn not_run_after_ready(&mut self, why: &str) {
        self.privileges = Observed::NotRun(why.to_owned());
        self.sockets = Observed::NotRun(why.to_owned());
        self.health = Observed::NotRun(why.to_owned());
        self.stop = Observed::NotRun(why.to_owned());
        self.drain = Observed::NotRun(why.to_owned());
        self.missing = Observed::NotRun(why.to_owned());
        self.writes = Observed::NotRun(why.to_owned());
        self.logs = Observed::NotRun(why.to_owned());
        self.http = Observed::NotRun(why.to_owned());
        self.commands = Observed::NotRun(why.to_owned());
    }
}
