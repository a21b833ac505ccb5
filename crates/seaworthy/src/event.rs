//! What happened in the repository: by the runner's variables, else by git.

use jiff::Timestamp;
use seaworthy_facts::GitFact;
use seaworthy_tags::{Context, Event, Repository};
use serde_json::Value;
use std::path::Path;

/// Largest event file that is read; GitHub's are below 25 MB.
const LARGEST: u64 = 25 << 20;

/// The event this process runs for.
pub(crate) fn here(git: Option<&GitFact>) -> Context {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    context(&variable, &payload, git)
}

/// The same with the environment and the reader of the event file as arguments.
fn context(
    variable: &dyn Fn(&str) -> Option<String>,
    payload: &dyn Fn(&Path) -> Value,
    git: Option<&GitFact>,
) -> Context {
    let mut context = match (variable("GITHUB_EVENT_NAME"), variable("GITLAB_CI")) {
        (Some(name), _) => github(name, variable, payload),
        (None, Some(_)) => gitlab(variable),
        (None, None) => Context::new(local(git)),
    };
    context.now = Timestamp::now();
    context.short_sha = variable("DOCKER_METADATA_SHORT_SHA_LENGTH");
    context.pull_head =
        variable("DOCKER_METADATA_PR_HEAD_SHA").is_some_and(|value| value.to_lowercase().contains("true"));
    if let Some(git) = git {
        let event = &mut context.event;
        if event.sha.is_empty() {
            event.sha.clone_from(&git.commit);
        }
        if event.default_branch.is_none() {
            event.default_branch.clone_from(&git.default_branch);
        }
        context.commit_date = Timestamp::from_second(git.commit_time).unwrap_or_default();
    }
    // Without a word about it, the default branch has the name that new repositories give it.
    let old = context.event.reference == "refs/heads/master";
    let default =
        context.event.default_branch.get_or_insert_with(|| if old { "master" } else { "main" }.to_owned());
    context.repository.default_branch = Some(default.clone());
    context
}

fn github(
    name: String,
    variable: &dyn Fn(&str) -> Option<String>,
    payload: &dyn Fn(&Path) -> Value,
) -> Context {
    let payload = variable("GITHUB_EVENT_PATH").map_or(Value::Null, |path| payload(Path::new(&path)));
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let mut context = Context::new(Event {
        name,
        reference: variable("GITHUB_REF").unwrap_or_default(),
        sha: variable("GITHUB_SHA").unwrap_or_default(),
        default_branch: text("/repository/default_branch"),
        base_ref: text("/base_ref"),
        number: payload.get("number").and_then(Value::as_u64),
        pull_base: text("/pull_request/base/ref"),
        pull_head_sha: text("/pull_request/head/sha"),
    });
    context.repository = Repository {
        name: text("/repository/name"),
        description: text("/repository/description"),
        url: text("/repository/html_url"),
        default_branch: None,
        license: text("/repository/license/spdx_id"),
    };
    context
}

/// GitLab's pipelines, as the events they are on GitHub.
fn gitlab(variable: &dyn Fn(&str) -> Option<String>) -> Context {
    let request = variable("CI_MERGE_REQUEST_IID");
    let reference = match (&request, variable("CI_COMMIT_TAG"), variable("CI_COMMIT_BRANCH")) {
        (Some(number), ..) => format!("refs/pull/{number}/merge"),
        (None, Some(tag), _) => format!("refs/tags/{tag}"),
        (None, None, Some(branch)) => format!("refs/heads/{branch}"),
        (None, None, None) => String::new(),
    };
    let name = match variable("CI_PIPELINE_SOURCE").as_deref() {
        _ if request.is_some() => "pull_request",
        Some("schedule") => "schedule",
        Some("web" | "api" | "trigger" | "pipeline") => "workflow_dispatch",
        _ => "push",
    };
    let mut context = Context::new(Event {
        name: name.to_owned(),
        reference,
        sha: variable("CI_COMMIT_SHA").unwrap_or_default(),
        default_branch: variable("CI_DEFAULT_BRANCH"),
        base_ref: None,
        number: request.and_then(|number| number.parse().ok()),
        pull_base: variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        pull_head_sha: variable("CI_COMMIT_SHA"),
    });
    context.repository.name = variable("CI_PROJECT_NAME");
    context.repository.description = variable("CI_PROJECT_DESCRIPTION");
    context.repository.url = variable("CI_PROJECT_URL");
    context
}

/// Outside of a pipeline: a push of the branch that is checked out, else of the tag at the commit.
fn local(git: Option<&GitFact>) -> Event {
    let Some(git) = git else { return Event { name: "push".to_owned(), ..Event::default() } };
    let branch = git.branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
    let tag = git.tags.first().map(|tag| format!("refs/tags/{tag}"));
    Event {
        name: "push".to_owned(),
        reference: branch.or(tag).unwrap_or_default(),
        sha: git.commit.clone(),
        ..Event::default()
    }
}

/// The event file; nothing is known when it cannot be read.
fn payload(path: &Path) -> Value {
    let small = std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST);
    let bytes = small.then(|| std::fs::read(path).ok()).flatten().unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], payload: &Value, git: Option<&GitFact>) -> Context {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        context(&variable, &|_| payload.clone(), git)
    }

    fn git() -> GitFact {
        GitFact {
            commit: "9f2c4e0b7d3a51886cc01234567890abcdef1234".to_owned(),
            branch: Some("develop".to_owned()),
            tags: vec!["v1".to_owned()],
            ..GitFact::default()
        }
    }

    #[test]
    fn github_tells_by_variables_and_by_the_event_file() {
        let payload = serde_json::json!({
            "number": 7,
            "repository": {"default_branch": "trunk", "name": "web"},
            "pull_request": {"base": {"ref": "trunk"}, "head": {"sha": "abc"}},
        });
        let variables = [
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_SHA", "def"),
            ("GITHUB_EVENT_PATH", "event.json"),
        ];
        let context = of(&variables, &payload, Some(&git()));
        assert_eq!(context.event.reference, "refs/pull/7/merge");
        assert_eq!((context.event.sha.as_str(), context.event.number), ("def", Some(7)));
        assert_eq!(context.repository.default_branch.as_deref(), Some("trunk"));
        assert_eq!(context.event.pull_head_sha.as_deref(), Some("abc"));
    }

    #[test]
    fn gitlab_tells_by_variables() {
        let base = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", "def"), ("CI_DEFAULT_BRANCH", "trunk")];
        let with = |more: &[(&str, &str)]| {
            let event = of(&[&base, more].concat(), &Value::Null, None).event;
            (event.name, event.reference)
        };
        assert_eq!(with(&[("CI_COMMIT_TAG", "v1")]), ("push".to_owned(), "refs/tags/v1".to_owned()));
        assert_eq!(
            with(&[("CI_COMMIT_BRANCH", "x"), ("CI_PIPELINE_SOURCE", "schedule")]),
            ("schedule".to_owned(), "refs/heads/x".to_owned())
        );
        assert_eq!(
            with(&[("CI_MERGE_REQUEST_IID", "3")]),
            ("pull_request".to_owned(), "refs/pull/3/merge".to_owned())
        );
    }

    #[test]
    fn elsewhere_git_tells() {
        let mut git = git();
        assert_eq!(of(&[], &Value::Null, Some(&git)).event.reference, "refs/heads/develop");
        git.branch = None;
        git.default_branch = Some("trunk".to_owned());
        let context = of(&[], &Value::Null, Some(&git));
        assert_eq!(context.event.reference, "refs/tags/v1");
        assert_eq!(context.event.default_branch.as_deref(), Some("trunk"));
        assert_eq!(of(&[], &Value::Null, None).event.default_branch.as_deref(), Some("main"));
    }
}
