//! Boots that are made only when everything is to be known: other users, other signals, senseless values, a second
//! start and a second container.

use crate::boot::{boot, millis, signal_name};
use crate::driver::{Driver, DriverError, Launch};
use crate::plan::{Plan, Subject};
use crate::pool;
use crate::probe::Probe;
use seaworthy_facts::{Boot, Exit, Observed, RestartFacts, RunFacts, SignalFact, WrongValue};
use seaworthy_finding::EnvValue;
use std::time::{Duration, Instant};

/// A user no image knows, as platforms choose one that give every project its own range.
const ANY_USER: u32 = 1_234_567_890;
/// Time between the two signals of a hurried stop.
const HURRY: Duration = Duration::from_millis(50);
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// What the boots share.
pub(crate) struct Stage<'a> {
    pub(crate) driver: &'a dyn Driver,
    /// The plan whose launch became ready.
    pub(crate) plan: &'a Plan,
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) probe: &'a Probe,
    pub(crate) ready: Duration,
    pub(crate) grace: Duration,
    pub(crate) refuse: Duration,
    /// How many boots may run at once.
    pub(crate) width: usize,
}

impl Stage<'_> {
    /// Makes all of them and fills the facts.
    pub(crate) fn observe(&self, facts: &mut RunFacts) {
        let parts: [&(dyn Fn() -> Part + Sync); 5] = [
            &|| Part::AnyUser(self.any_user()),
            &|| Part::Signals(self.signals()),
            &|| Part::Wrong(self.wrong()),
            &|| Part::Restart(self.restart()),
            &|| Part::Replica(self.replica()),
        ];
        for part in pool::each(&parts, self.width, |part| part()) {
            match part {
                Part::AnyUser(found) => facts.any_user = observed(found),
                Part::Signals(found) => facts.signals = observed(found),
                Part::Wrong(found) => facts.wrong = observed(found),
                Part::Restart(found) => facts.restart = observed(found),
                Part::Replica(found) => facts.replica = observed(found),
            }
        }
    }

    fn boot(&self, launch: &Launch) -> Result<Boot, DriverError> {
        Ok(boot(self.driver, self.plan, launch, self.probe, self.ready)?.boot)
    }

    fn any_user(&self) -> Found<Boot> {
        let mut launch = self.plan.launch.clone();
        if launch.uid == 0 {
            return Ok(Err("the image runs as root".to_owned()));
        }
        (launch.uid, launch.gid) = (ANY_USER, 0);
        launch.groups.clear();
        // What is given to the run is given to whom it runs as.
        for file in &mut launch.files {
            (file.uid, file.gid) = (ANY_USER, 0);
        }
        self.boot(&launch).map(Ok)
    }

    fn signals(&self) -> Found<Vec<SignalFact>> {
        let mut facts = Vec::new();
        for signals in [&[SIGINT][..], &[SIGTERM, SIGTERM]] {
            let booted = boot(self.driver, self.plan, &self.plan.launch, self.probe, self.ready)?;
            let Some(container) = booted.container.filter(|_| booted.boot.ready) else { continue };
            let sent = Instant::now();
            for (at, signal) in signals.iter().enumerate() {
                if at > 0 && container.wait(HURRY)?.is_some() {
                    break;
                }
                container.signal(*signal)?;
            }
            let mut exit = container.wait(self.grace)?;
            let ms = millis(sent);
            let forced = exit.is_none();
            if forced {
                container.signal(9)?;
                exit = container.wait(Duration::from_secs(10))?;
            }
            let name = signals.first().map(|signal| signal_name(*signal)).unwrap_or_default();
            facts.push(SignalFact {
                sent: if signals.len() > 1 { format!("{name} twice") } else { name },
                exit: exit.unwrap_or(Exit { code: None, signal: Some(9), oom_killed: false }),
                ms,
                forced,
            });
        }
        Ok(Ok(facts))
    }

    /// A boot for each variable of the run whose value shows what kind it must have.
    fn wrong(&self) -> Found<Vec<WrongValue>> {
        let cases: Vec<(String, &'static str, &'static str)> = self
            .subject
            .test
            .env
            .iter()
            .filter_map(|(name, value)| match value {
                EnvValue::Literal(text) => kind_of(text).map(|(kind, wrong)| (name.clone(), kind, wrong)),
                EnvValue::Generate => None,
            })
            .collect();
        if cases.is_empty() {
            return Ok(Err("no variable of the run has a value that shows what it must be".to_owned()));
        }
        let one = |(name, kind, wrong): &(String, &'static str, &'static str)| {
            let mut launch = self.plan.launch.clone();
            for (known, value) in &mut launch.env {
                if known == name {
                    (*wrong).clone_into(value);
                }
            }
            let booted = boot(self.driver, self.plan, &launch, self.probe, self.refuse)?;
            Ok(WrongValue {
                name: name.clone(),
                value: (*wrong).to_owned(),
                kind: (*kind).to_owned(),
                boot: booted.boot,
            })
        };
        cases.iter().map(one).collect::<Result<_, DriverError>>().map(Ok)
    }

    /// The launch with every declared volume kept under a name of its own.
    fn keeping(&self, name: &str) -> Option<Launch> {
        let mut launch = self.plan.launch.clone();
        let declared: Vec<String> = self.subject.image.config.config.volumes.keys().cloned().collect();
        if declared.is_empty() {
            return None;
        }
        launch.tmpfs.retain(|mount| !declared.contains(&mount.path));
        launch.volumes = declared;
        launch.keep = Some(name.to_owned());
        Some(launch)
    }

    fn restart(&self) -> Found<RestartFacts> {
        let Some(launch) = self.keeping("restart") else {
            return Ok(Err("the image declares no volume".to_owned()));
        };
        let first = boot(self.driver, self.plan, &launch, self.probe, self.ready)?;
        let Some(container) = first.container.filter(|_| first.boot.ready) else {
            return Err(DriverError::Failed(
                "the service did not become ready with volumes that are kept".to_owned(),
            ));
        };
        container.signal(SIGTERM)?;
        if container.wait(self.grace)?.is_none() {
            container.signal(9)?;
            container.wait(Duration::from_secs(10))?;
        }
        let before = container.kept()?;
        drop(container);
        let second = boot(self.driver, self.plan, &launch, self.probe, self.ready)?;
        let mut lost = Vec::new();
        if let Some(container) = &second.container {
            let after = container.kept()?;
            lost = before.iter().filter(|file| !after.contains(file)).cloned().collect();
        }
        Ok(Ok(RestartFacts {
            volumes: launch.volumes,
            files: u32::try_from(before.len()).unwrap_or(u32::MAX),
            lost,
            boot: second.boot,
        }))
    }

    fn replica(&self) -> Found<Boot> {
        let Some(launch) = self.keeping("replica") else {
            return Ok(Err("the image declares no volume, so two containers share nothing".to_owned()));
        };
        let first = boot(self.driver, self.plan, &launch, self.probe, self.ready)?;
        if !first.boot.ready {
            return Err(DriverError::Failed(
                "the service did not become ready with volumes that are kept".to_owned(),
            ));
        }
        self.boot(&launch).map(Ok)
    }
}

/// What came of one part: facts, why there is nothing to see, or why it could not be seen.
type Found<T> = Result<Result<T, String>, DriverError>;

enum Part {
    AnyUser(Found<Boot>),
    Signals(Found<Vec<SignalFact>>),
    Wrong(Found<Vec<WrongValue>>),
    Restart(Found<RestartFacts>),
    Replica(Found<Boot>),
}

fn observed<T>(found: Found<T>) -> Observed<T> {
    match found {
        Ok(Ok(facts)) => Observed::Seen(facts),
        Ok(Err(why)) => Observed::NotApplicable(why),
        Err(error) => Observed::NotRun(error.to_string()),
    }
}

/// What a value must be, and one that is not.
fn kind_of(value: &str) -> Option<(&'static str, &'static str)> {
    if value.parse::<f64>().is_ok() {
        Some(("a number", "seaworthy-no-number"))
    } else if value.parse::<std::net::IpAddr>().is_ok() {
        Some(("an address", "999.0.0.1"))
    } else if value.contains("://") {
        Some(("a URL", "seaworthy no URL"))
    } else if matches!(value, "true" | "false" | "True" | "False") {
        Some(("a truth value", "seaworthy-perhaps"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_shows_its_kind() {
        assert_eq!(kind_of("8080").unwrap().0, "a number");
        assert_eq!(kind_of("0.0.0.0").unwrap().0, "an address");
        assert_eq!(kind_of("postgres://db/x").unwrap().0, "a URL");
        assert_eq!(kind_of("true").unwrap().0, "a truth value");
        assert_eq!(kind_of("production"), None);
    }
}
