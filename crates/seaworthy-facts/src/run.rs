//! What a booted container did. Times are in milliseconds.

use crate::{Observed, Verification};
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
    /// The first lines of both streams, shortened, secrets redacted.
    #[serde(default)]
    pub startup: Vec<String>,
    /// Files that look like logs and grew.
    pub log_files: Vec<String>,
    /// Whether more was logged than was read.
    #[serde(default)]
    pub truncated: bool,
    /// Lines in which a password or token stands that is no value of the run, with the value left out.
    #[serde(default)]
    pub generated: Vec<String>,
    /// Bytes on both streams; at least so many where the log was not read to its end.
    #[serde(default)]
    pub bytes: u64,
    /// Time in which they were written.
    #[serde(default)]
    pub ms: u64,
}

/// A process that has ended and that its parent does not reap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZombieFact {
    /// The kernel's short name.
    pub name: String,
    /// Its id inside the container.
    pub pid: i32,
    /// Its parent's id inside the container.
    pub parent: i32,
    /// Its parent's short name.
    pub parent_name: String,
}

/// The running service when nobody asks it anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleFacts {
    /// Processes, zombies included.
    pub processes: u32,
    /// Threads of all processes.
    pub threads: u32,
    /// Processes that stayed zombies for a while.
    pub zombies: Vec<ZombieFact>,
    /// Resident memory of all processes in bytes, shared pages counted more than once.
    pub memory: u64,
    /// Open file descriptors of all processes.
    pub descriptors: u64,
    /// Processor time its threads used or waited for while it was watched, in milliseconds.
    pub cpu_ms: u64,
    /// How long it was watched, in milliseconds.
    pub watched_ms: u64,
    /// Processes the kernel killed for want of memory although process 1 lives.
    pub oom_kills: u64,
    /// Processes and threads that were refused by the process limit.
    pub refused: u64,
    /// The process limit.
    pub process_limit: u32,
}

/// The same request many times, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadFacts {
    /// The request, such as `GET /healthz`, or `connection to port 5432`.
    pub request: String,
    /// How often it was made.
    pub sent: u32,
    /// How often it was answered.
    pub answered: u32,
    /// Why the first unanswered one got no answer.
    pub error: Option<String>,
    /// Open file descriptors before, in the middle and after.
    pub descriptors: Vec<u64>,
    /// Resident memory in bytes before, in the middle and after.
    pub memory: Vec<u64>,
}

/// Attempts to reach other machines, counted by the kernel in a network without a way out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EgressFacts {
    /// Connections and packets to addresses outside.
    pub direct: u64,
    /// Packets to the name server, which is not there.
    pub lookups: u64,
}

/// What of the forbidden the service needs to become ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityNeed {
    /// Capabilities without which it does not become ready, by name without `CAP_`; empty where none is needed.
    pub needed: Vec<String>,
    /// Whether each of them was shown to be needed.
    pub minimal: bool,
    /// Boots made to find them.
    pub boots: u32,
    /// The boot without them.
    pub without: Boot,
}

/// The temporary file systems that were found to be enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TmpfsNeed {
    /// Their paths.
    pub paths: Vec<String>,
    /// Those among them that hold files of the image, which a temporary file system hides.
    pub hiding: Vec<String>,
    /// The boot on a read-only root with them.
    pub boot: Boot,
}

/// A declared volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeFact {
    /// Where.
    pub path: String,
    /// Owner of a fresh one.
    pub uid: u32,
    /// Group of a fresh one.
    pub gid: u32,
    /// Permission bits of a fresh one.
    pub mode: u32,
    /// Whether the process may make files in a fresh one.
    pub writable: bool,
}

/// What other signals did to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalFact {
    /// What was sent, such as `SIGINT` or `SIGTERM twice`.
    pub sent: String,
    /// How it ended.
    pub exit: Exit,
    /// Time from the first signal to the end.
    pub ms: u64,
    /// Whether SIGKILL was needed.
    pub forced: bool,
}

/// A second start with the volumes of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartFacts {
    /// The volumes kept.
    pub volumes: Vec<String>,
    /// Files the first run left in them.
    pub files: u32,
    /// Files among them that were gone once the second was ready.
    pub lost: Vec<String>,
    /// The second boot.
    pub boot: Boot,
}

/// A boot with a senseless value in one variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongValue {
    /// The variable.
    pub name: String,
    /// The value it was given.
    pub value: String,
    /// What kind of value it has otherwise, such as `a number`.
    pub kind: String,
    /// The boot.
    pub boot: Boot,
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
    /// When an engine says `unhealthy` at the latest: start period and the failed probes after it. 0 where unknown.
    #[serde(default)]
    pub deadline_ms: u64,
    /// How the service ended while it was probed.
    #[serde(default)]
    pub ended: Option<Exit>,
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
    /// The service at rest.
    #[serde(default)]
    pub idle: Observed<IdleFacts>,
    /// The ready request, many times.
    #[serde(default)]
    pub load: Observed<LoadFacts>,
    /// Attempts to reach other machines.
    #[serde(default)]
    pub egress: Observed<EgressFacts>,
    /// Capabilities needed to become ready.
    #[serde(default)]
    pub capabilities: Observed<CapabilityNeed>,
    /// Temporary file systems that make a read-only root possible.
    #[serde(default)]
    pub tmpfs: Observed<TmpfsNeed>,
    /// Declared volumes.
    #[serde(default)]
    pub volumes: Observed<Vec<VolumeFact>>,
    /// A boot as a user the image does not know, in group 0.
    #[serde(default)]
    pub any_user: Observed<Boot>,
    /// Other signals than the stop signal.
    #[serde(default)]
    pub signals: Observed<Vec<SignalFact>>,
    /// A second start with the same volumes.
    #[serde(default)]
    pub restart: Observed<RestartFacts>,
    /// A second container beside the first, on the same volumes.
    #[serde(default)]
    pub replica: Observed<Boot>,
    /// Boots with a senseless value in one variable each.
    #[serde(default)]
    pub wrong: Observed<Vec<WrongValue>>,
    /// Commands that a profile had run inside the container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<CommandResult>,
    /// The checks of the profile's verification script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
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
        self.capabilities = Observed::NotRun(why.to_owned());
        self.volumes = Observed::NotRun(why.to_owned());
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
        self.idle = Observed::NotRun(why.to_owned());
        self.load = Observed::NotRun(why.to_owned());
        self.egress = Observed::NotRun(why.to_owned());
        self.tmpfs = Observed::NotRun(why.to_owned());
        self.any_user = Observed::NotRun(why.to_owned());
        self.signals = Observed::NotRun(why.to_owned());
        self.restart = Observed::NotRun(why.to_owned());
        self.replica = Observed::NotRun(why.to_owned());
        self.wrong = Observed::NotRun(why.to_owned());
    }
}
