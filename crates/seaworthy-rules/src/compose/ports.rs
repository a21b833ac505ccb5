//! Which published ports meet one another.

use super::support::services;
use crate::Cx;
use seaworthy_facts::{ComposeFact, ComposePort, ComposeService};
use std::collections::BTreeMap;

/// A port that an earlier entry of the same file names too.
pub(super) struct Meeting<'a> {
    pub(super) compose: &'a ComposeFact,
    pub(super) service: &'a ComposeService,
    pub(super) port: &'a ComposePort,
    pub(super) other: &'a str,
    /// Whether the two cannot both be published.
    pub(super) conflict: bool,
}

/// A service, its port, and whether the port's number on the host is fixed.
type Entry<'a> = (&'a ComposeService, &'a ComposePort, bool);

fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last <= 65_535).then_some((first, last))
}

/// Whether two addresses may be the same one.
fn overlap(left: Option<&str>, right: Option<&str>) -> bool {
    let any = |ip: Option<&str>| matches!(ip, None | Some("0.0.0.0" | "::"));
    any(left) || any(right) || left == right
}

/// Whether two services can run at the same time.
fn together(left: &ComposeService, right: &ComposeService) -> bool {
    let named = |one: &ComposeService, other: &ComposeService| {
        one.profiles.iter().any(|profile| other.profiles.iter().any(|known| known.value == profile.value))
    };
    left.profiles.is_empty() || right.profiles.is_empty() || named(left, right)
}

/// Every port that meets an earlier one.
pub(super) fn meetings<'a>(cx: &Cx<'a>) -> Vec<Meeting<'a>> {
    let mut out = Vec::new();
    // By file: the entries of each number.
    let mut known: BTreeMap<(&str, u32, &str), Vec<Entry<'a>>> = BTreeMap::new();
    for (compose, service) in services(cx) {
        for port in &service.ports {
            // A port without a host's side is published on one that is free.
            let text = port.published.as_deref().unwrap_or(&port.target);
            let Some((first, last)) = range(text) else { continue };
            let fixed = port.published.is_some()
                && (first == last || range(&port.target).is_some_and(|(from, to)| to - from == last - first));
            let mut met: Option<(&str, bool)> = None;
            for number in first..=last {
                let entry = known.entry((&compose.file.path, number, &port.protocol)).or_default();
                for (other, before, other_fixed) in entry.iter().rev().take(8) {
                    let conflict = fixed
                        && *other_fixed
                        && overlap(port.host_ip.as_deref(), before.host_ip.as_deref())
                        && together(service, other);
                    if met.is_none_or(|(_, known)| conflict && !known) {
                        met = Some((&other.name, conflict));
                    }
                }
                entry.push((service, port, fixed));
            }
            if let Some((other, conflict)) = met {
                out.push(Meeting { compose, service, port, other, conflict });
            }
        }
    }
    out
}
