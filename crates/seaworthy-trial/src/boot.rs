//! One boot: start, wait for ready or for the end, and say why when it does not come up.

use crate::driver::{Container, Driver, DriverError, Launch};
use crate::plan::Plan;
use crate::probe::Probe;
use seaworthy_facts::{Boot, Exit};
use std::time::{Duration, Instant};

/// Time between two probes.
const STEP: Duration = Duration::from_millis(10);
/// How long a ready service must still be there.
const SETTLED: Duration = Duration::from_millis(20);
/// How long a probe that cannot even be started is tried: an entrypoint may still put its program there.
const VAIN: Duration = Duration::from_secs(2);
/// Lines of a log kept as evidence.
pub(crate) const TAIL: usize = 12;

/// A boot and, where it is still running, its container.
pub(crate) struct Booted {
    pub(crate) boot: Boot,
    pub(crate) container: Option<Box<dyn Container>>,
    pub(crate) attempts: u32,
    pub(crate) last_answer: String,
}

/// Starts a container and probes it until it is ready, has ended, or the time is over.
pub(crate) fn boot(
    driver: &dyn Driver,
    plan: &Plan,
    launch: &Launch,
    probe: &Probe,
    limit: Duration,
) -> Result<Booted, DriverError> {
    let begun = Instant::now();
    let container = match driver.start(launch) {
        Ok(container) => container,
        Err(DriverError::NotExecutable(why)) => {
            // The image's own fault, seen before its first instruction: a boot that failed, not a check that could not run.
            let exit = Some(Exit { code: Some(127), signal: None, oom_killed: false });
            let boot = Boot {
                ready: false,
                exit,
                ms: millis(begun),
                log_tail: Vec::new(),
                diagnosis: vec![why.clone()],
            };
            return Ok(Booted { boot, container: None, attempts: 0, last_answer: why });
        }
        Err(error) => return Err(error),
    };
    let mut attempts = 0;
    let mut last_answer = String::new();
    let mut ready = false;
    let mut exit = None;
    let mut ready_at = None;
    while begun.elapsed() < limit {
        exit = container.wait(Duration::ZERO)?;
        if exit.is_some() {
            break;
        }
        attempts += 1;
        match probe.ask(container.as_ref()) {
            Ok(answer) => {
                last_answer = answer;
                ready_at = Some(millis(begun));
                // A program that goes into the background listens for a moment before everything it started is
                // ended with it.
                exit = container.wait(SETTLED)?;
                ready = exit.is_none();
                break;
            }
            Err(answer) => last_answer = answer,
        }
        if probe.in_vain(&last_answer) && begun.elapsed() > VAIN {
            break;
        }
        std::thread::sleep(STEP);
    }
    let ms = ready_at.unwrap_or_else(|| millis(begun));
    let mut boot = Boot { ready, exit, ms, log_tail: Vec::new(), diagnosis: Vec::new() };
    if !ready {
        let logs = container.logs();
        boot.log_tail = logs.tail(TAIL).iter().map(|line| plan.shown(line)).collect();
        boot.diagnosis = diagnose(launch, exit, container.as_ref());
    }
    Ok(Booted { boot, container: Some(container), attempts, last_answer })
}

/// What explains that a service did not come up.
fn diagnose(launch: &Launch, exit: Option<Exit>, container: &dyn Container) -> Vec<String> {
    let mut words = Vec::new();
    for file in &launch.files {
        let class = if launch.uid == file.uid {
            6
        } else if launch.gid == file.gid || launch.groups.contains(&file.gid) {
            3
        } else {
            0
        };
        if launch.uid != 0 && file.mode >> class & 0o4 == 0 {
            words.push(format!(
                "`{}` belongs to {}:{} with mode {:04o}, and the process runs as {}:{}: it cannot read the file",
                file.path, file.uid, file.gid, file.mode, launch.uid, launch.gid
            ));
        }
    }
    match exit {
        Some(exit) if exit.oom_killed => {
            words.push("the kernel ended it for exceeding its memory limit".to_owned());
        }
        Some(_) if container.overfilled() => {
            words.push("it was ended for writing more than 2 GiB to its root".to_owned());
        }
        Some(exit) => match exit.signal {
            Some(31) => words
                .push("it was ended by SIGSYS: the seccomp filter refuses a system call it makes".to_owned()),
            Some(signal) => words.push(format!("it was ended by {}", signal_name(signal))),
            None if exit.code == Some(0) => words.push(
                "the image's program ended by itself, with success: a service stays in the foreground, for what it leaves in the background ends with it"
                    .to_owned(),
            ),
            None => {}
        },
        None => {
            if let Ok(sockets) = container.sockets() {
                if sockets.is_empty() {
                    words.push("it runs but listens on no port".to_owned());
                } else {
                    let list: Vec<String> =
                        sockets.iter().map(|s| format!("{}:{}", s.address, s.port)).collect();
                    words.push(format!("it runs and listens on {}", list.join(", ")));
                }
            }
        }
    }
    words
}

/// Milliseconds since an instant.
pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The number of a stop signal, from `SIGTERM`, `TERM` or `15`.
pub(crate) fn signal_number(name: &str) -> Option<i32> {
    if let Ok(number) = name.parse() {
        return Some(number).filter(|number| (1..=64).contains(number));
    }
    let short = name.trim().to_ascii_uppercase();
    let short = short.strip_prefix("SIG").unwrap_or(&short);
    SIGNALS.iter().find(|(_, known)| *known == short).map(|(number, _)| *number)
}

/// The name of a signal, such as `SIGTERM`.
pub(crate) fn signal_name(number: i32) -> String {
    SIGNALS
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| format!("signal {number}"), |(_, name)| format!("SIG{name}"))
}

/// Signals of Linux by number, as on x86 and ARM (signal(7)).
const SIGNALS: [(i32, &str); 21] = [
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (4, "ILL"),
    (5, "TRAP"),
    (6, "ABRT"),
    (7, "BUS"),
    (8, "FPE"),
    (9, "KILL"),
    (10, "USR1"),
    (11, "SEGV"),
    (12, "USR2"),
    (13, "PIPE"),
    (14, "ALRM"),
    (15, "TERM"),
    (17, "CHLD"),
    (18, "CONT"),
    (19, "STOP"),
    (28, "WINCH"),
    (30, "PWR"),
    (31, "SYS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_known_by_name_and_number() {
        assert_eq!(signal_number("SIGTERM"), Some(15));
        assert_eq!(signal_number("quit"), Some(3));
        assert_eq!(signal_number("37"), Some(37));
        assert_eq!(signal_number("0"), None);
        assert_eq!(signal_number("SIGTREM"), None);
        assert_eq!(signal_name(15), "SIGTERM");
        assert_eq!(signal_name(37), "signal 37");
    }
}
