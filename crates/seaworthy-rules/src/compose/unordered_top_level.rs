//! Reports top-level keys that do not stand in the usual order.

use crate::{Cx, Sink};

declare_rule! {
    name: "unordered-top-level",
    summary: "the top-level keys of a compose file do not stand in the usual order",
    passes: "the top-level keys of every compose file stand in the usual order",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    aliases: ["dclint/top-level-properties-order"], refs: [],
}

/// Extensions come first, by their names.
const ORDER: [&str; 8] =
    ["version", "name", "include", "services", "networks", "volumes", "secrets", "configs"];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        let mut most = (0, "");
        for key in &compose.keys {
            let name = key.value.as_str();
            let place = if name.starts_with("x-") {
                (0, name)
            } else {
                let Some(at) = ORDER.iter().position(|known| *known == name) else { continue };
                (at + 1, "")
            };
            if place >= most {
                most = place;
                continue;
            }
            let before = compose.keys.iter().map(|known| known.value.as_str()).find(|known| {
                let other = ORDER.iter().position(|one| one == known).map_or((0, *known), |at| (at + 1, ""));
                other > place
            });
            out.finding(format!("`{name}` stands behind `{}`", before.unwrap_or("services")))
                .why("in a long file keys are found by their order")
                .help(format!("move `{name}` before `{}`", before.unwrap_or("services")))
                .at_file(&compose.file, key.span)
                .command(format!("grep -n '^[a-z]' {}", compose.file.path));
        }
    }
}
