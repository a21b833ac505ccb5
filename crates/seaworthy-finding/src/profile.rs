//! Built-in profiles: levels of rules as data.

use crate::Level;

/// A named set of levels a policy starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in `seaworthy.toml`.
    pub name: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Levels that differ from the rules' own.
    pub levels: &'static [(&'static str, Level)],
}

const DEFAULT: Profile = Profile { name: "default", summary: "the strictest common part", levels: &[] };

const PRODUCTION: Profile = Profile {
    name: "production",
    summary: "a service that faces users: signatures and health checks are demanded",
    levels: &[
        ("unsigned-image", Level::Fail),
        ("missing-healthcheck", Level::Fail),
        ("missing-label", Level::Fail),
    ],
};

const PRIVATE_API: Profile = Profile {
    name: "private-api",
    summary: "an API on a private network: loopback publishing, signatures and labels are demanded",
    levels: &[
        ("unsigned-image", Level::Fail),
        ("missing-healthcheck", Level::Fail),
        ("missing-label", Level::Fail),
        ("published-on-all-interfaces", Level::Fail),
    ],
};

const PROD_API: Profile = Profile {
    name: "prod-api",
    summary: "an API image and its verification script: build, health, stop, user, log, dependencies, secrets, variables, cache",
    levels: &[("verification-failed", Level::Fail), ("missing-healthcheck", Level::Fail)],
};

/// Every built-in profile.
pub const fn profiles() -> &'static [Profile] {
    &[DEFAULT, PRODUCTION, PRIVATE_API, PROD_API]
}

impl Profile {
    /// The profile of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        profiles().iter().find(|profile| profile.name == name)
    }

    /// The level it gives a rule.
    pub fn level(&self, rule: &str) -> Option<Level> {
        self.levels.iter().find(|(name, _)| *name == rule).map(|(_, level)| *level)
    }
}
