//! The service at rest, and the same request many times: what it holds, what it leaves and whether that grows.

use crate::driver::{Container, DriverError, ProcessStatus};
use crate::http::{self, Request};
use seaworthy_facts::{IdleFacts, LoadFacts, ZombieFact};
use std::time::{Duration, Instant};

/// Time between the two looks at the processes.
const LOOK: Duration = Duration::from_millis(250);
/// How much longer a service is watched that was busy at the first look.
const BUSY: Duration = Duration::from_millis(1250);
/// Longest wait for an answer to one of many requests.
const ANSWER: Duration = Duration::from_secs(5);
/// Longest wait for the first word of a port of which nothing is known.
const WORD: Duration = Duration::from_secs(2);
/// Requests before counting begins: caches and pools fill.
const WARM: u32 = 5;

/// Looks at the processes twice.
pub(crate) fn idle(container: &dyn Container, limit: u32) -> Result<IdleFacts, DriverError> {
    let first = container.processes()?;
    let begun = Instant::now();
    std::thread::sleep(LOOK);
    let mut last = container.processes()?;
    let mut watched = begun.elapsed();
    if cpu(&first, &last) * 2 > u64::try_from(watched.as_millis()).unwrap_or(u64::MAX) {
        std::thread::sleep(BUSY);
        last = container.processes()?;
        watched = begun.elapsed();
    }
    let reached = container.reached()?;
    let named = |pid: i32| {
        last.iter().find(|process| process.pid == pid).map(|process| process.name.clone()).unwrap_or_default()
    };
    let zombie = |process: &&ProcessStatus| {
        // One that is just being reaped is gone at the second look.
        process.zombie && first.iter().any(|before| before.zombie && before.pid == process.pid)
    };
    let fact = |process: &ProcessStatus| ZombieFact {
        name: process.name.clone(),
        pid: process.pid,
        parent: process.parent,
        parent_name: named(process.parent),
    };
    Ok(IdleFacts {
        processes: u32::try_from(last.len()).unwrap_or(u32::MAX),
        threads: last.iter().map(|process| process.threads).sum(),
        zombies: last.iter().filter(zombie).map(fact).collect(),
        memory: last.iter().map(|process| process.memory).sum(),
        descriptors: last.iter().map(|process| process.descriptors).sum(),
        cpu_ms: cpu(&first, &last),
        watched_ms: u64::try_from(watched.as_millis()).unwrap_or(u64::MAX),
        oom_kills: reached.memory,
        refused: reached.processes,
        process_limit: limit,
    })
}

/// Processor time used between two looks by processes that were there at both.
fn cpu(before: &[ProcessStatus], after: &[ProcessStatus]) -> u64 {
    let used = |process: &ProcessStatus| {
        let then = before.iter().find(|known| known.pid == process.pid)?;
        Some(process.cpu_ms.saturating_sub(then.cpu_ms))
    };
    after.iter().filter_map(used).sum()
}

/// How a port is spoken to.
enum Speech {
    /// By this request.
    Http(Request),
    /// It says or ends something else than HTTP: only connections are made.
    Other,
    /// It takes connections and says nothing.
    Silent,
}

/// Makes the same request many times; `None` where there is no port.
pub(crate) fn load(
    container: &dyn Container,
    request: Option<&Request>,
    port: Option<u16>,
    half: u32,
    patience: Duration,
) -> Option<LoadFacts> {
    let port = request.and_then(|request| request.port).or(port)?;
    let speech = match request {
        Some(request) => Speech::Http(request.clone()),
        None => language(container, port),
    };
    let mut facts = LoadFacts::default();
    let ask = |facts: &mut LoadFacts, counted: bool| -> bool {
        let result = match &speech {
            Speech::Http(request) => container
                .connect(port, Duration::from_secs(2))
                .and_then(|stream| http::ask(stream, request, ANSWER))
                .map(drop),
            Speech::Other | Speech::Silent => container.connect(port, Duration::from_secs(2)).map(drop),
        };
        facts.sent += u32::from(counted || result.is_err());
        match result {
            Ok(()) => {
                facts.answered += u32::from(counted);
                true
            }
            Err(error) => {
                facts.error = Some(error.to_string());
                false
            }
        }
    };
    facts.request = match &speech {
        Speech::Http(request) => format!("{} :{port}{}", request.method, request.path),
        Speech::Other => format!("connection to port {port}"),
        Speech::Silent => {
            facts.request = format!("GET :{port}/");
            facts.sent = 1;
            facts.error = Some("it takes the connection and says nothing".to_owned());
            return Some(facts);
        }
    };
    let mut going = (0..WARM).all(|_| ask(&mut facts, false));
    facts.note(container);
    for _ in 0..2 {
        let begun = Instant::now();
        for _ in 0..half {
            going = going && begun.elapsed() < patience && ask(&mut facts, true);
        }
        facts.note(container);
    }
    Some(facts)
}

/// Finds out by one request what a port of which nothing is known speaks.
fn language(container: &dyn Container, port: u16) -> Speech {
    let request = Request { method: "GET".to_owned(), path: "/".to_owned(), ..Request::default() };
    let Ok(stream) = container.connect(port, Duration::from_secs(2)) else { return Speech::Other };
    match http::ask(stream, &request, WORD) {
        Ok(_) => Speech::Http(request),
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Speech::Silent,
        Err(_) => Speech::Other,
    }
}

/// Adds what the service holds now to the facts.
trait Note {
    fn note(&mut self, container: &dyn Container);
}

impl Note for LoadFacts {
    fn note(&mut self, container: &dyn Container) {
        // A connection that was closed here is still open there for a moment.
        std::thread::sleep(Duration::from_millis(30));
        let mut held = held(container);
        if let (Some(before), Some(now)) = (self.descriptors.last(), held)
            && now.0 > *before
        {
            std::thread::sleep(Duration::from_millis(200));
            held = self::held(container);
        }
        if let Some((descriptors, memory)) = held {
            self.descriptors.push(descriptors);
            self.memory.push(memory);
        }
    }
}

/// Descriptors and memory of all processes.
fn held(container: &dyn Container) -> Option<(u64, u64)> {
    let processes = container.processes().ok()?;
    Some((
        processes.iter().map(|process| process.descriptors).sum(),
        processes.iter().map(|process| process.memory).sum(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_processes_seen_twice_count_for_processor_time() {
        let process = |pid, cpu_ms| ProcessStatus { pid, cpu_ms, ..ProcessStatus::default() };
        assert_eq!(cpu(&[process(1, 100), process(2, 50)], &[process(1, 180), process(3, 900)]), 80);
    }
}
