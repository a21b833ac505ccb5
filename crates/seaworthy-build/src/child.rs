//! Runs a program, hands on what it prints line by line, and never leaves it behind.

use crate::BuildError;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How often a running child is asked whether the user wants to stop.
const POLL: Duration = Duration::from_millis(50);

/// How long the pipes of a child that is gone may stay open without a word.
const SILENCE: Duration = Duration::from_millis(300);

/// A line and where it was printed.
pub(crate) enum Line {
    Out(String),
    Err(String),
}

/// Kills and reaps the child unless it was waited for.
struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // Its own children, such as cargo's compilers, are of its group. All of it fails only where they are gone.
            if let Some(group) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs `command` to its end and gives every line it prints to `each`.
///
/// The child leads a process group of its own: when `cancelled` is set it ends with all its children, which a signal to
/// the child alone would leave running.
pub(crate) fn run(
    mut command: Command,
    hint: &str,
    cancelled: Option<&AtomicBool>,
    each: &mut dyn FnMut(Line),
) -> Result<ExitStatus, BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0);
    // The password of the signing key is nothing that a build script should read.
    command.env_remove("COSIGN_PASSWORD");
    let mut child = command.spawn().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            BuildError::ProgramMissing { program: program.clone(), hint: hint.to_owned() }
        }
        _ => BuildError::Io { action: "start", path: program.clone().into(), source },
    })?;
    let (sender, lines) = mpsc::channel();
    if let Some(pipe) = child.stdout.take() {
        spawn_reader(pipe, sender.clone(), Line::Out);
    }
    if let Some(pipe) = child.stderr.take() {
        spawn_reader(pipe, sender.clone(), Line::Err);
    }
    drop(sender);
    let mut guard = Guard(Some(child));
    let failed = |source| BuildError::Io { action: "wait for", path: program.clone().into(), source };
    let mut ended: Option<Instant> = None;
    loop {
        if cancelled.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(BuildError::Cancelled);
        }
        match lines.recv_timeout(POLL) {
            Ok(line) => each(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            // A server that the child started (a compiler cache) may hold the pipes open for good. Once the child is gone,
            // silence ends the wait.
            Err(mpsc::RecvTimeoutError::Timeout) => match ended {
                Some(at) if at.elapsed() > SILENCE => break,
                Some(_) => {}
                None => {
                    let gone = guard.0.as_mut().map(Child::try_wait).transpose().map_err(failed)?;
                    ended = gone.flatten().map(|_| Instant::now());
                }
            },
        }
    }
    let mut child = guard.0.take().expect("internal error: the child is taken once");
    child.wait().map_err(failed)
}

fn spawn_reader(pipe: impl Read + Send + 'static, sender: mpsc::Sender<Line>, wrap: fn(String) -> Line) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            bytes.clear();
            if sender.send(wrap(text)).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (ExitStatus, Vec<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let mut seen = Vec::new();
        let status = run(command, "", None, &mut |line| match line {
            Line::Out(text) => seen.push(format!("out {text}")),
            Line::Err(text) => seen.push(format!("err {text}")),
        });
        (status.unwrap(), seen)
    }

    #[test]
    fn every_line_arrives_with_the_exit_code() {
        let (status, seen) = shell("echo a; sleep 0.1; echo b >&2; printf c; exit 3");
        assert_eq!(status.code(), Some(3));
        assert!(seen.contains(&"out a".to_owned()) && seen.contains(&"err b".to_owned()));
        assert!(seen.contains(&"out c".to_owned()));
    }

    #[test]
    fn a_server_left_behind_does_not_hold_us() {
        let started = Instant::now();
        let (status, seen) = shell("sleep 5 & echo started");
        assert!(status.success() && seen == ["out started"], "{seen:?}");
        assert!(started.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn an_absent_program_is_named() {
        let error = run(Command::new("/nonexistent/cargo"), "do this", None, &mut |_| {}).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::EnvironmentMissing);
        assert_eq!(error.hint(), Some("do this"));
    }
}
