//! Whether a version is affected: the evaluation algorithm of the OSV schema.

use crate::advisory::{Affected, Event, Range};
use crate::ecosystem;
use seaworthy_versions::Scheme;
use std::cmp::Ordering;

/// Sorts events by version; `0` is before every version, and events of equal versions keep their order.
pub(crate) fn sort(events: &mut [Event], scheme: Scheme) {
    events.sort_by(|a, b| compare(scheme, a.version(), b.version()));
}

/// Compares a version with an event's: `0` is before everything.
pub(crate) fn compare(scheme: Scheme, left: &str, right: &str) -> Ordering {
    match (left == "0", right == "0") {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => scheme.compare(left, right),
    }
}

/// The steps of one range, event by event in their order.
#[derive(Clone, Copy, Default)]
pub(crate) struct Walk {
    vulnerable: bool,
    limits: bool,
    below: bool,
}

impl Walk {
    /// Takes the next event.
    pub(crate) fn step(&mut self, scheme: Scheme, kind: Kind, at: &str, version: &str) {
        match kind {
            Kind::Introduced => {
                if at == "0" || compare(scheme, version, at).is_ge() {
                    self.vulnerable = true;
                }
            }
            Kind::Fixed => {
                if compare(scheme, version, at).is_ge() {
                    self.vulnerable = false;
                }
            }
            Kind::LastAffected => {
                if compare(scheme, version, at).is_gt() {
                    self.vulnerable = false;
                }
            }
            Kind::Limit => {
                self.limits = true;
                self.below |= at == "*" || compare(scheme, version, at).is_lt();
            }
        }
    }

    /// What the whole range says.
    pub(crate) const fn ends(self) -> bool {
        self.vulnerable && (!self.limits || self.below)
    }
}

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Introduced,
    Fixed,
    LastAffected,
    Limit,
}

impl Event {
    /// What it does.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Introduced(_) => Kind::Introduced,
            Self::Fixed(_) => Kind::Fixed,
            Self::LastAffected(_) => Kind::LastAffected,
            Self::Limit(_) => Kind::Limit,
        }
    }
}

/// The order a range uses.
pub(crate) fn order(semver: bool, scheme: Option<Scheme>) -> Option<Scheme> {
    if semver { Some(Scheme::SemVer) } else { scheme }
}

/// Whether a version is one of those listed: written the same, or equal in the ecosystem's order.
pub(crate) fn listed(scheme: Option<Scheme>, one: &str, version: &str) -> bool {
    one == version || scheme.is_some_and(|scheme| scheme.compare(one, version).is_eq())
}

/// Whether a version of the package is affected.
pub fn affects(affected: &Affected, version: &str) -> bool {
    let scheme = ecosystem::scheme(&affected.ecosystem);
    affected.versions.iter().any(|one| listed(scheme, one, version))
        || affected.ranges.iter().any(|range| within(range, scheme, version))
}

/// Whether a version lies in a range whose events are sorted.
pub(crate) fn within(range: &Range, scheme: Option<Scheme>, version: &str) -> bool {
    let Some(order) = order(range.semver, scheme) else { return false };
    let mut walk = Walk::default();
    for event in &range.events {
        walk.step(order, event.kind(), event.version(), version);
    }
    walk.ends()
}

/// The nearest version of each range that mends an affected one, nearest first.
pub fn fixes(affected: &Affected, version: &str) -> Vec<String> {
    let scheme = ecosystem::scheme(&affected.ecosystem);
    let inside: Vec<&Range> = affected.ranges.iter().filter(|range| within(range, scheme, version)).collect();
    // Where only the list of versions says so, any later fix will do.
    let ranges = if inside.is_empty() { affected.ranges.iter().collect() } else { inside };
    let mut found: Vec<String> = Vec::new();
    for range in ranges {
        let Some(order) = order(range.semver, scheme) else { continue };
        let next = range
            .events
            .iter()
            .find(|event| event.kind() == Kind::Fixed && compare(order, event.version(), version).is_gt());
        if let Some(event) = next
            && !found.iter().any(|known| known == event.version())
        {
            found.push(event.version().to_owned());
        }
    }
    if let Some(scheme) = scheme {
        found.sort_by(|a, b| scheme.compare(a, b));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affected(ecosystem: &str, events: &[Event]) -> Affected {
        let mut events = events.to_vec();
        if let Some(scheme) = ecosystem::scheme(ecosystem) {
            sort(&mut events, scheme);
        }
        Affected {
            ecosystem: ecosystem.to_owned(),
            ranges: vec![Range { semver: false, events }],
            ..Affected::default()
        }
    }

    fn introduced(text: &str) -> Event {
        Event::Introduced(text.to_owned())
    }
    fn fixed(text: &str) -> Event {
        Event::Fixed(text.to_owned())
    }

    #[test]
    fn events_need_not_be_sorted() {
        let one = affected("PyPI", &[fixed("2.0"), introduced("1.0"), fixed("4.0"), introduced("3.0rc1")]);
        for (version, wanted) in
            [("0.9", false), ("1.0", true), ("2.0rc1", true), ("2.0", false), ("3.0", true), ("4.0", false)]
        {
            assert_eq!(affects(&one, version), wanted, "{version}");
        }
        assert_eq!(fixes(&one, "3.5"), ["4.0"]);
    }

    #[test]
    fn zero_is_before_everything() {
        let one = affected("Debian:12", &[introduced("0"), fixed("0~1")]);
        assert!(affects(&one, "0~0"));
        assert!(!affects(&one, "0~1"));
    }

    #[test]
    fn last_affected_is_affected_and_limits_limit() {
        let one = affected("npm", &[introduced("1.0.0"), Event::LastAffected("1.5.0".to_owned())]);
        assert!(affects(&one, "1.5.0") && !affects(&one, "1.5.1") && !affects(&one, "1.0.0-beta"));
        let one = affected("npm", &[introduced("0"), Event::Limit("2.0.0".to_owned())]);
        assert!(affects(&one, "1.9.9") && !affects(&one, "2.0.0"));
        let one = affected("npm", &[introduced("0"), Event::Limit("*".to_owned())]);
        assert!(affects(&one, "99.0.0"));
    }

    #[test]
    fn a_range_may_begin_again_where_it_ended() {
        let one = affected("npm", &[introduced("0"), fixed("1.0.0"), introduced("1.0.0"), fixed("1.1.0")]);
        assert!(affects(&one, "1.0.0") && !affects(&one, "1.1.0"));
        let empty = affected("npm", &[introduced("1.0.0"), fixed("1.0.0")]);
        assert!(!affects(&empty, "1.0.0"));
    }

    #[test]
    fn listed_versions_count_beside_ranges_and_without_an_order() {
        let mut one = affected("Nobody", &[introduced("0")]);
        one.versions = vec!["r1".to_owned()];
        assert!(affects(&one, "r1") && !affects(&one, "r2"));
    }
}
