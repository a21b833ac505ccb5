//! Commands run inside a container, as health checks are. They run also while the container's main process is stopped by
//! a signal.

use crate::client::{Limit, is_timeout, unlimited};
use crate::frames::{Split, split};
use crate::{Container, EngineError};
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};

/// A command to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecSpec {
    /// The command.
    pub argv: Vec<String>,
    /// Another user than the container's.
    pub user: Option<String>,
    /// Further variables.
    pub env: Vec<String>,
    /// Another directory than the container's.
    pub working_dir: Option<String>,
    /// The longest it may take.
    pub timeout: Duration,
    /// How many bytes of each stream are kept; 0 for a megabyte.
    pub limit: usize,
}

/// What a command did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOutput {
    /// Its exit code; absent where it was still running at the time limit. 126 and 127 mean it could not be started.
    pub exit_code: Option<i64>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// Whether it took too long. It may still run: the API has no way to end it.
    pub timed_out: bool,
    /// Wall time in milliseconds, the engine's share included.
    pub ms: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    running: bool,
    exit_code: Option<i64>,
}

impl Container {
    /// Runs a command to its end or to its time limit.
    ///
    /// # Errors
    /// When the container does not run or the connection breaks. A command that fails or does not exist is no error.
    pub fn exec(&self, spec: &ExecSpec) -> Result<ExecOutput, EngineError> {
        let started = Instant::now();
        let client = &self.engine().client;
        let mut body = json!({
            "AttachStdout": true,
            "AttachStderr": true,
            "Cmd": spec.argv,
            "Env": spec.env,
        });
        if let Some(user) = &spec.user {
            body["User"] = json!(user);
        }
        if let Some(directory) = &spec.working_dir {
            body["WorkingDir"] = json!(directory);
        }
        let created: Created = client.post(&format!("/containers/{}/exec", self.id()), &body)?;
        let path = format!("/exec/{}/start", created.id);
        let mut output = ExecOutput::default();
        let mut seen = Split::default();
        let limit = if spec.limit == 0 { 1 << 20 } else { spec.limit };
        match client.post_raw(&path, &json!({ "Detach": false, "Tty": false }), Limit::Whole(spec.timeout)) {
            Ok(response) => match split(unlimited(response), limit, &mut seen) {
                Ok(()) => {}
                Err(error) if is_timeout(&error) => output.timed_out = true,
                Err(source) => {
                    let call = format!("POST {path}");
                    return Err(EngineError::Transport { call, source: Box::new(source) });
                }
            },
            Err(EngineError::Timeout { .. }) => output.timed_out = true,
            // The engine reports a command that cannot be started as its own failure; the exit code below says it better.
            Err(EngineError::Api { message, status: 400, .. }) => seen.stderr = message.into_bytes(),
            Err(error) => return Err(error),
        }
        let inspected: Inspected = client.get(&format!("/exec/{}/json", created.id))?;
        output.exit_code = inspected.exit_code.filter(|_| !inspected.running);
        output.stdout = seen.stdout;
        output.stderr = seen.stderr;
        output.ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(output)
    }
}
