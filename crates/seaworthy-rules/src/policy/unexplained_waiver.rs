//! Reports waivers without a reason.

use super::subject;
use crate::{Cx, Sink};

declare_rule! {
    name: "unexplained-waiver",
    summary: "a waiver gives no reason",
    passes: "every waiver gives a reason",
    family: Policy, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["seaworthy.toml: waiver"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for waiver in cx.usage.waivers.iter().filter(|waiver| waiver.without_reason) {
        out.finding(format!("{} gives no reason, so it is not applied", subject(waiver)))
            .why("without a reason nobody can say later whether it still holds")
            .help("write the `reason`")
            .at_config(format!("waiver {}", waiver.number))
            .command("grep -n -A4 'waiver' seaworthy.toml");
    }
}
