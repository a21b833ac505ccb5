//! Reports documented commands that publish a port on every interface.

use super::{own::Own, published};
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "unbound-publish",
    summary: "a documented command publishes a port on every interface",
    passes: "documented commands name the address they publish on",
    family: Document, category: Security, severity: Low, confidence: High, persona: Pedantic,
    fix: Unsafe,
    aliases: ["claims.flag-parity"], refs: ["Docker, packet filtering and firewalls"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let own = Own::of(cx);
    for document in cx.documents() {
        for command in &document.commands {
            let Some(image) = command.image().filter(|_| !command.inline) else { continue };
            if own.makes(&image.value) == Some(false) {
                continue;
            }
            for (span, port) in published(command) {
                let open = matches!(port.host_ip.as_deref(), None | Some("0.0.0.0"));
                let shown = span.of(&document.file.text).trim_matches(['"', '\'']);
                if !open || port.target.contains('$') || port.published.is_none() || shown.contains('$') {
                    continue;
                }
                let rest = shown.strip_prefix("0.0.0.0:").unwrap_or(shown);
                let fixed = format!("127.0.0.1:{rest}");
                let edit = Edit { span, text: fixed.clone() };
                out.finding(format!("`-p {shown}` publishes on every interface of the reader's host"))
                    .why("readers copy the command, and Docker opens the port past the host's firewall")
                    .help(format!("write `-p {fixed}`"))
                    .at_file(&document.file, span)
                    .fix(Applicability::Unsafe, format!("Write `{fixed}`"), &document.file, vec![edit])
                    .command(format!("grep -n 'docker run' {}", document.file.path));
            }
        }
    }
}
