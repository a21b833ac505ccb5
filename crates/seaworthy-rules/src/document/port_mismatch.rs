//! Reports published container ports that the Dockerfile does not expose.

use super::{exposed, own::Own, published};
use crate::{Cx, Sink, text};
use seaworthy_facts::DocCommand;
use std::collections::BTreeMap;

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
    // Many services may build one Dockerfile.
    let mut read = BTreeMap::new();
    for compose in cx.composes() {
        for service in compose.services.iter().filter(|service| !service.ports.is_empty()) {
            let Some(docker) = cx.service_dockerfile(compose, service) else { continue };
            let known = read.entry(docker.file.path.as_str()).or_insert_with(|| exposed(docker));
            let Some(known) = known else { continue };
            for port in &service.ports {
                let Ok(target) = port.target.parse::<u16>() else { continue };
                if known.contains(&target) {
                    continue;
                }
                out.finding(format!(
                    "service `{}` publishes container port {target}, `{}` exposes {}",
                    service.name,
                    docker.file.path,
                    list(known)
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
    let own = Own::of(cx);
    for document in cx.documents() {
        for command in &document.commands {
            let runs = matches!(command.verb.as_str(), "run" | "create") && !command.inline;
            let Some(image) = command.image().filter(|_| runs) else { continue };
            let ours = own.makes(&image.value);
            // With several images in a project, an unknown name may be any of them.
            if ours == Some(false) || (ours.is_none() && cx.dockerfiles().len() > 1) {
                continue;
            }
            for (span, port) in published(command) {
                let Ok(target) = port.target.parse::<u16>() else { continue };
                if known.contains(&target) || told(command, target) {
                    continue;
                }
                out.finding(format!(
                    "the command publishes container port {target}, `{}` exposes {}",
                    docker.file.path,
                    list(&known)
                ))
                .aliases(&["x/readme-port"])
                .why(why)
                .help("publish the exposed port, or correct `EXPOSE`")
                .at_file(&document.file, span)
                .command(format!("grep -n EXPOSE {}", docker.file.path));
            }
        }
    }
}

/// Whether the command itself tells the service which port to take.
fn told(command: &DocCommand, port: u16) -> bool {
    let port = port.to_string();
    let names = |text: &str| text.split(|c: char| !c.is_ascii_digit()).any(|part| part == port);
    command.values("env").any(|value| names(&value.value))
        || command.operands.iter().skip(1).any(|word| names(&word.value))
        || command.values("expose").any(|value| names(&value.value))
        || command.has("env-file")
        || command.has("entrypoint")
        || command.values("network").any(|value| value.value == "host")
}
