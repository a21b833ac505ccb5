//! Reports health checks without time to start.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "missing-start-period",
    summary: "a health check gives no time to start",
    passes: "every health check gives time to start",
    family: Compose, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Compose specification, healthcheck"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let Some(health) = &service.healthcheck else { continue };
        if health.disabled || health.test.is_empty() || health.start_period.is_some() {
            continue;
        }
        out.finding(format!("the health check of service `{}` has no `start_period`", service.name))
            .why("failures while it starts count, and a slow start makes it unhealthy")
            .help("add `start_period: 30s`, with a time that fits")
            .at_file(&compose.file, health.span)
            .command(config(compose, service));
    }
}
