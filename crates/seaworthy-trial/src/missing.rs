//! Boots without one required variable each: a service must refuse, fast, and say what is missing.

use crate::boot::{TAIL, boot};
use crate::driver::{Driver, DriverError};
use crate::plan::{Plan, Required};
use crate::pool;
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
    width: usize,
) -> Result<Vec<MissingVariable>, DriverError> {
    let one = |variable: &Required| without(driver, plan, variable, probe, limit);
    pool::each(required, width, one).into_iter().collect()
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
