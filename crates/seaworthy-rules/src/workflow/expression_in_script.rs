//! Reports every other expression in a script: who may push, call or dispatch decides what runs.

use super::flow::flows;
use super::steps::{groups, scripts};
use super::template_injection::outside;
use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "expression-in-script",
    summary: "a script is put together from expressions",
    passes: "no script is put together from expressions",
    family: Workflow, category: Security, severity: Low, confidence: Medium, persona: Pedantic,
    aliases: ["zizmor/template-injection"], refs: ["GitHub documentation, script injections"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for group in groups(cx) {
        let mut seen = BTreeSet::new();
        for script in group.steps.iter().flat_map(scripts) {
            for part in &script.text.interpolations {
                let Ok(expr) = &part.expr else { continue };
                let grave = outside(part);
                let mut places: Vec<_> = flows(expr)
                    .iter()
                    .map(|flow| flow.expr.span)
                    .filter(|place| !grave.contains(place))
                    .collect();
                if places.is_empty() && grave.is_empty() {
                    places.push(part.span);
                }
                for place in places {
                    if !seen.insert(place.start) {
                        continue;
                    }
                    let name = place.of(&group.file.text);
                    out.finding(format!("`{name}` is put into a script of {} as text", group.name()))
                        .why("whoever decides what it says decides what the shell runs; today nobody outside does")
                        .help("give it as a variable under `env` and read that, quoted")
                        .at_file(group.file, place)
                        .command(format!("grep -nF '{}' {}", name.lines().next().unwrap_or(name), group.file.path));
                }
            }
        }
    }
}
