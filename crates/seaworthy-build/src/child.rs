//! Runs a program, hands on what it prints line by line, and never leaves it behind.

use crate::BuildError;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How often a running child is asked whether the user wants to stop.
const POLL: Duration = Duration::from_millis(50);

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
    let mut child = command.spawn().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            BuildError::ProgramMissing { program: program.clone(), hint: hint.to_owned() }
        }
        _ => BuildError::Io { action: "start", path: program.clone().into(), source },
    })?;
    let (sender, lines) = mpsc::channel();
    let readers = [
        child.stdout.take().map(|pipe| spawn_reader(pipe, sender.clone(), Line::Out)),
        child.stderr.take().map(|pipe| spawn_reader(pipe, sender.clone(), Line::Err)),
    ];
    drop(sender);
    let mut guard = Guard(Some(child));
    loop {
        if cancelled.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(BuildError::Cancelled);
        }
        match lines.recv_timeout(POLL) {
            Ok(line) => each(line),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    for reader in readers.into_iter().flatten() {
        // A reader ends with its pipe and cannot panic.
        let _ = reader.join();
    }
    let mut child = guard.0.take().expect("internal error: the child is taken once");
    child.wait().map_err(BuildError::io("wait for", program))
}

fn spawn_reader(
    pipe: impl Read + Send + 'static,
    sender: mpsc::Sender<Line>,
    wrap: fn(String) -> Line,
) -> thread::JoinHandle<()> {
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
    })
}
