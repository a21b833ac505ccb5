//! The declared health check, driven from here: engines differ in when and whether they run it.

use crate::boot::millis;
use crate::driver::Container;
use crate::plan::{Plan, Subject};
use crate::probe::health_argv;
use seaworthy_facts::{HealthFacts, ImageFacts};
use std::time::Duration;

/// Docker's defaults, in nanoseconds.
const DEFAULT_TIMEOUT: u64 = 30_000_000_000;
const DEFAULT_INTERVAL: u64 = 30_000_000_000;
const DEFAULT_RETRIES: u32 = 3;
/// How long after a good probe the service must still be there.
const AFTER: Duration = Duration::from_millis(20);

/// Watches the health check turn healthy, then stops the process and watches it turn unhealthy.
///
/// Nothing when no health check is declared.
pub(crate) fn watch(container: &dyn Container, plan: &Plan, subject: &Subject<'_>) -> Option<HealthFacts> {
    let argv = health_argv(subject)?;
    let declared = subject.image.config.config.healthcheck.as_ref()?;
    let or = |value: u64, default: u64| Duration::from_nanos(if value == 0 { default } else { value });
    let timeout = or(declared.timeout, DEFAULT_TIMEOUT);
    let interval = or(declared.interval, DEFAULT_INTERVAL);
    let retries = if declared.retries == 0 { DEFAULT_RETRIES } else { declared.retries };
    let start_period = Duration::from_nanos(declared.start_period);
    // A container is unhealthy after its start period and `retries` failed probes; no need to wait longer than a minute.
    let patience =
        (start_period + interval * retries).min(Duration::from_mins(1)).max(Duration::from_secs(3));
    let mut facts = HealthFacts {
        command: argv.join(" "),
        start_period_ms: u64::try_from(start_period.as_millis()).unwrap_or(u64::MAX),
        ..HealthFacts::default()
    };
    let deadline = start_period + interval * retries;
    facts.deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    let begun = container.started();
    let mut first = true;
    // One that became ready late is asked at least once: late is another fault than never.
    while first || begun.elapsed() < patience {
        first = false;
        let result = container.exec(&argv, timeout);
        facts.last_status = result.status;
        facts.last_output = plan.shown(result.output.trim());
        if let Some(error) = &result.error {
            facts.last_output.clone_from(error);
            facts.diagnosis = missing_program(subject.image, &argv, error);
            break;
        }
        if result.timed_out {
            facts.diagnosis = vec![format!("the probe did not end within its timeout of {timeout:?}")];
        }
        if result.status == Some(0) {
            facts.healthy = true;
            facts.healthy_ms = millis(container.started());
            facts.diagnosis.clear();
            break;
        }
        if let Ok(Some(exit)) = container.wait(Duration::ZERO) {
            facts.ended = Some(exit);
            facts.diagnosis = vec!["the service ended while its health check ran".to_owned()];
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    if facts.healthy
        && let Some(exit) = ended(container)
    {
        facts.ended = Some(exit);
        facts.diagnosis = vec!["the service ended while its health check ran".to_owned()];
    } else if facts.healthy {
        facts.unhealthy_when_stopped = while_stopped(container, &argv, timeout, retries);
    }
    Some(facts)
}

/// How the service ended with a probe, where it did; an engine may say so a little later than the kernel.
fn ended(container: &dyn Container) -> Option<seaworthy_facts::Exit> {
    match container.wait(AFTER) {
        Ok(Some(exit)) => Some(exit),
        _ if container.status().is_err() => container.wait(Duration::from_secs(2)).ok().flatten(),
        _ => None,
    }
}

/// Stops the service by SIGSTOP, its workers too, and probes `retries` times; all must fail for the container to turn unhealthy.
fn while_stopped(
    container: &dyn Container,
    argv: &[String],
    timeout: Duration,
    retries: u32,
) -> Option<bool> {
    container.suspend(true).ok()?;
    // The probes do not influence one another, so they run at the same time.
    let failed = std::thread::scope(|scope| {
        let probes: Vec<_> = (0..retries.min(5))
            .map(|_| scope.spawn(|| container.exec(argv, timeout).status != Some(0)))
            .collect();
        probes.into_iter().all(|probe| probe.join().unwrap_or(false))
    });
    container.suspend(false).ok()?;
    Some(failed)
}

/// Why the program of a health check could not be started.
fn missing_program(image: &ImageFacts, argv: &[String], error: &str) -> Vec<String> {
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let mut words = vec![format!("the health check cannot be run: {error}")];
    if program == "/bin/sh" && image.file("/bin/sh").is_none() {
        words.push("the health check is in shell form, and the image has no /bin/sh".to_owned());
    }
    words
}
