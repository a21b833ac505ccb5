//! Reports ports published on every interface of the host.

use super::open_database_network::is_database;
use super::support::services;
use crate::{Cx, Sink};
use seaworthy_facts::{ComposePort, ComposeService};
use seaworthy_finding::{Applicability, Edit, Persona, Span};
use std::net::IpAddr;

declare_rule! {
    name: "published-on-all-interfaces",
    summary: "a port is published on every interface of the host",
    passes: "every published port names an address",
    family: Compose, category: Security, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["CL-0005", "dclint/no-unbound-port-interfaces", "compose.private-bind"], refs: ["Docker, packet filtering and firewalls"],
}

/// Whether an address is every address of the host, however it is written.
fn is_wildcard(text: &str) -> bool {
    let bare = text.trim().trim_matches(['[', ']']);
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_unspecified(),
        Ok(IpAddr::V6(address)) => {
            address.is_unspecified() || address.to_ipv4_mapped().is_some_and(|mapped| mapped.is_unspecified())
        }
        Err(_) => bare == "*" || bare.is_empty(),
    }
}

/// Ports of databases, queues, and of programs whose port is as good as root on the host.
const INTERNAL: [&str; 20] = [
    "2375", "2379", "2380", "3306", "5432", "5433", "5672", "5984", "6379", "6380", "7474", "7687", "8086",
    "9042", "9092", "9200", "9300", "11211", "27017", "27018",
];

/// Whether nobody outside is meant to reach a port. Web servers, mail servers and the like are published on purpose.
fn is_internal(service: &ComposeService, port: &ComposePort) -> bool {
    let target = port.target.split('/').next().unwrap_or_default();
    service.image.as_ref().is_some_and(|image| is_database(&image.value)) || INTERNAL.contains(&target)
}

/// The edit that binds a short form to the loopback address.
fn bind(port: &ComposePort, source: &str) -> Option<Edit> {
    if port.shared || !port.short || port.host_ip.is_some() {
        return None;
    }
    let shown = source.trim_matches(['"', '\'']);
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:/tcpud".contains(&byte))
    };
    if !plain(shown) {
        return None;
    }
    // A port alone is published on one the host chooses, and stays so.
    let text =
        if port.published.is_some() { format!("127.0.0.1:{shown}") } else { format!("127.0.0.1::{shown}") };
    let start = port.span.start + source.find(shown)?;
    let text = if source == shown { format!("\"{text}\"") } else { text };
    Some(Edit { span: Span::new(start, start + shown.len()), text })
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        for port in &service.ports {
            if !is_wildcard(port.host_ip.as_deref().unwrap_or_default()) {
                continue;
            }
            let named = match &port.published {
                Some(published) => format!("{published}:{}", port.target),
                None => port.target.clone(),
            };
            let finding = out
                .finding(format!("service `{}` publishes `{named}` on every interface", service.name))
                .aliases(if port.host_ip.is_some() {
                    &["CL-0005"]
                } else {
                    &["CL-0005", "dclint/no-unbound-port-interfaces", "compose.private-bind"]
                })
                .persona(if is_internal(service, port) { Persona::Regular } else { Persona::Pedantic })
                .why("Docker opens the port past the host's firewall, also on public interfaces")
                .help(format!(
                    "if only this host needs it, write `127.0.0.1:{}:{}`; if only other services do, drop it",
                    port.published.as_deref().unwrap_or_default(),
                    port.target
                ))
                .at_file(&compose.file, port.span)
                .command(format!(
                    "docker compose -f {} port {} {}",
                    compose.file.path, service.name, port.target
                ));
            if let Some(edit) = bind(port, port.span.of(&compose.file.text)) {
                let title = "Publish on the loopback address";
                finding.fix(Applicability::Unsafe, title, &compose.file, vec![edit]);
            }
        }
    }
}
