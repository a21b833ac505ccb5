//! Reports documented commands that publish a port on every interface.

use crate::{Cx, Sink};

declare_rule! {
    name: "unbound-publish",
    summary: "a documented command publishes a port on every interface",
    passes: "documented commands name the address they publish on",
    family: Document, category: Security, severity: Low, confidence: High, persona: Regular,
    aliases: ["claims.flag-parity"], refs: ["Docker, packet filtering and firewalls"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for document in cx.documents() {
        for port in
            document.ports.iter().filter(|port| matches!(port.host_ip.as_deref(), None | Some("0.0.0.0")))
        {
            let shown = port.span.of(&document.file.text);
            let rest = shown.strip_prefix("0.0.0.0:").unwrap_or(shown);
            out.finding(format!("`-p {shown}` publishes on every interface of the reader's host"))
                .why("readers copy the command, and Docker opens the port past the host's firewall")
                .help(format!("write `-p 127.0.0.1:{rest}`"))
                .at_file(&document.file, port.span)
                .command(format!("grep -n 'docker run' {}", document.file.path));
        }
    }
}
