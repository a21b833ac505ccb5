//! Reports services that get the socket of the container engine.

use crate::{Cx, Sink};

declare_rule! {
    name: "docker-socket-mount",
    summary: "a service gets the socket of the container engine",
    passes: "no service gets the socket of the container engine",
    family: Compose, category: Security, severity: Critical, confidence: High, persona: Regular,
    aliases: ["CL-0001"], refs: ["CIS Docker Benchmark 5.31"],
}

const SOCKETS: [&str; 5] = ["docker.sock", "containerd.sock", "podman.sock", "crio.sock", "docker_engine"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            for volume in &service.volumes {
                let source = volume.value.split(':').next().unwrap_or_default();
                let whole = matches!(source.trim_end_matches('/'), "" | "/var" | "/var/run" | "/run")
                    && source.starts_with('/');
                if !whole && !SOCKETS.iter().any(|name| volume.value.contains(name)) {
                    continue;
                }
                out.finding(format!("service `{}` mounts `{}`", service.name, volume.value))
                    .why("whoever can write to the socket is root on the host; `:ro` does not change that")
                    .help("put a proxy in front that allows the few calls it needs, or do without")
                    .at_file(&compose.file, volume.span)
                    .command(format!("docker compose -f {} config {}", compose.file.path, service.name));
            }
        }
    }
}
