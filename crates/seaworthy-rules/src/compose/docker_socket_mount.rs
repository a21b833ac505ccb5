//! Reports services that get the socket of the container engine.

use super::support::{below, config, host_paths, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "docker-socket-mount",
    summary: "a service gets the socket of the container engine",
    passes: "no service gets the socket of the container engine",
    family: Compose, category: Security, severity: Critical, confidence: High, persona: Regular,
    aliases: ["CL-0001"], refs: ["CIS Docker Benchmark 5.31"],
}

const SOCKETS: [&str; 6] =
    ["docker.sock", "containerd.sock", "podman.sock", "crio.sock", "docker_engine", "systemd/private"];

/// Directories that hold such a socket.
const HOLDERS: [&str; 4] = ["/run/containerd", "/run/systemd", "/var/run", "/run"];

/// Whether a path of the host is such a socket, or a directory with one.
pub(super) fn is_socket(path: &str, clean: &str) -> bool {
    SOCKETS.iter().any(|name| path.contains(name))
        || clean == "/"
        || HOLDERS.iter().any(|holder| clean == *holder || below(holder, clean))
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let mut paths = host_paths(compose, service);
        for mount in service.mounts.iter().filter(|mount| mount.kind == "npipe") {
            let (path, clean) = (mount.source.clone(), mount.source.clone());
            paths.push(super::support::HostPath { path, clean, read_only: false, span: mount.span });
        }
        for host in paths.iter().filter(|host| is_socket(&host.path, &host.clean)) {
            let named = SOCKETS.iter().any(|name| host.path.contains(name));
            let (message, help) = if named {
                (
                    format!("service `{}` mounts `{}`", service.name, host.path),
                    "put a proxy in front that allows the few calls it needs, or do without",
                )
            } else {
                (
                    format!(
                        "service `{}` mounts `{}`, and with it the engine's socket",
                        service.name, host.path
                    ),
                    "mount the files and directories it needs, one by one",
                )
            };
            out.finding(message)
                .why("whoever can write to the socket is root on the host; `:ro` does not change that")
                .help(help)
                .at_file(&compose.file, host.span)
                .command(config(compose, service));
        }
    }
}
