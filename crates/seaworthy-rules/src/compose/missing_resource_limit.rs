//! Reports services without limits for memory and processes.

use crate::{Cx, Sink};

declare_rule! {
    name: "missing-resource-limit",
    summary: "a service has no limit for memory or processes",
    passes: "every service has limits for memory and processes",
    family: Compose, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CL-0026"], refs: ["CIS Docker Benchmark 5.10, 5.28"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for compose in cx.composes() {
        for service in &compose.services {
            let mut missing = Vec::new();
            if service.mem_limit.is_none() {
                missing.push("`mem_limit`");
            }
            if service.pids_limit.is_none() {
                missing.push("`pids_limit`");
            }
            if missing.is_empty() {
                continue;
            }
            out.finding(format!("service `{}` has no {}", service.name, missing.join(" and no ")))
                .why("one leaking service takes the whole host down")
                .help("add `mem_limit: 256m` and `pids_limit: 100`, with numbers that fit")
                .at_file(&compose.file, service.name_span)
                .command("docker stats --no-stream");
        }
    }
}
