//! Reports services that may take all of the host's memory or processors.

use super::support::{only_references, services};
use crate::{Cx, Sink};
use seaworthy_facts::Spanned;

declare_rule! {
    name: "missing-resource-limit",
    summary: "a service has no limit for memory, processors or processes",
    passes: "every service has limits for memory, processors and processes",
    family: Compose, category: Runtime, severity: Low, confidence: High, persona: Pedantic,
    aliases: ["CL-0026"], refs: ["CIS Docker Benchmark 5.10, 5.11, 5.28"],
}

/// Whether a limit is set: above zero, or by a variable.
fn set(limit: Option<&Spanned<String>>) -> bool {
    let Some(text) = limit.map(|limit| limit.value.trim()) else { return false };
    let zero = text.trim_end_matches(|ch: char| ch.is_ascii_alphabetic() || ch == ' ').parse::<f64>();
    match zero {
        Ok(number) => number > 0.0,
        Err(_) => !text.is_empty() && only_references(text),
    }
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx).filter(|(compose, service)| !compose.partial && !service.provider)
    {
        let (memory, cpu) = (set(service.mem_limit.as_ref()), set(service.cpu_limit.as_ref()));
        let mut missing = Vec::new();
        if !memory {
            missing.push("`mem_limit`");
        }
        if !cpu {
            missing.push("`cpus`");
        }
        if service.pids_limit.is_none() {
            missing.push("`pids_limit`");
        }
        if missing.is_empty() {
            continue;
        }
        out.finding(format!("service `{}` has no {}", service.name, missing.join(", no ")))
            .aliases(if memory && cpu { &[] } else { &["CL-0026"] })
            .why("one leaking service takes the whole host down")
            .help("add `mem_limit: 256m`, `cpus: 1` and `pids_limit: 100`, with numbers that fit")
            .at_file(&compose.file, service.name_span)
            .command("docker stats --no-stream");
    }
}
