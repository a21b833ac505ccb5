//! The stop signal, and the request that is under way when it comes.

use crate::boot::{millis, signal_name, signal_number};
use crate::driver::{Container, DriverError};
use crate::http::{self, Request};
use crate::plan::Plan;
use seaworthy_facts::{Drain, Exit, StopFacts};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long the second half of a request is held back after the signal.
const HELD: Duration = Duration::from_millis(250);

/// A request that has been sent in part.
struct UnderWay {
    stream: TcpStream,
    rest: String,
}

impl UnderWay {
    /// Whether the answer, or the end of the connection, is here already.
    fn answered(&self) -> bool {
        let quick = self.stream.set_read_timeout(Some(Duration::from_millis(1)));
        quick.is_ok() && self.stream.peek(&mut [0]).is_ok()
    }
}

/// What became of the request at the stop.
pub(crate) enum Drained {
    /// None was made.
    Nothing,
    /// It was answered before the signal came, so it proves nothing.
    Early(String),
    /// It was under way.
    Seen(Drain),
}

/// Opens a request with its last byte held back; a request without a body is sent whole.
fn open(container: &dyn Container, request: &Request, port: u16) -> std::io::Result<UnderWay> {
    let mut stream = container.connect(port, Duration::from_secs(2))?;
    stream.set_write_timeout(Some(Duration::from_secs(2)))?;
    let (head, body) = request.wire();
    let half = body.len() / 2;
    let half = (0..=half).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body.as_bytes()[..half])?;
    stream.flush()?;
    Ok(UnderWay { stream, rest: body[half..].to_owned() })
}

/// Sends the stop signal with a request under way and waits for the end.
pub(crate) fn stop(
    container: &dyn Container,
    plan: &Plan,
    signal: &str,
    grace: Duration,
    drain: Option<(&Request, u16)>,
) -> Result<(StopFacts, Drained), DriverError> {
    let number =
        signal_number(signal).ok_or_else(|| DriverError::Failed(format!("`{signal}` is no signal")))?;
    let status = container.status().ok();
    let handler = status.as_ref().map(|status| status.caught >> (number - 1) & 1 == 1);
    let cmdline = status.map(|status| status.cmdline).unwrap_or_default();

    let under_way = drain.map(|(request, port)| (request, open(container, request, port)));
    if under_way.is_some() {
        // The service must have taken the connection before the signal comes.
        std::thread::sleep(Duration::from_millis(100));
    }
    let early = under_way.as_ref().is_some_and(|(_, opened)| opened.as_ref().is_ok_and(UnderWay::answered));
    let gone = container.wait(Duration::ZERO)?.is_some();
    let sent = Instant::now();
    if !gone {
        container.signal(number)?;
    }
    let drained = match under_way {
        Some((request, _)) if early => Drained::Early(request.line()),
        Some((request, opened)) => Drained::Seen(finish(request, opened, sent, grace)),
        None => Drained::Nothing,
    };
    let mut exit = container.wait(grace.saturating_sub(sent.elapsed()))?;
    let ms = millis(sent);
    let forced = exit.is_none();
    if forced {
        container.signal(9)?;
        exit = container.wait(Duration::from_secs(10))?;
    }
    let exit = exit.unwrap_or(Exit { code: None, signal: Some(9), oom_killed: false });
    let mut facts = StopFacts {
        signal: signal_name(number),
        exit,
        ms,
        grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
        forced,
        handler,
        pid1: plan.redact(&cmdline.join(" ")),
        diagnosis: Vec::new(),
        early: gone,
    };
    facts.diagnosis = diagnose(&facts, &cmdline);
    Ok((facts, drained))
}

/// Sends the rest of the request after the signal and reads the answer.
fn finish(request: &Request, opened: std::io::Result<UnderWay>, sent: Instant, grace: Duration) -> Drain {
    let mut facts = Drain { request: request.line(), ..Drain::default() };
    let answer = opened.and_then(|mut under_way| {
        if !under_way.rest.is_empty() {
            std::thread::sleep(HELD);
            under_way.stream.write_all(under_way.rest.as_bytes())?;
        }
        http::read_answer(&mut under_way.stream, request, grace)
    });
    facts.ms = millis(sent);
    match answer {
        Ok(answer) => facts.status = Some(answer.status),
        Err(error) => facts.error = Some(error.to_string()),
    }
    facts
}

/// Why the stop was not graceful.
fn diagnose(facts: &StopFacts, cmdline: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let graceful = !facts.forced && facts.exit.code == Some(0);
    if graceful || facts.early {
        return words;
    }
    let program = cmdline.first().map(|word| word.rsplit('/').next().unwrap_or(word)).unwrap_or_default();
    let shell = matches!(program, "sh" | "bash" | "dash" | "ash" | "busybox")
        && cmdline.iter().any(|word| word == "-c");
    if shell {
        words.push(format!(
            "PID 1 is a shell (`{}`): it does not pass {} on to the service; use the exec form",
            facts.pid1, facts.signal
        ));
    }
    if facts.handler == Some(false) && !shell {
        words.push(format!(
            "PID 1 has no handler for {}: the kernel does not apply the default action to PID 1, so the signal is lost",
            facts.signal
        ));
    }
    if facts.handler == Some(true) && facts.forced && !shell {
        words.push(format!("PID 1 has a handler for {} but did not end within its grace", facts.signal));
    }
    words
}
