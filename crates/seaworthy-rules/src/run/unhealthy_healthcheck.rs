//! Reports a health check that never says healthy although it was run against the live service.

use super::ended;
use crate::{Cx, Sink};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "unhealthy-healthcheck",
    summary: "the health check never turns healthy",
    passes: "the health check turns healthy",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["Dockerfile reference, HEALTHCHECK"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(health) = out.seen(&run.health) else { return };
    if let Some(exit) = health.ended {
        out.finding(format!("`{}` ends the service: {}", health.command, ended(exit)))
            .why("the check that is to watch the service takes it down")
            .help("let the check only ask; it must send no signal and touch no file the service needs")
            .at_observation("health")
            .excerpt(health.last_output.clone())
            .command("docker inspect --format '{{json .State.Health}}' CONTAINER");
        return;
    }
    if health.healthy {
        out.observed(format!(
            "healthy {} after boot, start period {}",
            format_ms(health.healthy_ms),
            format_ms(health.start_period_ms)
        ));
        return;
    }
    if super::never_ready(run, out) {
        return;
    }
    let status = health.last_status.map_or_else(|| "no status".to_owned(), |code| format!("exit {code}"));
    let cause = if health.diagnosis.is_empty() {
        String::new()
    } else {
        format!(": {}", health.diagnosis.join("; "))
    };
    let output = if health.last_output.is_empty() {
        String::new()
    } else {
        format!(", saying `{}`", health.last_output.trim())
    };
    out.finding(format!("`{}` never succeeds; last {status}{output}{cause}", health.command))
        .why("the orchestrator restarts a working service for ever, or never sends it traffic")
        .help("let the check ask what the service answers with 200, with a program the image has")
        .at_observation("health")
        .excerpt(health.last_output.clone())
        .command("docker inspect --format '{{json .State.Health}}' CONTAINER");
}
