//! Boots without one required variable each: a service must refuse, fast, and say what is missing.

use crate::boot::{TAIL, boot};
use crate::driver::{Driver, DriverError};
use crate::plan::{Plan, Required};
use crate::probe::Probe;
use seaworthy_facts::MissingVariable;
use std::time::Duration;

/// One boot for each required variable.
pub(crate) fn each(
    driver: &dyn Driver,
    plan: &Plan,
    required: &[Required],
    probe: &Probe,
    limit: Duration,
) -> Result<Vec<MissingVariable>, DriverError> {
    required.iter().map(|variable| without(driver, plan, variable, probe, limit)).collect()
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
        facts.named = logs.stdout.contains(&variable.name) || logs.stderr.contains(&variable.name);
        facts.boot.log_tail = logs.tail(TAIL).iter().map(|line| plan.shown(line)).collect();
    }
    Ok(facts)
}
