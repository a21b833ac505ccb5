//! Semantic versions (semver.org 2.0.0), as node-semver accepts them: a leading `v` is fine, numbers that a double
//! cannot hold are not.

use crate::js;

/// The greatest whole number a double holds exactly.
const GREATEST: u64 = (1 << 53) - 1;
/// Longest text that is looked at.
const LONGEST: usize = 256;

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Semver {
    pub(crate) raw: String,
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) prerelease: Vec<String>,
    pub(crate) build: Vec<String>,
}

impl Semver {
    /// Reads a version; none when it is not one.
    pub(crate) fn parse(raw: &str) -> Option<Self> {
        if raw.len() > LONGEST {
            return None;
        }
        let text = js::trim(raw);
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (core, prerelease) = text.split_once('-').map_or((text, None), |(text, rest)| (text, Some(rest)));
        let mut numbers = core.split('.').map(number);
        let (major, minor, patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
        if numbers.next().is_some() {
            return None;
        }
        let prerelease = identifiers(prerelease, true)?;
        let build = identifiers(build, false)?;
        Some(Self { raw: raw.to_owned(), major, minor, patch, prerelease, build })
    }

    /// The version without what it was built from.
    pub(crate) fn version(&self) -> String {
        let core = format!("{}.{}.{}", self.major, self.minor, self.patch);
        if self.prerelease.is_empty() { core } else { format!("{core}-{}", self.prerelease.join(".")) }
    }
}

fn number(text: &str) -> Option<u64> {
    plain_number(text).then(|| text.parse().ok()).flatten().filter(|value| *value <= GREATEST)
}

/// Digits without a leading zero.
fn plain_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

fn identifiers(text: Option<&str>, numbers: bool) -> Option<Vec<String>> {
    let Some(text) = text else { return Some(Vec::new()) };
    let valid = |part: &str| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && (!numbers || !digits || plain_number(part))
    };
    text.split('.').map(|part| valid(part).then(|| part.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_are_versions() {
        for text in
            ["1.2.3", "v1.2.3", " 1.2.3 ", "1.2.3-rc.1", "1.2.3--x", "1.2.3-0", "1.2.3+b-1.5", "0.0.0-a-b"]
        {
            assert!(Semver::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "v",
            "1.2",
            "1.2.3.4",
            "=1.2.3",
            "V1.2.3",
            "v 1.2.3",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-RC_1",
            "99999999999999999999.0.0",
            "1.2.3+",
        ] {
            assert!(Semver::parse(text).is_none(), "{text}");
        }
        assert_eq!(Semver::parse("v1.2.3-a.4+b").unwrap().version(), "1.2.3-a.4");
    }
}
