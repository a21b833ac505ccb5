//! Tags by rule: what an event publishes, and what is refused.

use crate::support::{Project, failed, run, seaworthy, words};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The rules of a published workflow, with the one that is wrong outside of branches.
const RULES: &str = r#"[publish]
tags = ["type=ref,event=branch", "type=ref,event=pr", "type=semver,pattern={{version}}", "type=sha,prefix={{branch}}-", "edge-{{sha}}"]
"#;

/// A repository with one commit on `main`.
fn repository(policy: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    fs::write(dir.path().join("seaworthy.toml"), policy).unwrap();
    for args in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "--all"],
        &["-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "one"],
    ] {
        let who = ["-c", "user.name=Seaworthy", "-c", "user.email=seaworthy@example.invalid"];
        assert!(Command::new("git").current_dir(dir.path()).args(who).args(args).status().unwrap().success());
    }
    dir
}

fn json(dir: &Path, args: &[&str], code: i32) -> Value {
    let ran = run(&[&["tags", dir.to_str().unwrap(), "--format", "json"], args].concat()).expect(code);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn names(event: &Value) -> Vec<String> {
    let sha = event["commit"].as_str().unwrap()[..7].to_owned();
    let tags = event["tags"].as_array().unwrap().iter();
    tags.map(|tag| tag["tag"].as_str().unwrap().replace(&sha, "SHA")).collect()
}

#[test]
fn a_push_of_the_branch_that_is_checked_out() {
    let dir = repository(RULES);
    let shown = json(dir.path(), &[], 0);
    assert_eq!(shown["valid"], true);
    assert_eq!(names(&shown["events"][0]), ["edge-SHA", "main", "main-SHA"]);
    assert_eq!(shown["events"][0]["ref"], "refs/heads/main");
}

#[test]
fn every_event_and_what_no_registry_accepts() {
    let dir = repository(RULES);
    let shown = json(dir.path(), &["--event", "all"], 1);
    assert_eq!(shown["valid"], false);
    let events = shown["events"].as_array().unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["push", "push", "push", "pull_request", "schedule", "workflow_dispatch"]);
    assert_eq!(names(&events[1]), ["edge-SHA", "feature-example", "feature-example-SHA"]);
    assert_eq!(names(&events[2]), ["edge-SHA", "1.2.3", "-SHA", "latest"]);
    assert_eq!(names(&events[3]), ["edge-SHA", "pr-1", "-SHA"]);
    assert_eq!(events[3]["tags"][2]["rule"], "type=sha,prefix={{branch}}-");
    let ran = run(&["tags", dir.path().to_str().unwrap(), "--event", "pull_request", "--ref", "7"]).expect(1);
    assert!(ran.stdout.contains("no registry accepts it: it begins with `-` or `.`"), "{}", ran.stdout);
    run(&["tags", dir.path().to_str().unwrap(), "--event", "all", "--exit-zero"]).expect(0);
}

#[test]
fn the_runner_says_what_happened() {
    let dir = repository("[publish]\nlatest = \"forbid\"\ntags = [\"type=semver,pattern={{major}}\"]\n");
    let output = seaworthy()
        .args(["tags", "--format", "json"])
        .arg(dir.path())
        .envs([
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REF", "refs/tags/v3.1.4"),
            ("GITHUB_SHA", "abcdef0123"),
        ])
        .env_remove("GITHUB_EVENT_PATH")
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(names(&shown["events"][0]), ["3"]);
}

#[test]
fn rules_that_cannot_be_read_are_refused_before_any_work() {
    let dir = repository("[publish]\ntags = [\"type=shah\"]\n");
    for command in ["tags", "ship"] {
        let ran = run(&[command, dir.path().to_str().unwrap()]).expect(2);
        assert!(ran.stderr.contains("type=shah"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
}

#[test]
fn nothing_is_published_under_a_tag_that_no_registry_accepts() {
    let project = Project::take();
    project.edit("seaworthy.toml", "\"sha-{{sha}}\"", "\"type=sha,prefix={{tag}}-\"");
    project.commit();
    project.ship(&[]).expect(1);
    let report = project.report();
    assert_eq!(failed(&report), ["invalid-tag"]);
    assert!(words(&report, "invalid-tag").contains("begins with"));
    assert!(!project.out().join("published").exists());
}
