//! The model against the answers of docker compose 2.40.3, recorded in `compose-model.json`.
//!
//! `raw` cases were asked with `config --no-interpolate --no-env-resolution`, `full` ones without; both with
//! `--no-consistency --no-path-resolution`, the project's name `x` and nothing else in the environment.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use seaworthy_project::compose::{ModelOptions, Variables, model};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn every_case_is_read_as_docker_compose_reads_it() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("compose-model.json")).unwrap();
    assert!(cases.len() > 50);
    let mut failures = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let files: BTreeMap<&str, &str> = case["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| (file[0].as_str().unwrap(), file[1].as_str().unwrap()))
            .collect();
        let read = |path: &str| files.get(path).map(|text| (*text).to_owned());
        let run: Vec<&str> =
            case["run"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
        let full = case["mode"] == "full";
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let variables: Variables = case["variables"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let profiles =
            if case["profiles"].is_null() { vec!["*".to_owned()] } else { texts(&case["profiles"]) };
        let opts = ModelOptions {
            name: "x".to_owned(),
            variables: full.then_some(variables),
            profiles: full.then_some(profiles),
            ..ModelOptions::default()
        };
        let got = model(&read, &run, &opts);
        match (&got, case.get("refused")) {
            (Err(_), Some(_)) => {}
            (Ok(got), None) if same(got, &case["model"]) => {}
            (Ok(got), None) => failures.push(format!("{name}\n  docker: {}\n  here:   {got}", case["model"])),
            (Ok(_), Some(_)) => failures.push(format!("{name}: accepted")),
            (Err(error), None) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Equal, whole numbers and real ones compared by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(one, other)| same(one, other))
        }
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}
