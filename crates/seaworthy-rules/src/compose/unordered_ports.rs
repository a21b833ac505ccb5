//! Reports entries of `ports` that do not stand in the order of their numbers.

use super::order::first_misplaced;
use super::support::services;
use crate::{Cx, Sink};

declare_rule! {
    name: "unordered-ports",
    summary: "the entries of `ports` do not stand in order",
    passes: "the entries of `ports` stand in order",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["dclint/service-ports-alphabetical-order"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let mut own: Vec<_> = service.ports.iter().filter(|port| !port.shared).collect();
        own.sort_by_key(|port| port.span.start);
        // A range is written once and read as many ports.
        own.dedup_by_key(|port| port.span.start);
        let text = &compose.file.text;
        let names: Vec<&str> = own
            .iter()
            .map(|port| {
                port.published.as_deref().unwrap_or(if port.short { port.target.as_str() } else { "" })
            })
            .collect();
        let Some((moved, before)) = first_misplaced(&names, true) else { continue };
        let Some(at) = names.iter().position(|name| *name == moved) else { continue };
        out.finding(format!("service `{}` publishes {moved} behind {before}", service.name))
            .why("in a long list entries are found by their order")
            .help(format!("move `{}` up", own[at].span.of(text)))
            .at_file(&compose.file, own[at].span)
            .command(format!("grep -n -A8 'ports:' {}", compose.file.path));
    }
}
