//! What happened in the repository, and what is known about it.

use crate::Error;
use crate::js;
use jiff::Timestamp;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name, such as `push`.
    pub name: String,
    /// The ref it is about, such as `refs/heads/main`; empty when there is none.
    pub reference: String,
    /// The commit; empty when there is none.
    pub sha: String,
    /// The repository's default branch, as the event tells it.
    pub default_branch: Option<String>,
    /// The ref that a pushed tag is based on, such as `refs/heads/main`.
    pub base_ref: Option<String>,
    /// The pull request's number.
    pub number: Option<u64>,
    /// The branch that a pull request is for.
    pub pull_base: Option<String>,
    /// The newest commit of a pull request.
    pub pull_head_sha: Option<String>,
}

/// What the host of the repository says about it; the base of the labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Address of its page.
    pub url: Option<String>,
    /// Default branch.
    pub default_branch: Option<String>,
    /// SPDX licence expression.
    pub license: Option<String>,
}

/// Everything that is evaluated against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The event.
    pub event: Event,
    /// The repository.
    pub repository: Repository,
    /// The clock.
    pub now: Timestamp,
    /// When the commit was made.
    pub commit_date: Timestamp,
    /// Length of short commit ids as a number in JavaScript's sense (`DOCKER_METADATA_SHORT_SHA_LENGTH`); 7 by default.
    pub short_sha: Option<String>,
    /// Whether a pull request's own commit is meant, not the merge (`DOCKER_METADATA_PR_HEAD_SHA`).
    pub pull_head: bool,
}

impl Context {
    /// A context of an event, at the beginning of time.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            repository: Repository::default(),
            now: Timestamp::UNIX_EPOCH,
            commit_date: Timestamp::UNIX_EPOCH,
            short_sha: None,
            pull_head: false,
        }
    }

    /// The event with what is meant: a `pull_request_target` is about the pull request, and its commit may be the
    /// newest of the pull request.
    pub(crate) fn settle(&self) -> Self {
        let mut settled = self.clone();
        let event = &mut settled.event;
        if event.name.contains("pull_request_target") {
            let number = event.number.map_or_else(|| "undefined".to_owned(), |number| number.to_string());
            event.reference = format!("refs/pull/{number}/merge");
        }
        if self.pull_head
            && event.name.contains("pull_request")
            && let Some(sha) = &event.pull_head_sha
        {
            event.sha.clone_from(sha);
        }
        settled
    }

    /// The first characters of the commit.
    pub(crate) fn short_sha(&self) -> Result<&str, Error> {
        let sha = self.event.sha.as_str();
        let mut length = 7.0;
        if let Some(text) = self.short_sha.as_deref().filter(|text| !text.is_empty()) {
            length = js::number(text);
            if length.is_nan() {
                return Err(Error::ShortSha { text: text.to_owned() });
            }
        }
        let end = sha
            .char_indices()
            .map(|(at, _)| at)
            .zip(1_u32..)
            .find(|(_, next)| f64::from(*next) > length.trunc());
        Ok(end.map_or(sha, |(at, _)| &sha[..at]))
    }
}

impl Event {
    pub(crate) fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/tags/")
    }

    /// What stands for a pull request in a tag: its number, without `/merge`.
    pub(crate) fn pull(&self) -> Option<&str> {
        let name = self.reference.strip_prefix("refs/pull/")?;
        Some(name.strip_suffix("/merge").unwrap_or(name))
    }

    /// The branch that a tag or a pull request is based on, where the event tells.
    pub(crate) fn base(&self) -> &str {
        let pushed = self.base_ref.as_deref().filter(|_| self.tag().is_some());
        let pulled = self.pull_base.as_deref().filter(|_| self.reference.starts_with("refs/pull/"));
        pushed.map(|name| name.strip_prefix("refs/heads/").unwrap_or(name)).or(pulled).unwrap_or_default()
    }

    /// Whether it is about the default branch; some events always are.
    pub(crate) fn on_default_branch(&self) -> bool {
        let branch = self.branch().unwrap_or(&self.reference);
        let always = ["create", "discussion", "issues", "schedule"];
        !branch.is_empty()
            && (self.default_branch.as_deref() == Some(branch)
                || always.iter().any(|word| self.name.contains(word)))
    }
}
