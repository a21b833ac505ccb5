//! How it is told that a service is ready.

use crate::driver::Container;
use crate::http::{self, Request};
use crate::plan::Subject;
use std::time::Duration;

/// How the answer of a health check begins that could not be started.
const CANNOT: &str = "the health check cannot be run";

/// A question to a service, asked until the answer is good.
#[derive(Clone, Debug)]
pub(crate) enum Probe {
    /// An HTTP request that must be answered with a status below 400.
    Http(Request, u16),
    /// The image's own health check.
    Command(Vec<String>, Duration),
    /// A connection to a port.
    Tcp(u16),
    /// Still running after a second: all that can be asked of a process without ports.
    Alive,
}

impl Probe {
    /// The probe for a subject and where it comes from.
    pub(crate) fn choose(subject: &Subject<'_>) -> Result<(Self, &'static str), String> {
        let ports = exposed(subject);
        if let Some(text) = &subject.test.ready {
            let request = Request::parse(text)?;
            let port = match (request.port, ports.as_slice()) {
                (Some(port), _) => port,
                (None, [port, ..]) => *port,
                (None, []) => {
                    return Err(format!(
                        "`ready = \"{text}\"` names no port and the image exposes none; write `GET :8080/…`"
                    ));
                }
            };
            return Ok((Self::Http(request, port), "seaworthy.toml"));
        }
        if let Some(argv) = health_argv(subject) {
            let timeout = subject.image.config.config.healthcheck.as_ref().map_or(0, |health| health.timeout);
            let timeout = if timeout == 0 { Duration::from_secs(30) } else { Duration::from_nanos(timeout) };
            return Ok((Self::Command(argv, timeout), "HEALTHCHECK"));
        }
        Ok(match ports.first() {
            Some(port) => (Self::Tcp(*port), "EXPOSE"),
            None => (Self::Alive, "no probe is declared"),
        })
    }

    /// The port requests go to: the probe's own, else the first the image exposes.
    pub(crate) fn port(&self, subject: &Subject<'_>) -> Option<u16> {
        match self {
            Self::Http(_, port) | Self::Tcp(port) => Some(*port),
            Self::Command(..) | Self::Alive => exposed(subject).first().copied(),
        }
    }

    /// The probe in words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Http(request, port) => format!("{} :{port}{}", request.method, request.path),
            Self::Command(argv, _) => argv.join(" "),
            Self::Tcp(port) => format!("connect to port {port}"),
            Self::Alive => "still running after 1 s".to_owned(),
        }
    }

    /// Whether an answer means that asking again is in vain: the image has no such program.
    pub(crate) fn in_vain(&self, answer: &str) -> bool {
        matches!(self, Self::Command(..)) && answer.starts_with(CANNOT)
    }

    /// Asks once; the answer in words either way.
    pub(crate) fn ask(&self, container: &dyn Container) -> Result<String, String> {
        match self {
            Self::Http(request, port) => {
                let limit = Duration::from_secs(5);
                let stream = container
                    .connect(*port, Duration::from_secs(1))
                    .map_err(|error| format!("port {port}: {error}"))?;
                let answer = http::ask(stream, request, limit).map_err(|error| error.to_string())?;
                let words = answer.status.to_string();
                if answer.status < 400 { Ok(words) } else { Err(words) }
            }
            Self::Command(argv, timeout) => {
                let result = container.exec(argv, *timeout);
                match (result.status, result.error) {
                    (Some(0), _) => Ok("the health check exits 0".to_owned()),
                    (Some(status), _) => {
                        Err(format!("the health check exits {status}: {}", result.output.trim()))
                    }
                    (None, Some(error)) => Err(format!("{CANNOT}: {error}")),
                    (None, None) => Err("the health check did not end in time".to_owned()),
                }
            }
            Self::Tcp(port) => match container.connect(*port, Duration::from_secs(1)) {
                Ok(_) => Ok(format!("port {port} accepts connections")),
                Err(error) => Err(format!("port {port}: {error}")),
            },
            Self::Alive => {
                if container.started().elapsed() >= Duration::from_secs(1) {
                    Ok("still running after 1 s".to_owned())
                } else {
                    Err("not yet running for 1 s".to_owned())
                }
            }
        }
    }
}

/// TCP ports the image exposes, in ascending order.
pub(crate) fn exposed(subject: &Subject<'_>) -> Vec<u16> {
    let mut ports: Vec<u16> = subject
        .image
        .config
        .config
        .exposed_ports
        .keys()
        .filter(|key| !key.ends_with("/udp") && !key.ends_with("/sctp"))
        .filter_map(|key| key.split('/').next()?.parse().ok())
        .collect();
    ports.sort_unstable();
    ports
}

/// The declared health check as a command, where one is declared and not switched off.
pub(crate) fn health_argv(subject: &Subject<'_>) -> Option<Vec<String>> {
    health_argv_of(&subject.image.config.config)
}

/// The same of any image's configuration.
pub(crate) fn health_argv_of(config: &seaworthy_oci::ContainerConfig) -> Option<Vec<String>> {
    let health = config.healthcheck.as_ref()?;
    match health.test.split_first() {
        Some((kind, rest)) if kind == "CMD" && !rest.is_empty() => Some(rest.to_vec()),
        Some((kind, rest)) if kind == "CMD-SHELL" && !rest.is_empty() => {
            let shell = if config.shell.is_empty() {
                vec!["/bin/sh".to_owned(), "-c".to_owned()]
            } else {
                config.shell.clone()
            };
            Some(shell.into_iter().chain([rest.join(" ")]).collect())
        }
        _ => None,
    }
}
