//! Reports ports published on every interface of the host.

use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit, Span};

declare_rule! {
    name: "published-on-all-interfaces",
    summary: "a port is published on every interface of the host",
    passes: "every published port names an address",
    family: Compose, category: Security, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["CL-0005", "dclint/no-unbound-port-interfaces", "compose.private-bind"], refs: ["Docker, packet filtering and firewalls"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            for port in &service.ports {
                if !matches!(port.host_ip.as_deref(), None | Some("0.0.0.0" | "::" | "*")) {
                    continue;
                }
                let source = port.span.of(&compose.file.text);
                let shown = source.trim_matches(['"', '\'']);
                let finding = out
                    .finding(format!(
                        "service `{}` publishes `{}` on every interface",
                        service.name,
                        shown.lines().next().unwrap_or(shown)
                    ))
                    .aliases(if port.host_ip.is_some() {
                        &["CL-0005"]
                    } else {
                        &["CL-0005", "dclint/no-unbound-port-interfaces", "compose.private-bind"]
                    })
                    .why("Docker opens the port past the host's firewall, also on public interfaces")
                    .help(format!(
                        "write `127.0.0.1:{}:{}`",
                        port.published.as_deref().unwrap_or(&port.target),
                        port.target
                    ))
                    .at_file(&compose.file, port.span)
                    .command(format!("docker compose -f {} config", compose.file.path));
                let short = !source.contains(['{', '\n']) && !source.contains("target");
                if port.host_ip.is_none()
                    && port.published.is_some()
                    && short
                    && shown.starts_with(|c: char| c.is_ascii_digit())
                {
                    let start = port.span.start + source.find(shown).unwrap_or(0);
                    let quoted = source != shown;
                    let text =
                        if quoted { format!("127.0.0.1:{shown}") } else { format!("\"127.0.0.1:{shown}\"") };
                    finding.fix(
                        Applicability::Unsafe,
                        "Publish on the loopback address",
                        &compose.file,
                        vec![Edit { span: Span::new(start, start + shown.len()), text }],
                    );
                }
            }
        }
    }
}
