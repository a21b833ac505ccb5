//! Reports services that wait for one another in a circle.

use super::support::config;
use crate::{Cx, Sink};
use seaworthy_facts::{ComposeService, Spanned};
use std::collections::{BTreeMap, BTreeSet};

declare_rule! {
    name: "dependency-cycle",
    summary: "services wait for one another in a circle",
    passes: "no services wait for one another in a circle",
    family: Compose, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["Compose specification, depends_on"],
}

fn needs(service: &ComposeService) -> impl Iterator<Item = &Spanned<String>> {
    service.depends_on.iter().map(|need| &need.service).chain(&service.references)
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        let by_name: BTreeMap<&str, &ComposeService> =
            compose.services.iter().map(|service| (service.name.as_str(), service)).collect();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for start in &compose.services {
            if done.contains(start.name.as_str()) {
                continue;
            }
            // Depth first, with the way from the start on a stack of its own.
            let mut way: Vec<(&ComposeService, usize)> = vec![(start, 0)];
            while let Some((service, next)) = way.last_mut() {
                let service = *service;
                let Some(need) = needs(service).nth(*next) else {
                    done.insert(&service.name);
                    way.pop();
                    continue;
                };
                *next += 1;
                let name = need.value.as_str();
                if let Some(at) = way.iter().position(|(known, _)| known.name == name) {
                    let mut circle: Vec<&str> =
                        way[at..].iter().map(|(known, _)| known.name.as_str()).collect();
                    circle.push(name);
                    out.finding(format!("services wait for one another: `{}`", circle.join("` → `")))
                        .why("compose refuses the file: none of them can be the first")
                        .help("let one of them retry, and remove what it waits for")
                        .at_file(&compose.file, need.span)
                        .command(config(compose, service));
                } else if let Some(other) = by_name.get(name).filter(|_| !done.contains(name)) {
                    way.push((other, 0));
                }
            }
        }
    }
}
