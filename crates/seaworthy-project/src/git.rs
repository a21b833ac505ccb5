//! What git knows of the project, by asking `git`. Its absence, and every failure, means nothing is known.

use seaworthy_facts::GitFact;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// Facts of the commit, and the tracked paths relative to `root`.
pub(crate) fn read(root: &Path) -> Option<(GitFact, BTreeSet<String>)> {
    let commit = ask(root, &["rev-parse", "--verify", "--quiet", "HEAD"])?;
    let line = |arguments: &[&str]| ask(root, arguments).filter(|text| !text.is_empty());
    let tags = ask(root, &["tag", "--points-at", "HEAD"]).unwrap_or_default();
    let dirty = ask(root, &["status", "--porcelain", "--untracked-files=no", "--", "."]);
    let tracked = ask(root, &["ls-files", "-z", "--", "."]).unwrap_or_default();
    let fact = GitFact {
        commit,
        branch: line(&["symbolic-ref", "--quiet", "--short", "HEAD"]),
        default_branch: line(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"])
            .and_then(|name| name.strip_prefix("origin/").map(str::to_owned)),
        tags: tags.lines().map(str::to_owned).collect(),
        dirty: dirty.is_some_and(|text| !text.is_empty()),
        commit_time: line(&["log", "-1", "--format=%ct"]).and_then(|text| text.parse().ok()).unwrap_or(0),
        remote: line(&["remote", "get-url", "origin"]).map(|url| without_credentials(&url)),
        prefix: line(&["rev-parse", "--show-prefix"])
            .map_or_else(String::new, |text| text.trim_end_matches('/').to_owned()),
    };
    Some((fact, tracked.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()))
}

fn ask(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["-c", "core.quotepath=off", "-c", "core.fsmonitor=false"])
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

/// A remote's URL without user and password.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) if scheme != "ssh" => format!("{scheme}://{}", &rest[at + 1..]),
        Some(at) => {
            let user = rest[..at].split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{}", &rest[at + 1..])
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_a_remote() {
        assert_eq!(
            without_credentials("https://me:ghp_x@git.example/a/b@c.git"),
            "https://git.example/a/b@c.git"
        );
        assert_eq!(without_credentials("ssh://git:pw@git.example/a.git"), "ssh://git@git.example/a.git");
        assert_eq!(without_credentials("git@git.example:a/b.git"), "git@git.example:a/b.git");
    }
}
