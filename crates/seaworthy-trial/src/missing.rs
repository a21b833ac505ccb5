//! Boots without one required variable each: a service must refuse, fast, and say what is missing.

use crate::boot::{TAIL, boot};
use crate::driver::{Driver, DriverError};
use crate::plan::{Plan, Required};
use crate::probe::Probe;
use seaworthy_facts::MissingVariable;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// One boot for each required variable.
pub(crate) fn each(
    driver: &dyn Driver,
    plan: &Plan,
    required: &[Required],
    probe: &Probe,
    limit: Duration,
) -> Result<Vec<MissingVariable>, DriverError> {
    // Each boot is mostly one processor's work; more of them at once would only make each slower than its limit.
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(4).min(required.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(variable) = required.get(at) else { return made };
            made.push((at, without(driver, plan, variable, probe, limit)));
        }
    };
    let broke = || DriverError::Failed("the boot without a variable broke off".to_owned());
    let mut made = Vec::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            made.extend(thread.join().map_err(|_| broke())?);
        }
        Ok(())
    })?;
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, facts)| facts).collect()
}

fn without(
    driver: &dyn Driver,
    plan: &Plan,
    variable: &Required,
    probe: &Probe,
    limit: Duration,
) -> Result<MissingVariable, DriverError> {
    let mut launch = plan.launch.clone();
    launch.env.retain(|(name, _)| *name != variable.name);
    launch.without.push(variable.name.clone());
    let booted = boot(driver, plan, &launch, probe, limit)?;
    let mut facts = MissingVariable {
        name: variable.name.clone(),
        required_by: variable.by.clone(),
        boot: booted.boot,
        named: false,
        limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
    };
    if let Some(container) = booted.container {
        let logs = container.logs();
        facts.named = names(&logs.stdout, &variable.name) || names(&logs.stderr, &variable.name);
        facts.boot.log_tail = logs.tail(TAIL).iter().map(|line| plan.shown(line)).collect();
    }
    Ok(facts)
}

/// Whether a text names a variable: as it is spelled, or, where it has several words, in small letters as frameworks
/// name the fields of their settings.
fn names(text: &str, variable: &str) -> bool {
    text.contains(variable)
        || (variable.contains('_') && text.to_ascii_lowercase().contains(&variable.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_field_in_small_letters_names_its_variable() {
        assert!(names("s3_region\n  Field required", "S3_REGION"));
        assert!(names("PORT is missing", "PORT"));
        assert!(!names("no port is free", "PORT"), "a word of any message names nothing");
    }
}
