//! Reports services that do not stand in alphabetical order.

use super::order::compare;
use crate::{Cx, Sink};
use std::cmp::Ordering;

declare_rule! {
    name: "unordered-services",
    summary: "services do not stand in alphabetical order",
    passes: "services stand in alphabetical order",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["dclint/services-alphabetical-order"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        // What an included file defines stands elsewhere.
        let mut services: Vec<_> =
            compose.services.iter().filter(|service| !service.name_span.is_empty()).collect();
        services.sort_by_key(|service| service.name_span.start);
        // The largest name so far, and those before: one look for each service is enough to know that it is misplaced.
        let mut seen: Vec<&str> = Vec::new();
        for service in services {
            let name = service.name.as_str();
            let at = seen.partition_point(|known| compare(known, name, false) != Ordering::Greater);
            if let Some(before) = seen.get(at) {
                out.finding(format!("service `{name}` stands behind `{before}`"))
                    .why("in a long file services are found by their order")
                    .help(format!("move `{name}` before `{before}`"))
                    .at_file(&compose.file, service.name_span)
                    .command(format!("docker compose -f {} config --services", compose.file.path));
            }
            seen.insert(at, name);
        }
    }
}
