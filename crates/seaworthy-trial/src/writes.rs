//! A boot on a writable root, to see what the service writes where nothing lasting should be written.

use crate::boot::boot;
use crate::driver::{Driver, DriverError};
use crate::plan::{Plan, Subject};
use crate::probe::Probe;
use seaworthy_facts::WriteFact;
use seaworthy_finding::Expectation;
use std::time::Duration;

/// Paths written, and the log files among them.
pub(crate) struct Written {
    pub(crate) writes: Vec<WriteFact>,
    pub(crate) log_files: Vec<String>,
}

/// Boots on a writable root, exercises the service and lists what it wrote.
pub(crate) fn observe(
    driver: &dyn Driver,
    plan: &Plan,
    subject: &Subject<'_>,
    probe: &Probe,
    port: Option<u16>,
    limit: Duration,
) -> Result<Option<Written>, DriverError> {
    let mut launch = plan.launch.clone();
    launch.read_only = false;
    let booted = boot(driver, plan, &launch, probe, limit)?;
    let Some(container) = booted.container.filter(|_| booted.boot.ready) else { return Ok(None) };
    let asked: Vec<&Expectation> = subject.test.http.iter().chain(&subject.test.drain).collect();
    for expectation in asked {
        if let (Ok(request), Some(port)) = (plan.request(expectation), port)
            && let Ok(stream) = container.connect(request.port.unwrap_or(port), Duration::from_secs(2))
        {
            // Only the traces it leaves matter here; the answers are judged elsewhere.
            let _ = crate::http::ask(stream, &request, Duration::from_secs(5));
        }
    }
    // Some services write when they stop.
    container.signal(15)?;
    container.wait(Duration::from_secs(2))?;
    let mut writes = container.writes()?;
    for write in &mut writes {
        let under = |root: &str| {
            write.path == root || write.path.starts_with(&format!("{}/", root.trim_end_matches('/')))
        };
        write.covered = launch.tmpfs.iter().any(|mount| under(&mount.path))
            || launch.volumes.iter().any(|path| under(path))
            || launch.files.iter().any(|file| under(&file.path));
    }
    let is_log = |path: &str| {
        path.starts_with("/var/log/")
            || std::path::Path::new(path).extension().is_some_and(|end| end == "log")
    };
    let log_files = writes
        .iter()
        .filter(|write| write.size > 0 && is_log(&write.path))
        .map(|write| write.path.clone())
        .collect();
    Ok(Some(Written { writes, log_files }))
}
