//! Reports mounts whose own mounts reach the host.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "shared-mount-propagation",
    summary: "mounts of a container reach the host",
    passes: "no mount reaches the host",
    family: Compose, category: Security, severity: Medium, confidence: High, persona: Pedantic,
    aliases: ["CL-0017"], refs: ["CIS Docker Benchmark 5.19"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        for mount in &service.mounts {
            let mode = mount.propagation.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
            if !matches!(mode.as_str(), "shared" | "rshared") {
                continue;
            }
            let name = if mount.source.is_empty() { &mount.target } else { &mount.source };
            out.finding(format!("service `{}` mounts `{name}` with propagation `{mode}`", service.name))
                .why("what the container mounts below it appears on the host, and the other way round")
                .help(
                    "leave the propagation out, or use `rslave` where only the host's mounts have to arrive",
                )
                .at_file(&compose.file, mount.span)
                .command(config(compose, service));
        }
    }
}
