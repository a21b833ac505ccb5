//! Reports variables without a value or a default.

use crate::{Cx, Sink};
use std::collections::BTreeSet;

declare_rule! {
    name: "unset-variable",
    summary: "a variable has no value and no default",
    passes: "every variable has a value or a default",
    family: Compose, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: [], refs: ["Compose specification, interpolation"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        let mut seen = BTreeSet::new();
        for variable in compose.unset.iter().filter(|variable| seen.insert(variable.value.as_str())) {
            let required = variable.span.of(&compose.file.text).contains(&format!("{}:?", variable.value));
            if required {
                continue;
            }
            out.finding(format!(
                "`{}` is not set and has no default; what depends on it was not judged",
                variable.value
            ))
            .why("compose warns and puts nothing in its place")
            .help(format!(
                "write `${{{}:-default}}` or `${{{}:?say what it is for}}`",
                variable.value, variable.value
            ))
            .at_file(&compose.file, variable.span)
            .command(format!("docker compose -f {} config --variables", compose.file.path));
        }
    }
}
