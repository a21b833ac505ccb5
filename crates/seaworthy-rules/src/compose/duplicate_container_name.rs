//! Reports container names that two services have.

use super::support::config;
use crate::{Cx, Sink};
use seaworthy_facts::ComposeService;
use seaworthy_finding::Persona;
use std::collections::BTreeMap;

declare_rule! {
    name: "duplicate-container-name",
    summary: "two services have the same container name",
    passes: "every container name is given once",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["dclint/no-duplicate-container-names"], refs: ["Compose specification, container_name"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        let mut known: BTreeMap<&str, &ComposeService> = BTreeMap::new();
        for service in &compose.services {
            let Some(name) = &service.container_name else { continue };
            if let Some(other) = known.get(name.value.as_str()) {
                out.finding(format!(
                    "service `{}` has the container name `{}`, as `{}` has",
                    service.name, name.value, other.name
                ))
                .persona(if alternatives(service, other) { Persona::Pedantic } else { Persona::Regular })
                .why("Docker refuses the second container: the name is in use")
                .help("remove `container_name`, or give each its own")
                .at_file(&compose.file, name.span)
                .command(config(compose, service));
            } else {
                known.insert(&name.value, service);
            }
        }
    }
}

/// Whether no profile starts both services.
fn alternatives(one: &ComposeService, other: &ComposeService) -> bool {
    let shares = one.profiles.iter().any(|name| other.profiles.iter().any(|known| known.value == name.value));
    !one.profiles.is_empty() && !other.profiles.is_empty() && !shares
}
