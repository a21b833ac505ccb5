//! Reports a refusal to start that does not say which variable is missing.

use super::ended;
use crate::{Cx, Sink};

declare_rule! {
    name: "unnamed-variable",
    summary: "the refusal to start does not name the missing variable",
    passes: "every refusal to start names the missing variable",
    family: Run, category: Runtime, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(missing) = out.seen(&run.missing) else { return };
    for variable in missing {
        let Some(exit) = variable.boot.exit.filter(|_| !variable.boot.ready && !variable.named) else {
            continue;
        };
        out.finding(format!(
            "without `{}` the service ends ({}) and its output does not name it",
            variable.name,
            ended(exit)
        ))
        .why("whoever deploys it has to read the source to learn what is missing")
        .help(format!("print `{}` in the error", variable.name))
        .at_observation(format!("missing {}", variable.name))
        .excerpt(variable.boot.log_tail.join("\n"))
        .command("seaworthy test IMAGE --project .");
    }
    if missing.is_empty() {
        out.not_applicable("no required variable is known");
    }
}
