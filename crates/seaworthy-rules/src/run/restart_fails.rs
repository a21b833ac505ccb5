//! Reports a service that does not start again with its volumes, or loses what was in them.

use super::ended;
use crate::{Cx, Sink, text};
use seaworthy_finding::format_ms;

declare_rule! {
    name: "restart-fails",
    summary: "the service does not start again with its volumes",
    passes: "the service starts again with its volumes and keeps what is in them",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    gate: true,
    aliases: [], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(restart) = out.seen(&run.restart) else { return };
    let what = if restart.boot.ready {
        if restart.lost.is_empty() {
            out.observed(format!(
                "ready after {} with {} of the first run",
                format_ms(restart.boot.ms),
                text::count(usize::try_from(restart.files).unwrap_or(usize::MAX), "file")
            ));
            return;
        }
        format!(
            "removes {} of the first run: {}",
            text::count(restart.lost.len(), "file"),
            text::names(&restart.lost, 5)
        )
    } else {
        let boot = &restart.boot;
        let how = boot.exit.map_or_else(|| format!("not ready within {}", format_ms(boot.ms)), ended);
        format!("does not become ready: {how}")
    };
    out.finding(format!("started again with the same volumes the service {what}"))
        .why("every update of a service with data is such a start")
        .help("expect the files an earlier run left: locks and process ids that are stale, a database that exists")
        .at_observation("restart")
        .observation(restart.volumes.join("\n"))
        .excerpt(restart.boot.log_tail.join("\n"))
        .command("docker run --volume data:PATH IMAGE, twice");
}
