//! Reports that the kernel killed a process of the service for want of memory.

use crate::{Cx, Sink};
use seaworthy_finding::format_bytes;

declare_rule! {
    name: "out-of-memory",
    summary: "the kernel kills processes of the service for want of memory",
    passes: "no process was killed for want of memory",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: ["cgroups(7)", "docker run --memory"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let killed = match (run.ready.seen(), run.stop.seen()) {
        (Some(ready), _) if ready.boot.exit.is_some_and(|exit| exit.oom_killed) => {
            Some("while it started".to_owned())
        }
        (_, Some(stop)) if stop.exit.oom_killed && stop.early => Some("while it ran".to_owned()),
        _ => {
            let idle = run.idle.seen();
            idle.filter(|idle| idle.oom_kills > 0)
                .map(|idle| format!("while it ran ({} processes), and process 1 lives on", idle.oom_kills))
        }
    };
    if let Some(when) = killed {
        out.finding(format!("the kernel killed the service for want of memory {when}"))
            .why("requests under way are lost, and an orchestrator restarts it into the same end")
            .help("lower its use of memory, tell its runtime the limit, or raise `memory` in `[image.test]`")
            .at_observation("memory")
            .command(
                "docker run --memory 256m IMAGE; docker inspect --format '{{.State.OOMKilled}}' CONTAINER",
            );
        return;
    }
    if run.ready.seen().is_none() {
        out.seen(&run.ready);
        return;
    }
    out.observed(match run.memory_peak {
        Some(peak) => format!("at most {} used", format_bytes(peak)),
        None => "no kill was seen".to_owned(),
    });
}
