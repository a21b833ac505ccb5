//! What editors, hooks and repositories with a past need of `check`: standard input, several paths, chosen rules, a
//! baseline, and a look at every change.

use crate::support::{Ran, run, seaworthy};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    for (name, text) in files {
        let file = dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    dir
}

fn check(dir: &Path, args: &[&str], input: &str) -> Ran {
    let mut child = seaworthy()
        .arg("check")
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", ran.stdout, ran.stderr))
}

/// `rule status` of every finding.
fn findings(ran: &Ran) -> Vec<String> {
    let report = json(ran);
    let mut all: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["rule"].as_str().unwrap(), one["status"].as_str().unwrap()))
        .collect();
    all.sort();
    all
}

const MIXED: &str = "FROM debian:latest\nMAINTAINER somebody@example.invalid\nWORKDIR app\nUSER root\n";

#[test]
fn an_editor_checks_and_fixes_what_it_has_not_saved() {
    let dir = project(&[]);
    let ran =
        check(dir.path(), &["-", "--stdin-filename", "docker/app.Dockerfile", "--format", "concise"], MIXED);
    assert!(ran.stdout.contains("docker/app.Dockerfile:4:"), "{}", ran.stdout);
    let ran = check(
        dir.path(),
        &["-", "--stdin-filename", "compose.yaml", "--format", "json"],
        "services: {a: {}}\n",
    );
    assert!(json(&ran)["findings"].as_array().unwrap().iter().all(|one| one["rule"] != "root-user"));
    // A frame of the text that was given, not of a file of that name.
    fs::write(dir.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    let ran = check(dir.path(), &["-", "--stdin-filename", "Dockerfile"], MIXED).expect(1);
    assert!(ran.stdout.contains("USER root"), "{}", ran.stdout);

    let fixed = check(dir.path(), &["-", "--fix", "--unsafe-fixes"], MIXED);
    assert!(
        fixed.stdout.starts_with("FROM debian:latest\n") && fixed.stdout.contains("WORKDIR /app"),
        "{}",
        fixed.stdout
    );
    assert!(!fixed.stdout.contains("MAINTAINER"), "{}", fixed.stdout);
    assert_eq!(
        fs::read_to_string(dir.path().join("Dockerfile")).unwrap(),
        "FROM scratch\n",
        "no file is touched"
    );
    let whole = check(dir.path(), &["-", "--fix", "--exit-zero", "-q"], "FROM scratch").expect(0);
    assert_eq!(whole.stdout, "FROM scratch", "nothing is added to what needs no fix");
}

#[test]
fn several_paths_are_one_result() {
    let dir = project(&[
        ("a/Dockerfile", MIXED),
        ("b/Dockerfile", "FROM debian:12\nUSER root\n"),
        ("c/notes.txt", ""),
    ]);
    let ran = check(dir.path(), &["a", "./b/Dockerfile", "c", "--format", "json"], "").expect(1);
    let report = json(&ran);
    let places: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["rule"] == "root-user")
        .map(|one| one["location"]["path"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["a/Dockerfile", "b/Dockerfile"]);
    let check_of =
        report["checks"].as_array().unwrap().iter().find(|one| one["rule"] == "root-user").unwrap();
    assert_eq!((check_of["findings"].as_u64(), check_of["status"].as_str()), (Some(2), Some("fail")));
    assert!(ran.stderr.contains("nothing to check in `c`"), "{}", ran.stderr);
    let lines = check(dir.path(), &["a", "b", "--format", "concise"], "").expect(1).stdout;
    assert!(lines.contains("a/Dockerfile:4:6: error[root-user]: "), "{lines}");
    assert!(check(dir.path(), &["c", "c/notes.txt/.."], "").code > 1);
}

#[test]
fn rules_are_chosen_by_any_of_their_names() {
    let dir = project(&[("Dockerfile", MIXED)]);
    let only = check(dir.path(), &["--select", "DL3002", "--format", "json"], "").expect(1);
    assert_eq!(findings(&only), ["root-user open"]);
    // Who asks for a rule sees it, whoever he is.
    let pedantic = check(dir.path(), &["--select", "unpinned-base-digest", "--format", "json"], "");
    assert_eq!(findings(&pedantic), ["unpinned-base-digest open"]);
    let without = check(dir.path(), &["--ignore", "root-user,MaintainerDeprecated", "--format", "json"], "");
    let left = findings(&without);
    assert!(
        !left.is_empty()
            && left.iter().all(|one| !one.starts_with("root-user") && !one.starts_with("deprecated-")),
        "{left:?}"
    );
    let mistyped = check(dir.path(), &["--select", "rot-user"], "").expect(2);
    assert!(mistyped.stderr.contains("did you mean `root-user`"), "{}", mistyped.stderr);
    // A fix of a rule that was not asked for is none of this run's business.
    check(dir.path(), &["--fix", "--unsafe-fixes", "--select", "relative-workdir", "--exit-zero"], "")
        .expect(0);
    assert_eq!(
        fs::read_to_string(dir.path().join("Dockerfile")).unwrap(),
        MIXED.replace("WORKDIR app", "WORKDIR /app")
    );
}

#[test]
fn a_baseline_lets_a_repository_begin_with_what_is_new() {
    let dir = project(&[("Dockerfile", MIXED)]);
    let args = ["--baseline", "known.json"];
    let missing = check(dir.path(), &args, "").expect(2);
    assert!(
        missing.stderr.contains("known.json") && missing.stderr.contains("--write-baseline"),
        "{}",
        missing.stderr
    );
    let written = check(dir.path(), &[&args[..], &["--write-baseline"]].concat(), "").expect(0);
    assert!(written.stderr.contains("findings in `known.json`"), "{}", written.stderr);
    let known: Value = serde_json::from_slice(&fs::read(dir.path().join("known.json")).unwrap()).unwrap();
    assert!(known["findings"].as_array().unwrap().iter().any(|one| one["rule"] == "root-user"), "{known:#}");

    // Moved lines are no news; the count says what is set aside.
    fs::write(dir.path().join("Dockerfile"), format!("# a comment\n\n{MIXED}")).unwrap();
    let ran = check(dir.path(), &args, "").expect(0);
    assert!(ran.stdout.contains("in the baseline"), "{}", ran.stdout);
    let ran = check(dir.path(), &[&args[..], &["--format", "json"]].concat(), "").expect(0);
    assert!(findings(&ran).iter().all(|one| !one.ends_with(" open")), "{:?}", findings(&ran));
    let sarif = json(&check(dir.path(), &[&args[..], &["--format", "sarif"]].concat(), "").expect(0));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().any(|one| one["baselineState"] == "unchanged"), "{results:#?}");

    // One more of the same kind counts, and so does what is new; what is gone is said.
    fs::write(
        dir.path().join("Dockerfile"),
        "FROM debian:latest\nUSER root\nENTRYPOINT [\"/app\"]\nFROM debian:latest\nUSER root\n",
    )
    .unwrap();
    let ran = check(dir.path(), &[&args[..], &["--format", "json"]].concat(), "");
    let open: Vec<String> = findings(&ran).into_iter().filter(|one| one.ends_with(" open")).collect();
    assert_eq!(open, ["mutable-base-tag open"], "{}", ran.stdout);
    assert!(
        ran.stderr.contains("`relative-workdir` in `Dockerfile`, which is no longer found"),
        "{}",
        ran.stderr
    );
    fs::write(dir.path().join("known.json"), "{}").unwrap();
    assert!(check(dir.path(), &args, "").expect(2).stderr.contains("is no baseline"));
    run(&["check", "--write-baseline"]).expect(2);
}

#[test]
fn a_watch_tells_when_the_result_changes() {
    let dir = project(&[("Dockerfile", "FROM debian:12\nUSER root\n")]);
    let mut child = seaworthy()
        .args(["check", "--watch", "--format", "concise"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Every result ends with its verdict.
    let mut next = || {
        let mut all = String::new();
        for line in lines.by_ref().map_while(Result::ok) {
            all.push_str(&line);
            all.push('\n');
            if line.starts_with("NOT FIT") || line.starts_with("FIT") {
                return all;
            }
        }
        panic!("it ended after:\n{all}");
    };
    assert!(next().contains("Dockerfile:2:6: error[root-user]"));
    // A change that changes nothing is not told; the next one is.
    fs::write(dir.path().join("Dockerfile"), "FROM debian:12\nUSER root\n# said before\n").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    fs::write(dir.path().join("Dockerfile"), "FROM debian:12\n\nUSER root\n").unwrap();
    assert!(next().contains("Dockerfile:3:6: error[root-user]"));
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn rules_are_listed_for_people_programs_and_documents() {
    let listed = run(&["rules", "--format", "json"]).expect(0).stdout;
    let rules: Value = serde_json::from_str(&listed).unwrap();
    let count = rules.as_array().unwrap().len();
    let table = run(&["rules", "--format", "markdown"]).expect(0).stdout;
    assert_eq!(table.lines().count(), count + 2);
    assert!(table.contains("| `root-user` | the final stage runs as root | high | regular |"), "{table}");
    assert!(run(&["rules", "--format", "sarif"]).expect(2).stderr.contains("markdown"));
    let page = run(&["explain", "dl3002"]).expect(0).stdout;
    assert!(page.starts_with("# root-user") || page.contains("root-user"), "{page}");
    assert!(run(&["explain", "DL30002"]).expect(2).stderr.contains("did you mean"));
}
