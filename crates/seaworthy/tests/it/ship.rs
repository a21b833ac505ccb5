//! The main job on the example.

use crate::support::{Project, failed, shipped};
use serde_json::Value;
use std::fs;

#[test]
fn the_example_is_fit() {
    let out = shipped();
    let report: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "seaworthy/1");
    assert_eq!(report["verdict"], "fit", "{:#}", report["decided_by"]);
    let stages: Vec<_> = report["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| (stage["name"].as_str().unwrap(), stage["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        stages,
        [("check", "done"), ("build", "done"), ("inspect", "done"), ("test", "done"), ("publish", "done")]
    );
    let not_run: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "not-run").collect();
    assert!(not_run.is_empty(), "{not_run:#?}");
}

#[test]
fn every_behaviour_was_observed() {
    let report: Value = serde_json::from_slice(&fs::read(shipped().join("report.json")).unwrap()).unwrap();
    let run = &report["facts"]["run"];
    for name in [
        "ready",
        "privileges",
        "sockets",
        "health",
        "stop",
        "drain",
        "missing",
        "offline",
        "read_only",
        "writes",
        "logs",
        "http",
    ] {
        assert_eq!(run[name]["state"], "seen", "{name}: {}", run[name]);
    }
    assert_eq!(run["stop"]["value"]["exit"]["code"], 0);
    assert_eq!(run["drain"]["value"]["status"], 200);
    assert_eq!(run["health"]["value"]["healthy"], true);
    assert_eq!(run["health"]["value"]["unhealthy_when_stopped"], true);
    assert_eq!(run["privileges"]["value"]["uid"], 10001);
    assert_eq!(run["privileges"]["value"]["bounding"], serde_json::json!([]));
    assert_eq!(run["privileges"]["value"]["no_new_privileges"], true);
    assert_eq!(run["privileges"]["value"]["seccomp"], true);
    let sockets = run["sockets"]["value"].as_array().unwrap();
    assert_eq!(sockets.len(), 1, "{sockets:?}");
    assert_eq!(sockets[0]["port"], 8080);
    let missing = run["missing"]["value"].as_array().unwrap();
    assert!(missing.len() >= 2, "{missing:?}");
    for variable in missing {
        assert_eq!(variable["boot"]["exit"]["code"], 2, "{variable}");
        assert_eq!(variable["named"], true, "{variable}");
    }
    assert_eq!(run["logs"]["value"]["leaks"], serde_json::json!([]));
    assert_eq!(run["writes"]["value"], serde_json::json!([]));
}

#[test]
fn the_html_report_stands_alone() {
    let html = fs::read_to_string(shipped().join("report.html")).unwrap();
    assert!(html.contains("Content-Security-Policy"));
    for external in ["src=\"http", "href=\"http://", "@import", "url(http"] {
        assert!(!html.contains(external), "the report loads {external}");
    }
    assert!(html.contains("FIT"));
}

#[test]
fn building_twice_gives_the_same_digest() {
    let project = Project::take();
    let digest = |umask: &str, path: &std::path::Path, out: &str| {
        let script = format!("umask {umask}; exec \"$0\" build \"$1\" --output \"$2\" --tag x --format json");
        let out = project.path.join("target").join(out);
        crate::support::remove(&out);
        let done = std::process::Command::new("sh")
            .arg("-c")
            .arg(script)
            .arg(env!("CARGO_BIN_EXE_seaworthy"))
            .arg(path)
            .arg(out)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let value: Value = serde_json::from_slice(&done.stdout).unwrap();
        value["digest"].as_str().unwrap().to_owned()
    };
    let first = digest("022", &project.path, "a");
    assert_eq!(first, digest("077", &project.path, "b"), "another umask");
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("somewhere/else");
    crate::support::copy(&project.path, &copy);
    let git = std::process::Command::new("cp")
        .arg("-a")
        .arg(project.path.join(".git"))
        .arg(&copy)
        .status()
        .unwrap();
    assert!(git.success());
    assert_eq!(first, digest("022", &copy, "c"), "another directory");
}

#[test]
fn a_finding_keeps_the_image_from_being_published() {
    let project = Project::take();
    project.edit("compose.yaml", "    read_only: true\n", "    read_only: true\n    privileged: true\n");
    project.commit();
    project.ship(&[]).expect(1);
    let report = project.report();
    assert_eq!(failed(&report), ["privileged-service"]);
    let publish =
        report["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == "publish").unwrap();
    assert_eq!(publish["status"], "not-run");
    assert!(!project.out().join("published").exists());
}
