//! Reports port mappings without quotes.

use super::support::{config, services};
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "unquoted-port",
    summary: "a port mapping is not in quotes",
    passes: "every port mapping is in quotes",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    fix: Safe,
    aliases: ["dclint/require-quotes-in-ports"], refs: ["YAML 1.1, sexagesimal integers"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let ports = service.ports.iter().filter(|port| port.short).map(|port| (port.span, port.shared));
        let expose = service.expose.iter().map(|port| (port.span, true));
        for (span, shared) in ports.chain(expose) {
            let source = span.of(&compose.file.text);
            if source.is_empty() || source.starts_with(['"', '\'', '*', '&', '!', '|', '>']) {
                continue;
            }
            let finding = out
                .finding(format!("`{source}` of service `{}` is not in quotes", service.name))
                .why("other YAML readers take a mapping with small numbers for a number to the base of 60")
                .help(format!("write `\"{source}\"`"))
                .at_file(&compose.file, span)
                .command(config(compose, service));
            // A number alone means the same in quotes to compose; what else stands there stays a text.
            if !shared && source.bytes().all(|byte| byte.is_ascii_digit() || b".:-/".contains(&byte)) {
                finding.fix(
                    Applicability::Safe,
                    "Put the port in quotes",
                    &compose.file,
                    vec![Edit { span, text: format!("\"{source}\"") }],
                );
            }
        }
    }
}
