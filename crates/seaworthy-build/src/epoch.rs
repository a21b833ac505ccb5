//! The one time every file and field of an image carries (reproducible-builds.org, `SOURCE_DATE_EPOCH`).

use seaworthy_facts::GitFact;

/// Where the time came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochSource {
    /// `SOURCE_DATE_EPOCH` was set.
    Environment,
    /// The time of the commit that is checked out.
    GitCommit,
    /// Neither: the beginning of 1970.
    Fixed,
}

/// A time in seconds since 1970 and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Seconds since 1970, never negative.
    pub seconds: i64,
    /// Where it came from.
    pub source: EpochSource,
}

impl Epoch {
    /// The environment's value, else the commit's time, else 0.
    pub fn choose(environment: Option<i64>, git: Option<&GitFact>) -> Self {
        match (environment, git) {
            (Some(seconds), _) => Self { seconds: seconds.max(0), source: EpochSource::Environment },
            (None, Some(git)) if git.commit_time > 0 => {
                Self { seconds: git.commit_time, source: EpochSource::GitCommit }
            }
            _ => Self { seconds: 0, source: EpochSource::Fixed },
        }
    }

    /// The time in RFC 3339, as image configurations write it.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
    }
}

impl EpochSource {
    /// The words [`seaworthy_facts::BuildFacts::epoch_source`] uses.
    pub fn words(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::GitCommit => "git commit",
            Self::Fixed => "fixed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_beats_git_and_git_beats_nothing() {
        let git = GitFact { commit_time: 1_700_000_000, ..GitFact::default() };
        assert_eq!(Epoch::choose(Some(5), Some(&git)).seconds, 5);
        let of_git = Epoch::choose(None, Some(&git));
        assert_eq!(
            (of_git.source.words(), of_git.rfc3339().as_str()),
            ("git commit", "2023-11-14T22:13:20Z")
        );
        assert_eq!(Epoch::choose(None, None).rfc3339(), "1970-01-01T00:00:00Z");
    }
}
