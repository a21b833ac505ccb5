//! Reports services that stay down when they fail.

use super::support::config;
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "missing-restart-policy",
    summary: "a service stays down when it fails",
    passes: "every service is started again when it fails",
    family: Compose, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Compose specification, restart"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes().iter().filter(|compose| !compose.partial) {
        // What others wait for to complete is meant to end.
        let tasks: BTreeSet<&str> = compose
            .services
            .iter()
            .flat_map(|service| &service.depends_on)
            .filter(|need| {
                let condition = need.condition.as_ref();
                condition.is_some_and(|known| known.value == "service_completed_successfully")
            })
            .map(|need| need.service.value.as_str())
            .collect();
        for service in compose.services.iter().filter(|service| !service.provider) {
            if service.restart.is_some()
                || service.deploy_restart.is_some()
                || tasks.contains(service.name.as_str())
                || !service.profiles.is_empty()
            {
                continue;
            }
            out.finding(format!("service `{}` has no restart policy", service.name))
                .why("after a crash, or a restart of the host, it stays down")
                .help("add `restart: unless-stopped`, or `restart: \"no\"` where that is meant")
                .at_file(&compose.file, service.name_span)
                .command(config(compose, service));
        }
    }
}
