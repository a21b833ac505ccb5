//! Reports published ports of services that only internal networks reach.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "internal-network-with-ports",
    summary: "a port is published although only internal networks reach the service",
    passes: "no port is published from an internal network",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["compose.internal+ports"], refs: ["Compose specification, networks: internal"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let internal = |name: &str| compose.internal_networks.iter().any(|known| known == name);
            let default;
            let names: Vec<&str> = if service.networks.is_empty() {
                default = ["default"];
                default.to_vec()
            } else {
                service.networks.iter().map(|network| network.value.as_str()).collect()
            };
            let Some(port) = service.ports.first().filter(|_| service.network_mode.is_none()) else {
                continue;
            };
            if !names.iter().all(|name| internal(name)) {
                continue;
            }
            out.finding(format!(
                "service `{}` publishes {}, but is on the internal network {} only",
                service.name,
                text::count(service.ports.len(), "port"),
                text::names(&names, 3)
            ))
            .why("Docker publishes nothing from an internal network: connections to the port are refused")
            .help("add a second network that is not internal, or remove `ports`")
            .at_file(&compose.file, port.span)
            .command(format!(
                "docker compose -f {} port {} {}",
                compose.file.path, service.name, port.target
            ));
        }
    }
}
