//! The published JSON schemas say what the code does.

use crate::mini_schema::errors;
use crate::{sample, tools};
use seaworthy_finding::{
    Budget, Command, Expectation, HealthConfig, ImageConfig, Location, Policy, PublishConfig, Report,
    RustConfig, ScanConfig, SecretFile, ServiceConfig, SignConfig, TestConfig, Variant, Waiver,
};
use seaworthy_report::{Format, Options, render};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name)
}

fn schema(name: &str) -> Value {
    let text = std::fs::read_to_string(path(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn document(report: &Report) -> Value {
    serde_json::from_str(&render(report, Format::Json, &Options::default()).unwrap()).unwrap()
}

/// The sample with every kind of place in it.
fn everything() -> Report {
    let mut report = sample::report();
    let mut more = vec![
        Location::Observation { name: "stop".to_owned() },
        Location::Registry { reference: "ghcr.io/acme/app:1".to_owned() },
        Location::Project,
    ];
    for location in more.drain(..) {
        let mut finding = report.findings[0].clone();
        finding.location = location;
        report.findings.push(finding);
    }
    report
}

#[test]
fn the_json_is_valid_by_its_schema() {
    let schema = schema("report.schema.json");
    for report in [everything(), Report::new("check", ".", "2026-01-01T00:00:00Z".to_owned())] {
        assert_eq!(errors(&schema, &schema, &document(&report), ""), Vec::<String>::new());
    }
}

#[test]
fn the_schema_knows_no_field_that_is_never_written() {
    let schema = schema("report.schema.json");
    let document = document(&everything());
    let properties = |value: &Value| -> BTreeSet<String> {
        value["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let keys = |values: &Value| -> BTreeSet<String> {
        let objects = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
        objects.iter().flat_map(|one| one.as_object().unwrap().keys().cloned().collect::<Vec<_>>()).collect()
    };
    assert_eq!(properties(&schema), keys(&document));
    for (name, list) in
        [("finding", "findings"), ("check", "checks"), ("stage", "stages"), ("counts", "counts")]
    {
        assert_eq!(properties(&schema["$defs"][name]), keys(&document[list]), "{name}");
    }
    let kinds: BTreeSet<&str> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["location"]["kind"].as_str())
        .collect();
    assert_eq!(kinds.len(), schema["$defs"]["location"]["oneOf"].as_array().unwrap().len());
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema = schema("report.schema.json");
    let good = document(&sample::report());
    for (pointer, bad) in [
        ("/schema", json!("seaworthy/2")),
        ("/verdict", json!("fine")),
        ("/checks/0/weight", json!(-1)),
        ("/findings/0/location/kind", json!("elsewhere")),
        ("/scores/security/value", json!(101)),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).unwrap() = bad;
        assert!(!errors(&schema, &schema, &value, "").is_empty(), "{pointer}");
    }
}

#[test]
fn the_policy_schema_has_the_keys_the_policy_reads() {
    let schema = schema("seaworthy.schema.json");
    let health = HealthConfig {
        cmd: Command::Shell("x".to_owned()),
        interval: None,
        timeout: None,
        start_period: None,
        retries: None,
    };
    let waiver = Waiver {
        rule: String::new(),
        path: None,
        id: None,
        sha256: None,
        reason: String::new(),
        expires: None,
    };
    let pairs = [
        ("", keys(&Policy::default())),
        ("waiver", keys(&waiver)),
        ("image", keys(&ImageConfig::default())),
        ("variant", keys(&Variant::default())),
        ("budget", keys(&Budget::default())),
        ("secret_file", keys(&SecretFile::default())),
        ("expectation", keys(&Expectation::default())),
        ("service", keys(&ServiceConfig::default())),
        ("test", keys(&TestConfig::default())),
        ("rust", keys(&RustConfig::default())),
        ("healthcheck", keys(&health)),
        ("publish", keys(&PublishConfig::default())),
        ("sign", keys(&SignConfig::default())),
        ("scan", keys(&ScanConfig::default())),
    ];
    for (name, read) in pairs {
        let of = if name.is_empty() { &schema } else { &schema["$defs"][name] };
        let known: BTreeSet<String> = of["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(known, read, "`{name}`");
        assert_eq!(of["additionalProperties"], json!(false), "`{name}` refuses unknown keys");
    }
}

fn keys(value: &impl Serialize) -> BTreeSet<String> {
    serde_json::to_value(value).unwrap().as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_policy_and_its_schema_agree() {
    let schema = schema("seaworthy.schema.json");
    let good = r#"
profile = "production"
fail-on = "medium"
[rules]
"relative-workdir" = "off"
"unpinned-base" = { level = "fail", require = "digest" }
[[waiver]]
rule = "root-user"
reason = "binds port 80"
[[image]]
name = "app"
budget = { compressed = "50MB", ready = "3s", cache-hits = "80%" }
variants = { gpu = { file = "Dockerfile.gpu" } }
[image.test]
env = { TOKEN = { generate = true }, MODE = "x" }
ready = "GET /healthz"
grace = "1m30s"
http = [{ request = "GET /", status = 404 }]
services.db = { image = "postgres:16" }
[image.rust]
cmd = ["--listen", "0.0.0.0:8080"]
healthcheck = { cmd = "true", interval = "10s" }
[publish]
latest = "release"
sign = { key = "cosign.key" }
[scan]
max = { critical = 0 }
"#;
    Policy::parse(good).unwrap();
    let value = |text: &str| serde_json::to_value(toml::from_str::<toml::Value>(text).unwrap()).unwrap();
    assert_eq!(errors(&schema, &schema, &value(good), ""), Vec::<String>::new());
    for bad in [
        "profle = \"x\"",
        "rules = { a = \"loud\" }",
        "[[image]]\nbudget = { size = \"1MB\" }",
        "[[waiver]]\nrule = \"x\"",
        "[[image]]\n[image.test]\nenv = { A = { generate = false } }",
        "fail-on = \"awful\"",
    ] {
        assert!(Policy::parse(bad).is_err(), "the policy reads {bad}");
        assert!(!errors(&schema, &schema, &value(bad), "").is_empty(), "the schema accepts {bad}");
    }
}

#[test]
fn another_validator_agrees() {
    let Some(tool) = tools::find("SEAWORTHY_CHECK_JSONSCHEMA", "check-jsonschema") else {
        println!("skipped: `check-jsonschema` is not installed");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.json");
    std::fs::write(&file, render(&everything(), Format::Json, &Options::default()).unwrap()).unwrap();
    for name in ["report.schema.json", "seaworthy.schema.json"] {
        tools::accepts(&tool, &["--check-metaschema".as_ref(), path(name).as_ref()]);
    }
    let schema = path("report.schema.json");
    tools::accepts(&tool, &["--schemafile".as_ref(), schema.as_ref(), file.as_ref()]);
}
