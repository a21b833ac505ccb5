//! Reports published container ports that the Dockerfile does not expose.

use super::exposed;
use crate::{Cx, Sink, text};

declare_rule! {
    name: "port-mismatch",
    summary: "a port is published that the image does not expose",
    passes: "every published port is exposed by the image",
    family: Document, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: ["x/port-not-exposed", "x/readme-port"], refs: ["Dockerfile reference, EXPOSE"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let why = "who follows it gets a port nobody listens on";
    let list = |ports: &std::collections::BTreeSet<u16>| {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        text::names(&ports, 5)
    };
    for compose in cx.composes() {
        for service in &compose.services {
            let Some(docker) = cx.service_dockerfile(service) else { continue };
            let Some(known) = exposed(docker) else { continue };
            for port in &service.ports {
                let Ok(target) = port.target.parse::<u16>() else { continue };
                if known.contains(&target) {
                    continue;
                }
                out.finding(format!(
                    "service `{}` publishes container port {target}, `{}` exposes {}",
                    service.name,
                    docker.file.path,
                    list(&known)
                ))
                .aliases(&["x/port-not-exposed"])
                .why(why)
                .help("publish the exposed port, or correct `EXPOSE`")
                .at_file(&compose.file, port.span)
                .command(format!("grep -n EXPOSE {}", docker.file.path));
            }
        }
    }
    let Some(docker) = cx.main_dockerfile() else { return };
    let Some(known) = exposed(docker) else { return };
    for document in cx.documents() {
        for port in document
            .ports
            .iter()
            .filter(|port| !known.contains(&port.port) && !foreign(&document.file.text, port.span.start))
        {
            out.finding(format!(
                "the command publishes container port {}, `{}` exposes {}",
                port.port,
                docker.file.path,
                list(&known)
            ))
            .aliases(&["x/readme-port"])
            .why(why)
            .help("publish the exposed port, or correct `EXPOSE`")
            .at_file(&document.file, port.span)
            .command(format!("grep -n EXPOSE {}", docker.file.path));
        }
    }
}

/// Whether the command's line runs a well-known image of others.
fn foreign(text: &str, at: usize) -> bool {
    const OTHERS: [&str; 12] = [
        "postgres",
        "redis",
        "mysql",
        "mariadb",
        "mongo",
        "nginx",
        "rabbitmq",
        "memcached",
        "registry",
        "minio",
        "grafana",
        "elasticsearch",
    ];
    let start = text[..at].rfind('\n').map_or(0, |start| start + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    line.split_whitespace().any(|word| {
        let name = word.rsplit('/').next().unwrap_or(word).split([':', '@']).next().unwrap_or_default();
        OTHERS.contains(&name)
    })
}
