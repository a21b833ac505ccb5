//! Reports waivers whose last day is over.

use super::subject;
use crate::{Cx, Sink, text};

declare_rule! {
    name: "expired-waiver",
    summary: "a waiver has expired",
    passes: "no waiver has expired",
    family: Policy, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["seaworthy.toml: waiver"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for waiver in cx.usage.waivers.iter().filter(|waiver| waiver.expired) {
        let day = waiver.expires.as_deref().unwrap_or_default();
        let counts = text::count(waiver.matched, "finding");
        out.finding(format!("{} expired on {day}; {counts} of it count again", subject(waiver)))
            .why("the date was set so that somebody decides anew")
            .help("mend the finding, or set a later `expires` with a reason that still holds")
            .at_config(format!("waiver {}", waiver.number))
            .command("grep -n -A4 'waiver' seaworthy.toml");
    }
}
