//! Reports a service that starts with a senseless value in a variable.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "accepts-wrong-value",
    summary: "the service starts with a senseless value in a variable",
    passes: "the service refuses senseless values",
    family: Run, category: Runtime, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: ["The twelve-factor app, III"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(wrong) = out.seen(&run.wrong) else { return };
    for value in wrong.iter().filter(|value| value.boot.ready) {
        out.finding(format!(
            "with `{}={}` the service becomes ready, where {} belongs",
            value.name, value.value, value.kind
        ))
        .why("a mistyped setting becomes a silent default, and nobody notices before it matters")
        .help(format!(
            "check `{}` at start, name it on standard error and exit with a status other than 0",
            value.name
        ))
        .at_observation(format!("wrong {}", value.name))
        .command(format!("docker run --env {}={} IMAGE", value.name, value.value));
    }
    out.observed(text::count(wrong.len(), "variable"));
}
