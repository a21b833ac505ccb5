//! Reports databases on networks that reach the outside.

use super::support::{config, name_and_tag, services};
use crate::{Cx, Sink};

declare_rule! {
    name: "open-database-network",
    summary: "a database is on a network that reaches the outside",
    passes: "every database is on internal networks only",
    family: Compose, category: Security, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["compose.internal-network"], refs: ["Compose specification, networks: internal"],
}

const DATABASES: [&str; 20] = [
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "redis",
    "valkey",
    "memcached",
    "cassandra",
    "couchdb",
    "influxdb",
    "clickhouse-server",
    "elasticsearch",
    "opensearch",
    "etcd",
    "neo4j",
    "timescaledb",
    "postgis",
    "percona",
];

/// Whether an image is a database by its name.
pub(super) fn is_database(image: &str) -> bool {
    let name = name_and_tag(image).0;
    DATABASES.contains(&name.rsplit('/').next().unwrap_or(name))
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx).filter(|(compose, _)| !compose.partial) {
        let Some(image) = service.image.as_ref().filter(|image| is_database(&image.value)) else { continue };
        if service.network_mode.is_some() || !service.ports.is_empty() {
            continue;
        }
        let internal = |name: &str| {
            compose
                .networks
                .iter()
                .any(|network| network.name.value == name && (network.internal || network.external))
        };
        let open = if service.networks.is_empty() {
            (!internal("default")).then_some("default")
        } else {
            service.networks.iter().map(|network| network.value.as_str()).find(|name| !internal(name))
        };
        let Some(open) = open else { continue };
        out.finding(format!(
            "service `{}` runs `{}` on the network `{open}`, which is not internal",
            service.name, image.value
        ))
        .why("a database that was taken over can send its data anywhere")
        .help("put it on a network with `internal: true` that it shares with the services that use it")
        .at_file(&compose.file, service.name_span)
        .command(config(compose, service));
    }
}
