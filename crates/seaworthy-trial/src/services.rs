//! The images booted beside the one under test: what each is booted with, when it is ready, and how it is reached.

use crate::boot::TAIL;
use crate::driver::{Container, Driver, Launch, Peer};
use crate::http::{self, Request};
use crate::plan::{Beside, PlanError, Secret, default_env, environment, groups, volumes_of};
use crate::trial::Event;
use seaworthy_finding::{Command, did_you_mean, format_ms};
use seaworthy_sandbox::CapSet;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two questions.
const STEP: Duration = Duration::from_millis(20);

/// A service of the plan.
#[derive(Clone)]
pub struct ServicePlan {
    /// The name it is reached by.
    pub name: String,
    pub(crate) launch: Launch,
    ready: Ready,
    limit: Duration,
    /// The port its address stands for.
    port: Option<u16>,
}

/// What tells that a service is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ready {
    /// A request that is answered with a status below 400.
    Http(Request, u16),
    /// A port that takes connections.
    Tcp(u16),
    /// A command that exits 0 while the port, where one is known, takes connections: a database says that it is ready
    /// through its local socket while its first start is still under way.
    Command(Vec<String>),
    /// It still runs after a second.
    Alive,
}

impl Ready {
    fn words(&self) -> String {
        match self {
            Self::Http(request, port) => format!("{} :{port}{}", request.method, request.path),
            Self::Tcp(port) => format!("a connection to port {port}"),
            Self::Command(argv) => format!("`{}`", argv.join(" ")),
            Self::Alive => "still running after 1 s".to_owned(),
        }
    }
}

impl ServicePlan {
    /// Resolves one service; its generated and secret values join those of the run.
    pub(crate) fn new(
        beside: &Beside<'_>,
        values: &mut BTreeMap<String, String>,
        secrets: &mut Vec<Secret>,
    ) -> Result<Self, PlanError> {
        let (name, config) = (beside.name, beside.config);
        let wrong = |what: String| PlanError::Policy(format!("service `{name}`: {what}"));
        if !is_host_name(name) {
            return Err(wrong("its name must be a host name: letters, digits and `-`".to_owned()));
        }
        let image = &beside.image.config.config;
        let argv = match &config.command {
            None => image.argv(),
            Some(command) => image.entrypoint.iter().cloned().chain(words(command)).collect(),
        };
        if argv.is_empty() {
            return Err(wrong("its image has neither an entrypoint nor a command".to_owned()));
        }
        let (uid, gid) = beside
            .image
            .start_ids()
            .ok_or_else(|| wrong(format!("its image's user `{}` does not resolve", image.user)))?;
        let mut env = default_env(image);
        let given = environment(&config.env, &format!("service {name} "), secrets)?;
        for (variable, value) in &given {
            values.insert(format!("services.{name}.env.{variable}"), value.clone());
        }
        env.extend(given);
        let exposed = exposed(image);
        let ready = ready(beside, &exposed).map_err(wrong)?;
        let port = config.port.or(match &ready {
            Ready::Http(_, port) | Ready::Tcp(port) => Some(*port),
            Ready::Command(_) | Ready::Alive => exposed.first().copied(),
        });
        values.insert(format!("services.{name}.host"), name.to_owned());
        if let Some(port) = port {
            values.insert(format!("services.{name}.port"), port.to_string());
        }
        let launch = Launch {
            // It is not judged, so it gets what Docker gives.
            low_ports: true,
            keep: None,
            argv,
            env: env.into_iter().collect(),
            without: Vec::new(),
            cwd: if image.working_dir.is_empty() { "/".to_owned() } else { image.working_dir.clone() },
            uid,
            gid,
            groups: groups(beside.image, uid),
            files: Vec::new(),
            // A service is a means, not the subject: it runs as an engine runs it by default.
            read_only: false,
            tmpfs: volumes_of(beside.image),
            volumes: Vec::new(),
            capabilities: CapSet::docker_default().names().into_iter().map(str::to_owned).collect(),
            memory: None,
            may_gain_privileges: true,
            pids: None,
            names: vec![name.to_owned()],
            peers: Vec::new(),
        };
        let limit = Duration::from_millis(config.ready_timeout.unwrap_or(60_000));
        Ok(Self { name: name.to_owned(), launch, ready, limit, port })
    }

    /// Starts it and waits until it is ready.
    fn start(&self, driver: &dyn Driver, at: usize) -> Result<Peer, String> {
        let failed = |what: String| format!("the service `{}` {what}", self.name);
        let begun = Instant::now();
        let container: Arc<dyn Container> = Arc::from(
            driver.start(&self.launch).map_err(|error| failed(format!("cannot be booted: {error}")))?,
        );
        loop {
            if let Some(exit) = container.wait(Duration::ZERO).map_err(|error| failed(error.to_string()))? {
                let how = format!("ended with status {} before it was ready", exit.status());
                return Err(failed(how + &log(container.as_ref())));
            }
            let Err(last) = self.ask(container.as_ref()) else { break };
            if begun.elapsed() >= self.limit {
                let limit = format_ms(u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX));
                let how = format!("was not ready within {limit}, by {}: {last}", self.ready.words());
                return Err(failed(how + &log(container.as_ref())));
            }
            std::thread::sleep(STEP);
        }
        let listening = container.sockets().unwrap_or_default();
        let mut ports: Vec<u16> = listening
            .into_iter()
            .filter(|socket| socket.protocol == "tcp" && !socket.loopback)
            .map(|socket| socket.port)
            .chain(self.port)
            .collect();
        ports.sort_unstable();
        ports.dedup();
        Ok(Peer { name: self.name.clone(), number: at, ports, container })
    }

    fn ask(&self, container: &dyn Container) -> Result<(), String> {
        let open = |port: u16| {
            let stream = container.connect(port, Duration::from_secs(1));
            stream.map_err(|error| format!("port {port}: {error}"))
        };
        match &self.ready {
            Ready::Http(request, port) => {
                let answer = http::ask(open(*port)?, request, Duration::from_secs(5));
                match answer.map_err(|error| error.to_string())? {
                    answer if answer.status < 400 => Ok(()),
                    answer => Err(format!("status {}", answer.status)),
                }
            }
            Ready::Tcp(port) => open(*port).map(drop),
            Ready::Command(argv) => {
                let result = container.exec(argv, Duration::from_secs(10));
                match (result.status, result.error) {
                    (Some(0), _) => self.port.map_or(Ok(()), |port| open(port).map(drop)),
                    (Some(status), _) => Err(format!("exit {status}: {}", result.output.trim())),
                    (None, Some(error)) => Err(error),
                    (None, None) => Err("it did not end within 10 s".to_owned()),
                }
            }
            Ready::Alive => {
                let old = container.started().elapsed() >= Duration::from_secs(1);
                if old { Ok(()) } else { Err("not yet running for 1 s".to_owned()) }
            }
        }
    }
}

/// Boots the services of a plan beside one another and makes them reachable from its boots.
///
/// # Errors
/// The first service that cannot be booted or does not become ready, in words and with the end of its log.
pub fn attach(
    plan: &mut crate::Plan,
    drivers: &BTreeMap<String, Box<dyn Driver + '_>>,
    tell: &mut dyn FnMut(Event),
) -> Result<(), String> {
    if plan.services.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = plan.services.iter().map(|service| service.name.as_str()).collect();
    tell(Event::Begins(format!("booting beside it: {}", names.join(", "))));
    let started = std::thread::scope(|scope| {
        let threads: Vec<_> = plan
            .services
            .iter()
            .enumerate()
            .map(|(at, service)| {
                scope.spawn(move || match drivers.get(&service.name) {
                    Some(driver) => service.start(driver.as_ref(), at),
                    None => Err(format!("the service `{}` has no image", service.name)),
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(started) => started,
            Err(_) => Err("the start of a service broke off".to_owned()),
        });
        joined.collect::<Vec<_>>()
    });
    let peers: Result<Vec<Peer>, String> = started.into_iter().collect();
    plan.launch.peers = peers.map_err(|why| plan.redact(&why))?;
    Ok(())
}

/// The end of a service's log, for an error.
fn log(container: &dyn Container) -> String {
    let logs = container.logs();
    let lines = logs.tail(TAIL / 2);
    if lines.is_empty() {
        "; it wrote nothing".to_owned()
    } else {
        format!("; its log ends: {}", lines.join(" | "))
    }
}

/// How the policy, else the image, says that a service is ready.
fn ready(beside: &Beside<'_>, exposed: &[u16]) -> Result<Ready, String> {
    let image = &beside.image.config.config;
    let port = beside.config.port.or_else(|| exposed.first().copied());
    match &beside.config.ready {
        Some(Command::Exec(words)) if !words.is_empty() => Ok(Ready::Command(words.clone())),
        Some(Command::Exec(_)) => Err("`ready` is empty".to_owned()),
        Some(Command::Shell(text)) => {
            if let Ok(request) = Request::parse(text) {
                let port = request.port.or(port);
                let port = port.ok_or_else(|| {
                    format!("`ready = \"{text}\"` names no port, and the image exposes none")
                })?;
                return Ok(Ready::Http(request, port));
            }
            if let Some(rest) = text.strip_prefix("tcp") {
                let number = rest.trim().trim_start_matches(':');
                return match (number.parse(), port) {
                    (Ok(port), _) => Ok(Ready::Tcp(port)),
                    (Err(_), Some(port)) if number.is_empty() => Ok(Ready::Tcp(port)),
                    (Err(_), _) => Err(format!("`ready = \"{text}\"`: write it like `tcp :5432`")),
                };
            }
            let argv = words(&Command::Shell(text.clone()));
            if argv.is_empty() { Err("`ready` is empty".to_owned()) } else { Ok(Ready::Command(argv)) }
        }
        None => Ok(match (crate::probe::health_argv_of(image), port) {
            (Some(argv), _) => Ready::Command(argv),
            (None, Some(port)) => Ready::Tcp(port),
            (None, None) => Ready::Alive,
        }),
    }
}

/// A command's words; a text that needs no shell is run without one, for the image may have none.
pub(crate) fn words(command: &Command) -> Vec<String> {
    match command {
        Command::Exec(words) => words.clone(),
        Command::Shell(text) if text.contains(|c: char| "|&;<>()$`\\\"'*?[]#~{}!=\n".contains(c)) => {
            vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()]
        }
        Command::Shell(text) => text.split_whitespace().map(str::to_owned).collect(),
    }
}

/// TCP ports an image exposes, in ascending order.
fn exposed(config: &seaworthy_oci::ContainerConfig) -> Vec<u16> {
    let ports = config.exposed_ports.keys().filter(|key| !key.ends_with("/udp") && !key.ends_with("/sctp"));
    let mut ports: Vec<u16> = ports.filter_map(|key| key.split('/').next()?.parse().ok()).collect();
    ports.sort_unstable();
    ports
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && name != "localhost"
}

/// Replaces `${services.NAME.host}`, `.port` and `.env.VARIABLE`; every other `${…}` stays as it is.
pub(crate) fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${services.") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('}').ok_or_else(|| format!("`{text}`: `${{` is not closed"))?;
        let name = &rest[at + 2..at + end];
        let value = values.get(name).ok_or_else(|| {
            let known: Vec<&str> =
                values.keys().map(String::as_str).filter(|key| key.starts_with("services.")).collect();
            let near = did_you_mean(name, known.iter().copied());
            match near {
                Some(near) => format!("`${{{name}}}` names nothing: did you mean `${{{near}}}`?"),
                None if known.is_empty() => format!("`${{{name}}}` names nothing: there are no services"),
                None => format!("`${{{name}}}` names nothing; known: {}", known.join(", ")),
            }
        })?;
        out.push_str(value);
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_services_are_filled_and_nothing_else() {
        let values = BTreeMap::from([
            ("services.db.host".to_owned(), "db".to_owned()),
            ("services.db.port".to_owned(), "5432".to_owned()),
        ]);
        let filled = fill("pg://${services.db.host}:${services.db.port}/${x}", &values);
        assert_eq!(filled.as_deref(), Ok("pg://db:5432/${x}"));
        assert!(fill("${services.db.prot}", &values).unwrap_err().contains("services.db.port"));
        assert!(fill("${services.db", &values).is_err());
    }

    #[test]
    fn a_plain_command_needs_no_shell() {
        assert_eq!(words(&Command::Shell("pg_isready -U app".to_owned())), ["pg_isready", "-U", "app"]);
        assert_eq!(words(&Command::Shell("a && b".to_owned()))[1], "-c");
    }
}
