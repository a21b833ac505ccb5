//! Reports waivers that accept nothing.

use super::subject;
use crate::{Cx, Sink};

declare_rule! {
    name: "unused-waiver",
    summary: "a waiver accepts nothing",
    passes: "every waiver accepts a finding",
    family: Policy, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: ["seaworthy.toml: waiver"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for waiver in cx.usage.waivers.iter().filter(|waiver| waiver.evaluated && waiver.matched == 0) {
        out.finding(format!("{} matches no finding", subject(waiver)))
            .why("it would silently accept the finding if it came back")
            .help("remove it from `seaworthy.toml`, or correct its rule and path")
            .at_config(format!("waiver {}", waiver.number))
            .command("grep -n -A4 'waiver' seaworthy.toml");
    }
}
