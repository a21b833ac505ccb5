//! Reports keys of services that do not stand in the usual order.

use super::support::services;
use crate::{Cx, Sink};

declare_rule! {
    name: "unordered-service-keys",
    summary: "the keys of a service do not stand in the usual order",
    passes: "the keys of every service stand in the usual order",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["dclint/service-keys-order"], refs: [],
}

/// What the service is, what it needs, its data, its environment, its network, how it runs, who watches it, as whom.
const ORDER: [&str; 23] = [
    "image",
    "build",
    "container_name",
    "depends_on",
    "volumes",
    "volumes_from",
    "configs",
    "secrets",
    "environment",
    "env_file",
    "ports",
    "networks",
    "network_mode",
    "extra_hosts",
    "command",
    "entrypoint",
    "working_dir",
    "restart",
    "healthcheck",
    "logging",
    "labels",
    "user",
    "isolation",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        // Keys without a usual place come last, by their names.
        let place = |key: &str| {
            let at = ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
            (at, if at == ORDER.len() { key.to_owned() } else { String::new() })
        };
        for pair in service.keys.windows(2) {
            let (before, key) = (&pair[0].value, &pair[1]);
            if place(&key.value) < place(before) {
                out.finding(format!(
                    "`{}` of service `{}` stands behind `{before}`",
                    key.value, service.name
                ))
                .why("in a long file keys are found by their order")
                .help(format!("move `{}` up", key.value))
                .at_file(&compose.file, key.span)
                .command(format!("grep -n -A30 '{}:' {}", service.name, compose.file.path));
            }
        }
    }
}
