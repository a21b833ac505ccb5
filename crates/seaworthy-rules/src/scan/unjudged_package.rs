//! Reports packages and programs that no advisory could be held against.

use crate::{Cx, Sink, text};
use seaworthy_finding::Severity;

declare_rule! {
    name: "unjudged-package",
    summary: "packages were not held against any advisory",
    passes: "every package was held against advisories",
    family: Scan, category: Security, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

/// So many are named.
const NAMED: usize = 5;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(scan) = cx.scan() else { return };
    let place = scan.sbom.clone().unwrap_or_else(|| scan.subject.clone());
    if scan.database.seen().is_none() {
        if cx.policy.scan.max.is_empty() {
            out.not_run("there is no database of advisories");
            return;
        }
        out.finding("`[scan] max` sets a budget, and nothing was held against advisories")
            .severity(Severity::High)
            .why("no number is known, and an unknown number is not within any budget")
            .help("make a database with `seaworthy db update` or `seaworthy db import`")
            .command("seaworthy db status")
            .at_registry(place);
        return;
    }
    for one in &scan.unjudged {
        let named: Vec<&str> = one.packages.iter().take(NAMED).map(String::as_str).collect();
        let more = one.packages.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        out.finding(format!("{}: {}", text::count(one.packages.len(), "package"), one.reason))
            .why("they are not clean: they were not looked at")
            .help("import their advisories, with all others, by `seaworthy db import`, or check these by other means")
            .observation(format!("{}{rest}", named.join(", ")))
            .at_registry(place.clone());
    }
}
