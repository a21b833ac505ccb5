//! Reports advisories that are too old to tell of today's vulnerabilities.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "stale-advisories",
    summary: "the advisories are too old",
    passes: "the advisories are recent",
    family: Scan, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

/// The oldest that the newest advisory may be where the policy is silent, in days.
const DEFAULT: u64 = 7;
/// An ecosystem may be quiet for so much longer than the whole database.
const QUIET: u64 = 13;
const DAY: u64 = 86_400_000;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(scan) = cx.scan() else { return };
    let Some(database) = out.seen(&scan.database) else { return };
    let most = cx.policy.scan.max_age.map_or(DEFAULT, |age| age / DAY);
    let Some(best) = scan.ages.values().min() else {
        out.not_applicable("no advisory that was used says how old it is");
        return;
    };
    let days = |count: u64| text::count(usize::try_from(count).unwrap_or(usize::MAX), "day");
    let mut old: Vec<String> = Vec::new();
    for (name, age) in &scan.ages {
        if best > &most || *age > most.saturating_mul(QUIET) {
            old.push(format!("{name} {}", days(*age)));
        }
    }
    if old.is_empty() {
        out.observed(format!("the newest is {} old", days(*best)));
        return;
    }
    let message = if best > &most {
        format!("the newest advisory is {} old, {} allowed", days(*best), days(most))
    } else {
        format!("nothing new is known of {}", text::count(old.len(), "ecosystem"))
    };
    out.finding(message)
        .why("what was found since then is not in the database, and looks like safety")
        .help("run `seaworthy db update`, or import newer exports with `seaworthy db import`")
        .observation(format!("age of the newest advisory: {}", old.join(", ")))
        .command("seaworthy db status")
        .at_path(database.path.clone());
}
