//! Reports a start that takes longer than the policy's budget.

use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "slow-start",
    summary: "the service takes longer to become ready than its budget",
    passes: "the service becomes ready within its budget",
    family: Run, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["seaworthy.toml: budget.ready"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(budget) = cx.image.and_then(|image| image.budget.ready) else {
        out.not_applicable("no `budget.ready` in `seaworthy.toml`");
        return;
    };
    let Some(ready) = out.seen(&run.ready) else { return };
    let took = ready.boot.ms;
    if !ready.boot.ready {
        out.not_run("the service did not become ready");
    } else if took > budget {
        out.finding(format!("ready after {}, the budget is {}", format_ms(took), format_ms(budget)))
            .why("a slow start delays every deployment, restart and scale-out by the same time")
            .help("move work out of the start, or raise `budget.ready` in `seaworthy.toml`")
            .at_observation("ready")
            .command("seaworthy test IMAGE --project .");
    } else {
        out.observed(format!("ready after {}, budget {}", format_ms(took), format_ms(budget)));
    }
}
