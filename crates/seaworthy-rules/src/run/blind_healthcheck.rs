//! Reports a health check that stays healthy while the service is stopped.

use crate::{Cx, Sink};

declare_rule! {
    name: "blind-healthcheck",
    summary: "the health check stays healthy while the service does nothing",
    passes: "the health check turns unhealthy when the service hangs",
    family: Run, category: Runtime, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["Dockerfile reference, HEALTHCHECK"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(health) = out.seen(&run.health) else { return };
    match health.unhealthy_when_stopped {
        None => out.not_run("the service was not stopped under the check"),
        Some(true) => out.observed("unhealthy while the process was stopped"),
        Some(false) => {
            out.finding(format!("`{}` still succeeds while process 1 is stopped by SIGSTOP", health.command))
                .why("a hung service keeps getting traffic and is never restarted")
                .help("let the check send a request through the service's own port and wait for the answer")
                .at_observation("health")
                .command("docker kill --signal STOP CONTAINER; docker inspect --format '{{.State.Health.Status}}' CONTAINER");
        }
    }
}
