//! Reports privileged services.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "privileged-service",
    summary: "a service gets the host's rights",
    passes: "no service gets the host's rights",
    family: Compose, category: Security, severity: Critical, confidence: High, persona: Regular,
    aliases: ["CL-0002"], refs: ["CIS Docker Benchmark 5.4"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        if let Some(flag) = service.privileged.as_ref().filter(|flag| flag.value) {
            out.finding(format!("service `{}` is privileged", service.name))
                .why("it may do everything root may do on the host")
                .help("remove `privileged` and add the one capability or device it needs")
                .at_file(&compose.file, flag.span)
                .command(config(compose, service));
        }
    }
}
