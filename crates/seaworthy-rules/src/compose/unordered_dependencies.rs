//! Reports entries of `depends_on` that do not stand in alphabetical order.

use super::order::first_misplaced;
use super::support::services;
use crate::{Cx, Sink};

declare_rule! {
    name: "unordered-dependencies",
    summary: "the entries of `depends_on` do not stand in alphabetical order",
    passes: "the entries of `depends_on` stand in alphabetical order",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["dclint/service-dependencies-alphabetical-order"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        let mut own: Vec<_> = service.depends_on.iter().filter(|one| !one.shared).collect();
        own.sort_by_key(|one| one.service.span.start);
        let names: Vec<&str> = own.iter().map(|one| one.service.value.as_str()).collect();
        let Some((moved, before)) = first_misplaced(&names, false) else { continue };
        let Some(place) = own.iter().find(|one| one.service.value == moved) else { continue };
        out.finding(format!("service `{}` names `{moved}` behind `{before}`", service.name))
            .why("in a long list entries are found by their order")
            .help(format!("move `{moved}` before `{before}`"))
            .at_file(&compose.file, place.service.span)
            .command(format!("grep -n -A8 depends_on {}", compose.file.path));
    }
}
