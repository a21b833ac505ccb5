//! What fifteen services accept as a username. All names are lower case, begin with a letter and end with
//! a letter or digit, which every one of these services takes.

use crate::payload::Invalid;

/// The rules of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The name used in requests.
    pub name: &'static str,
    /// The fewest characters.
    pub min: usize,
    /// The most characters.
    pub max: usize,
    /// The characters allowed besides letters and digits, never two in a row.
    pub separators: &'static [char],
}

const fn profile(name: &'static str, min: usize, max: usize, separators: &'static [char]) -> Profile {
    Profile { name, min, max, separators }
}

/// All profiles, by name.
pub const PROFILES: [Profile; 15] = [
    profile("bluesky", 3, 18, &['-']),
    profile("discord", 2, 32, &['.', '_']),
    profile("email", 1, 64, &['.', '_', '-']),
    profile("generic", 3, 32, &['.', '_', '-']),
    profile("github", 1, 39, &['-']),
    profile("instagram", 1, 30, &['.', '_']),
    profile("linkedin", 3, 100, &['-']),
    profile("linux", 1, 32, &['_', '-']),
    profile("mastodon", 1, 30, &['_']),
    profile("reddit", 3, 20, &['_', '-']),
    profile("snapchat", 3, 15, &['.', '_', '-']),
    profile("telegram", 5, 32, &['_']),
    profile("tiktok", 2, 24, &['.', '_']),
    profile("twitch", 4, 25, &['_']),
    profile("x", 4, 15, &['_']),
];

impl Profile {
    /// Finds a profile by its name.
    pub fn named(name: &str) -> Result<Self, Invalid> {
        PROFILES.iter().find(|profile| profile.name == name).copied().ok_or_else(|| {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            Invalid(format!("profile must be one of {}", names.join(", ")))
        })
    }
}
