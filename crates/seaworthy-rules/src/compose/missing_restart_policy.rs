//! Reports services that stay down when they fail.

use super::support::{config, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "missing-restart-policy",
    summary: "a service stays down when it fails",
    passes: "every service is started again when it fails",
    family: Compose, category: Runtime, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Compose specification, restart"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx).filter(|(compose, service)| !compose.partial && !service.provider)
    {
        // What others wait for to complete is meant to end.
        let task = compose.services.iter().flat_map(|other| &other.depends_on).any(|need| {
            need.service.value == service.name
                && need
                    .condition
                    .as_ref()
                    .is_some_and(|known| known.value == "service_completed_successfully")
        });
        if service.restart.is_some()
            || service.deploy_restart.is_some()
            || task
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
