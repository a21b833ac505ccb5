//! Reports mounts of directories that are the host's own.

use super::docker_socket_mount::is_socket;
use super::support::{HostPath, below, config, host_paths, services};
use crate::{Cx, Sink};
use seaworthy_finding::{Persona, Severity};

declare_rule! {
    name: "sensitive-host-path",
    summary: "a service gets a directory that is the host's own",
    passes: "no service gets a directory that is the host's own",
    family: Compose, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["CL-0013", "CL-0025"], refs: ["CIS Docker Benchmark 5.5"],
}

/// Who can write here is root on the host; what is below counts too.
const ROOT: [&str; 14] = [
    "/etc",
    "/root",
    "/boot",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/proc",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/bin",
    "/sbin",
    "/lib/modules",
    "/usr/lib/modules",
];
/// The same for these directories themselves, not for what is below.
const ROOT_EXACT: [&str; 5] = ["/var/lib", "/usr", "/usr/lib", "/lib", "/lib64"];
/// Programs and modules: nothing to read there that is a secret.
const PUBLIC: [&str; 12] = [
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/bin",
    "/sbin",
    "/lib/modules",
    "/usr/lib/modules",
    "/usr/lib",
    "/lib",
    "/lib64",
];
const HARMLESS: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const CLOCK: [&str; 2] = ["/etc/localtime", "/etc/timezone"];
const KEYS: [&str; 5] = [".ssh", ".docker", ".aws", ".kube", ".gnupg"];

/// What is wrong with a mount: the peer's code, how bad it is, and why.
fn judge(host: &HostPath) -> Option<(&'static str, Severity, &'static str)> {
    let path = host.clean.as_str();
    if HARMLESS.contains(&path) {
        return None;
    }
    if CLOCK.contains(&path) {
        let why = "the container may change the host's clock settings; it needs to read them only";
        return (!host.read_only).then_some(("CL-0013", Severity::Medium, why));
    }
    if ["/sys", "/dev"].iter().any(|above| below(path, above)) {
        return Some((
            "CL-0013",
            Severity::High,
            "it shows, and may change, the kernel's and the devices' state",
        ));
    }
    if home(path) {
        return Some(("CL-0013", Severity::High, "it holds the keys and data of the host's users"));
    }
    if !is_socket(&host.path, path) && ["/run/", "/var/run/"].iter().any(|above| path.starts_with(above)) {
        return Some(("CL-0013", Severity::High, "sockets and states of the host's services live there"));
    }
    let root =
        ROOT.iter().find(|above| below(path, above)).or(ROOT_EXACT.iter().find(|exact| path == **exact))?;
    if !host.read_only {
        let why = "who can write there changes what the host runs as root";
        return Some(("CL-0025", Severity::Critical, why));
    }
    let why = "the host's configuration and credentials can be read there";
    (!PUBLIC.contains(root)).then_some(("CL-0013", Severity::High, why))
}

/// What programs that watch the host are given to read, as their makers say.
fn watched(host: &HostPath) -> bool {
    host.read_only && ["/proc", "/sys"].iter().any(|above| below(&host.clean, above))
}

/// Home directories, and the directories of keys in them.
fn home(path: &str) -> bool {
    if let Some(rest) = path.strip_prefix('~') {
        return rest.is_empty()
            || KEYS.contains(&rest.trim_start_matches('/').split('/').next().unwrap_or(""));
    }
    let Some(rest) = path.strip_prefix("/home") else { return false };
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    match parts.as_slice() {
        [] => rest.is_empty(),
        [_] => true,
        [_, directory, ..] => KEYS.contains(directory),
    }
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        for host in host_paths(compose, service) {
            let Some((alias, severity, why)) = judge(&host) else { continue };
            let how = if host.read_only { "for reading" } else { "for writing" };
            out.finding(format!("service `{}` mounts the host's `{}` {how}", service.name, host.path))
                .aliases(&[alias])
                .severity(severity)
                .persona(if watched(&host) { Persona::Pedantic } else { Persona::Regular })
                .why(why)
                .help("mount the one file it needs with `:ro`, copy it into the image, or use a named volume")
                .at_file(&compose.file, host.span)
                .command(config(compose, service));
        }
    }
}
