//! Reports services that share a namespace with the host.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "host-namespace",
    summary: "a service shares a namespace with the host",
    passes: "no service shares a namespace with the host",
    family: Compose, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: ["CL-0008", "CL-0010"], refs: ["CIS Docker Benchmark 5.9, 5.15, 5.16, 5.20"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let modes = [
            (
                "network_mode",
                &service.network_mode,
                &["CL-0008"][..],
                "it sees and may open every port of the host, loopback services included",
            ),
            ("pid", &service.pid, &["CL-0010"][..], "it sees and may signal every process of the host"),
            (
                "ipc",
                &service.ipc,
                &["CL-0010"][..],
                "it reads and writes the shared memory of the host's processes",
            ),
            ("uts", &service.uts, &[][..], "with the right capability it renames the host"),
            (
                "userns_mode",
                &service.userns_mode,
                &[][..],
                "the engine's mapping of users is switched off for it",
            ),
            ("cgroup", &service.cgroup, &[][..], "it sees the host's control groups"),
        ];
        for (key, mode, aliases, why) in modes {
            let Some(mode) = mode.as_ref().filter(|mode| mode.value == "host") else { continue };
            out.finding(format!("service `{}` has `{key}: host`", service.name))
                .aliases(aliases)
                .why(why)
                .help(if key == "network_mode" {
                    "use a network of its own and publish the ports it needs".to_owned()
                } else {
                    format!("remove `{key}`")
                })
                .at_file(&compose.file, mode.span)
                .command(config(compose, service));
        }
    }
}
