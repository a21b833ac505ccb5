//! The trial: which boots are made, in which order, and what is taken from each.

use crate::boot::{Booted, boot, millis};
use crate::driver::{Container, Driver, DriverError, Launch, PROCESSES};
use crate::http::Request;
use crate::plan::{Plan, Subject};
use crate::probe::Probe;
use crate::thorough::Stage;
use crate::{expect, health, idle, logs, missing, need, pool, stop, writes};
use seaworthy_facts::{CapabilityFacts, CapabilityNeed, EgressFacts, Observed, ReadyFacts, RunFacts};
use seaworthy_sandbox::CapSet;
use std::time::{Duration, Instant};

/// Requests of each half of the load, and the time a half may take; more of both when everything is to be known.
const LOAD: (u32, Duration) = (20, Duration::from_millis(1500));
const THOROUGH_LOAD: (u32, Duration) = (500, Duration::from_secs(15));

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Longest wait for ready.
    pub ready: Duration,
    /// Grace after the stop signal.
    pub grace: Duration,
    /// Longest time a refusal to start may take.
    pub refuse: Duration,
    /// Whether the boots are made too that take long: other users, signals and values, a second start and replica.
    pub thorough: bool,
}

impl Options {
    /// The times of a policy: 30 s for ready, 10 s of grace, 5 s for a refusal, unless it says otherwise.
    pub fn of(subject: &Subject<'_>) -> Self {
        let or = |value: Option<u64>, default: u64| Duration::from_millis(value.unwrap_or(default));
        Self {
            ready: or(subject.test.ready_timeout, 30_000),
            grace: or(subject.test.grace, 10_000),
            refuse: or(subject.test.refuse_within, 5_000),
            thorough: subject.test.thorough,
        }
    }
}

/// What is happening, for progress lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A boot or an observation begins.
    Begins(String),
}

/// Makes the boots and fills the facts. A machine that cannot run containers gives facts in which nothing was run.
pub fn run(
    driver: &dyn Driver,
    plan: &Plan,
    subject: &Subject<'_>,
    options: &Options,
    tell: &mut dyn FnMut(Event),
) -> RunFacts {
    let begun = Instant::now();
    let mut facts = RunFacts {
        engine: driver.name(),
        reduced_fidelity: driver.reduced_fidelity(),
        hardening: hardening(&plan.launch),
        ..RunFacts::default()
    };
    let (probe, probe_source) = match Probe::choose(subject) {
        Ok(chosen) => chosen,
        Err(why) => {
            facts.not_run(&why);
            return facts;
        }
    };
    tell(Event::Begins(format!("booting, hardened ({})", facts.hardening.join(", "))));
    match main_boot(driver, plan, options, &probe, &mut facts) {
        Ok((booted, launch)) => {
            facts.hardening = hardening(&launch);
            let attempts = booted.attempts;
            let answer = booted.last_answer.clone();
            let ready = booted.boot.ready;
            facts.ready = Observed::Seen(ReadyFacts {
                boot: booted.boot.clone(),
                probe: probe.words(),
                probe_source: probe_source.to_owned(),
                attempts,
                last_answer: plan.shown(&answer),
            });
            if ready && let Some(container) = &booted.container {
                observe(container.as_ref(), plan, subject, options, &probe, &mut facts, tell);
            } else {
                let why = format!("the service did not become ready ({})", plan.shown(&answer));
                facts.not_run_after_ready(&why);
            }
            drop(booted);
            if ready {
                further_boots(driver, plan, &launch, subject, options, &probe, &mut facts, tell);
            }
        }
        Err(error) => facts.not_run(&error.to_string()),
    }
    if facts.volumes == Observed::NotTried {
        facts.volumes = Observed::Seen(need::volumes(plan, subject));
    }
    facts.ms = millis(begun);
    facts
}

/// The hardened boot; where it fails, one on a writable root tells whether the read-only root is to blame.
fn main_boot(
    driver: &dyn Driver,
    plan: &Plan,
    options: &Options,
    probe: &Probe,
    facts: &mut RunFacts,
) -> Result<(Booted, Launch), DriverError> {
    let first = boot(driver, plan, &plan.launch, probe, options.ready)?;
    // The embedded network and Docker's `none` have no way out, so this boot is the one without a network.
    facts.offline = Observed::Seen(first.boot.clone());
    facts.capabilities = Observed::Seen(CapabilityNeed { minimal: true, ..CapabilityNeed::default() });
    if first.boot.ready {
        facts.read_only = Observed::Seen(first.boot.clone());
        return Ok((first, plan.launch.clone()));
    }
    let mut launch = plan.launch.clone();
    launch.read_only = false;
    drop(first.container);
    let second = boot(driver, plan, &launch, probe, options.ready)?;
    if second.boot.ready {
        facts.read_only = Observed::Seen(first.boot);
        facts.offline = Observed::Seen(second.boot.clone());
        return Ok((second, launch));
    }
    let most = second.boot.exit.map_or(&first.boot, |_| &second.boot);
    if let Some((booted, launch, need)) = need::capabilities(driver, plan, probe, options.ready, most)? {
        facts.capabilities = Observed::Seen(need);
        facts.offline = Observed::Seen(booted.boot.clone());
        let failed = if launch.read_only { booted.boot.clone() } else { first.boot };
        facts.read_only = Observed::Seen(failed);
        return Ok((booted, launch));
    }
    facts.capabilities = Observed::NotRun(
        "the service does not become ready with an engine's default capabilities either".to_owned(),
    );
    facts.read_only = Observed::NotRun(
        "the service becomes ready neither on a read-only nor on a writable root".to_owned(),
    );
    facts.offline = Observed::NotRun(
        "the service does not become ready, and there is no network to compare with".to_owned(),
    );
    Ok((
        Booted {
            boot: first.boot,
            container: second.container,
            attempts: first.attempts,
            last_answer: first.last_answer,
        },
        launch,
    ))
}

/// Everything that is seen on the main boot, in the order that disturbs it least.
fn observe(
    container: &dyn Container,
    plan: &Plan,
    subject: &Subject<'_>,
    options: &Options,
    probe: &Probe,
    facts: &mut RunFacts,
    tell: &mut dyn FnMut(Event),
) {
    facts.privileges = match container.status() {
        Ok(status) => Observed::Seen(CapabilityFacts {
            uid: status.uid,
            gid: status.gid,
            bounding: capability_names(status.bounding),
            effective: capability_names(status.effective),
            no_new_privileges: status.no_new_privileges,
            seccomp: status.seccomp,
        }),
        Err(error) => Observed::NotRun(error.to_string()),
    };
    facts.sockets = match container.sockets() {
        Ok(sockets) => Observed::Seen(sockets),
        Err(error) => Observed::NotRun(error.to_string()),
    };
    let port = probe.port(subject);
    let mut answers = Vec::new();
    if subject.test.http.is_empty() {
        facts.http = Observed::NotApplicable("no `[[image.test.http]]` request is configured".to_owned());
    } else {
        tell(Event::Begins("asking the configured requests".to_owned()));
        let results = subject
            .test
            .http
            .iter()
            .map(|expectation| expect::http(container, plan, expectation, port, &mut answers));
        facts.http = Observed::Seen(results.collect());
    }
    if subject.test.command.is_empty() {
        facts.commands = Observed::NotApplicable("no `[[image.test.command]]` is configured".to_owned());
    } else {
        tell(Event::Begins("running the configured commands inside".to_owned()));
        let results = subject.test.command.iter().map(|command| expect::command(container, plan, command));
        facts.commands = Observed::Seen(results.collect());
    }
    facts.probes = subject.probes.iter().map(|argv| expect::probe(container, plan, argv)).collect();
    tell(Event::Begins("watching the health check".to_owned()));
    facts.health = match health::watch(container, plan, subject) {
        Some(health) => Observed::Seen(health),
        None => Observed::NotApplicable("the image declares no health check".to_owned()),
    };
    if let Some(exit) = facts.health.seen().and_then(|health| health.ended) {
        let why = format!("the service was ended by its health check ({})", exit.status());
        facts.load = Observed::NotRun(why.clone());
        facts.idle = Observed::NotRun(why.clone());
        facts.egress = Observed::NotRun(why.clone());
        facts.stop = Observed::NotRun(why.clone());
        facts.drain = Observed::NotRun(why);
        facts.logs = Observed::Seen(read_logs(container, plan, &answers));
        return;
    }
    tell(Event::Begins("asking the same many times, and watching it at rest".to_owned()));
    let (half, patience) = if options.thorough { THOROUGH_LOAD } else { LOAD };
    let asked = match probe {
        Probe::Http(request, _) => Some(request),
        Probe::Command(..) | Probe::Tcp(_) | Probe::Alive => None,
    };
    facts.load = match idle::load(container, asked, port, half, patience) {
        Some(load) => Observed::Seen(load),
        None => Observed::NotApplicable("no port of the service is known".to_owned()),
    };
    facts.idle = observed(idle::idle(container, PROCESSES));
    facts.egress = observed(
        container.unreached().map(|counted| EgressFacts { direct: counted.direct, lookups: counted.lookups }),
    );
    // A second port may open a little later than the first.
    if let (Observed::Seen(sockets), Ok(later)) = (&mut facts.sockets, container.sockets()) {
        sockets.extend(later);
        sockets.sort();
        sockets.dedup();
    }
    facts.memory_peak = container.memory_peak();
    let signal = subject.image.config.config.stop_signal.clone().unwrap_or_else(|| "SIGTERM".to_owned());
    let hangs = facts.load.seen().is_some_and(|load| load.error.is_some() && load.answered > 0);
    let drain = if hangs {
        Err("the service had stopped answering before the stop signal came".to_owned())
    } else {
        drain_request(plan, subject, probe, port)
    };
    let asking = if matches!(drain, Ok(Some(_))) { " with a request under way" } else { "" };
    tell(Event::Begins(format!("stopping it by {signal}{asking}")));
    let under_way = match &drain {
        Ok(Some((request, port))) => Some((request, *port)),
        Ok(None) | Err(_) => None,
    };
    match stop::stop(container, plan, &signal, options.grace, under_way) {
        Ok((stopped, drained)) => {
            facts.stop = Observed::Seen(stopped);
            facts.drain = match (drained, drain) {
                (stop::Drained::Seen(drained), _) => Observed::Seen(drained),
                (stop::Drained::Early(line), _) => {
                    let why = format!(
                        "`{line}` was answered before the stop signal came, so none was under way; name a request with a body as `[image.test.drain]`"
                    );
                    // What was asked for and could not be shown is a gap; what nobody asked for is none.
                    if subject.test.drain.is_some() {
                        Observed::NotRun(why)
                    } else {
                        Observed::NotApplicable(why)
                    }
                }
                (stop::Drained::Nothing, Err(why)) => Observed::NotRun(why),
                (stop::Drained::Nothing, Ok(_)) => {
                    Observed::NotApplicable("the service answers no HTTP request that is known".to_owned())
                }
            };
        }
        Err(error) => {
            facts.stop = Observed::NotRun(error.to_string());
            facts.drain = Observed::NotRun(error.to_string());
        }
    }
    facts.logs = Observed::Seen(read_logs(container, plan, &answers));
}

/// What was logged so far.
fn read_logs(container: &dyn Container, plan: &Plan, answers: &[String]) -> seaworthy_facts::LogFacts {
    let mut read = logs::read(&container.logs(), container.logs_truncated(), plan, answers);
    read.bytes = container.logged();
    read.ms = millis(container.started());
    read
}

/// An observation, or why there is none.
fn observed<T>(result: Result<T, DriverError>) -> Observed<T> {
    result.map_or_else(|error| Observed::NotRun(error.to_string()), Observed::Seen)
}

/// The request that is under way at the stop: the configured one, else the ready request.
fn drain_request(
    plan: &Plan,
    subject: &Subject<'_>,
    probe: &Probe,
    port: Option<u16>,
) -> Result<Option<(Request, u16)>, String> {
    if let Some(expectation) = &subject.test.drain {
        let request = plan.request(expectation)?;
        let port = request.port.or(port).ok_or("the drain request names no port")?;
        return Ok(Some((request, port)));
    }
    match probe {
        Probe::Http(request, port) => Ok(Some((request.clone(), *port))),
        Probe::Command(..) | Probe::Tcp(_) | Probe::Alive => Ok(None),
    }
}

/// The boots that follow the main one; they run beside one another.
#[expect(clippy::too_many_arguments, reason = "the parts of one trial, each used once")]
fn further_boots(
    driver: &dyn Driver,
    plan: &Plan,
    launch: &Launch,
    subject: &Subject<'_>,
    options: &Options,
    probe: &Probe,
    facts: &mut RunFacts,
    tell: &mut dyn FnMut(Event),
) {
    let port = probe.port(subject);
    let base = Plan { launch: launch.clone(), ..plan.clone() };
    let without = match subject.required.len() {
        0 => String::new(),
        1 => ", and once without a required variable".to_owned(),
        count => format!(", and {count} times without a required variable"),
    };
    tell(Event::Begins(format!("booting on a writable root{without}")));
    // A refusal may take as long as a start does on this machine at this hour, unless the policy has a limit.
    let started = facts.ready.seen().map_or(0, |ready| ready.boot.ms);
    let refuse = match subject.test.refuse_within {
        Some(_) => options.refuse,
        None => options.refuse.max(Duration::from_millis(started.saturating_mul(4))),
    };
    let (written, missed) = std::thread::scope(|scope| {
        let written = scope.spawn(|| writes::observe(driver, &base, subject, probe, port, options.ready));
        let width = pool::width(facts.memory_peak).saturating_sub(1).max(1);
        let missed = missing::each(driver, &base, subject.required, probe, refuse, width);
        (written.join(), missed)
    });
    match written {
        Ok(Ok(Some(written))) => {
            facts.writes = Observed::Seen(written.writes);
            if let Observed::Seen(logs) = &mut facts.logs {
                logs.log_files = written.log_files;
            }
        }
        Ok(Ok(None)) => {
            facts.writes = Observed::NotRun("the service did not become ready on a writable root".to_owned());
        }
        Ok(Err(error)) => facts.writes = Observed::NotRun(error.to_string()),
        Err(_) => facts.writes = Observed::NotRun("the boot on a writable root broke off".to_owned()),
    }
    let read_only = facts.read_only.seen().is_none_or(|boot| boot.ready);
    facts.tmpfs = match &facts.writes {
        Observed::Seen(writes) => match need::tmpfs(driver, &base, subject, probe, options.ready, writes) {
            Ok(Some(need)) => Observed::Seen(need),
            Ok(None) if read_only => {
                Observed::NotApplicable("it writes nowhere else than where it may".to_owned())
            }
            Ok(None) => {
                Observed::NotRun("no write was seen that a temporary file system would take".to_owned())
            }
            Err(error) => Observed::NotRun(error.to_string()),
        },
        _ => Observed::NotRun("what it writes is not known".to_owned()),
    };
    if options.thorough {
        tell(Event::Begins(
            "booting as another user, with other signals and values, twice on the same volumes".to_owned(),
        ));
        let (ready, grace, refuse) = (options.ready, options.grace, options.refuse);
        let width = pool::width(facts.memory_peak);
        Stage { driver, plan: &base, subject, probe, ready, grace, refuse, width }.observe(facts);
    } else {
        let why = || "looked at only with `--thorough`".to_owned();
        facts.any_user = Observed::NotApplicable(why());
        facts.signals = Observed::NotApplicable(why());
        facts.restart = Observed::NotApplicable(why());
        facts.replica = Observed::NotApplicable(why());
        facts.wrong = Observed::NotApplicable(why());
    }
    facts.missing = match missed {
        _ if subject.required.is_empty() => {
            Observed::NotApplicable("no document and no policy calls a variable required".to_owned())
        }
        Ok(missed) => Observed::Seen(missed),
        Err(error) => Observed::NotRun(error.to_string()),
    };
}

/// The conditions of the main boot, in words.
fn hardening(launch: &Launch) -> Vec<String> {
    let mut words = vec![format!("user {}:{}", launch.uid, launch.gid)];
    if launch.read_only {
        words.push("read-only root".to_owned());
    }
    if launch.capabilities.is_empty() {
        words.push("no capabilities".to_owned());
    } else {
        words.push(format!("only {}", launch.capabilities.join(" ")));
    }
    words.push("no new privileges".to_owned());
    let peers: Vec<&str> = launch.peers.iter().map(|peer| peer.name.as_str()).collect();
    words.push(if peers.is_empty() {
        "no network".to_owned()
    } else {
        format!("no network but to {}", peers.join(" "))
    });
    let mounts: Vec<&str> = launch.tmpfs.iter().map(|mount| mount.path.as_str()).collect();
    if !mounts.is_empty() {
        words.push(format!("tmpfs {}", mounts.join(" ")));
    }
    words
}

/// Names of the capabilities in a mask; a bit without a name shows its number.
fn capability_names(mask: u64) -> Vec<String> {
    let named = CapSet::from_bits(mask & CapSet::all().bits());
    let unknown = (0..64).filter(|bit| (mask & !CapSet::all().bits()) >> bit & 1 == 1);
    named.names().into_iter().map(str::to_owned).chain(unknown.map(|bit| format!("CAP_{bit}"))).collect()
}
