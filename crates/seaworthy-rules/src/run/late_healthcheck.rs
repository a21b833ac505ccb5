//! Reports a health check that turns healthy only after an engine has given up.

use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "late-healthcheck",
    summary: "the health check turns healthy too late",
    passes: "the health check turns healthy in time",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["Dockerfile reference, HEALTHCHECK"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(health) = out.seen(&run.health) else { return };
    if !health.healthy {
        out.not_run("the health check never turned healthy");
        return;
    }
    if health.deadline_ms == 0 || health.healthy_ms <= health.deadline_ms {
        out.observed(format!(
            "healthy after {}, the engine waits for {}",
            format_ms(health.healthy_ms),
            format_ms(health.deadline_ms)
        ));
        return;
    }
    out.finding(format!(
        "healthy {} after boot, but an engine calls it unhealthy after {}: the start period of {} and the failed probes after it",
        format_ms(health.healthy_ms),
        format_ms(health.deadline_ms),
        format_ms(health.start_period_ms)
    ))
    .why("an orchestrator restarts it before it was ever healthy, over and over")
    .help("lengthen `--start-period`, or start faster")
    .at_observation("health")
    .command("docker inspect --format '{{json .State.Health}}' CONTAINER");
}
