//! Kinds `static-real-compose` and `compose-cases`: what `docker compose config` makes of compose files.
//!
//! The first compares the model of every real file, uninterpolated, with the recorded one. The second runs the cases
//! of `cases.tsv`: with variables and profiles, and refusals, of which only that they are refused is compared.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use seaworthy_project::compose::{ModelOptions, Variables, model};
use serde_json::{Value, json};

/// Every real file of `real.tar.zst` against `compose-model.jsonl.zst`.
pub(crate) fn real(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let mut files = BTreeMap::new();
    let archive = unpacked(&dir.join("real.tar.zst"))?;
    for entry in tar::Archive::new(archive.as_slice()).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        if path.starts_with("compose/") {
            let mut text = String::new();
            entry.read_to_string(&mut text).with_context(|| format!("reading {path}"))?;
            files.insert(path, text);
        }
    }
    let wanted = String::from_utf8(unpacked(&dir.join("compose-model.jsonl.zst"))?)?;
    let (mut agree, mut total) = (0, 0);
    for line in wanted.lines() {
        let case: Value = serde_json::from_str(line)?;
        let name = case["file"].as_str().unwrap_or_default();
        total += 1;
        let opts = ModelOptions { name: "x".to_owned(), ..ModelOptions::default() };
        let got = model(&|path| files.get(path).cloned(), &[name], &opts);
        match got {
            Ok(got) if same(&got, &case["model"]) => agree += 1,
            Ok(got) => out(json!({"case": name, "differs": first_difference(&case["model"], &got, "")})),
            Err(error) => out(json!({"case": name, "got": error.to_string()})),
        }
    }
    Ok((agree, total))
}

/// The cases of `cases.tsv`.
pub(crate) fn cases(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let path = dir.join("cases.tsv");
    let list = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let (mut agree, mut total) = (0, 0);
    for line in list.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [case, file, environment, options, exit, expected] = cells.as_slice() else { continue };
        total += 1;
        let raw = options.contains("--no-interpolate");
        let pairs = environment.split_whitespace().filter_map(|pair| pair.split_once('='));
        let variables: Variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let directory =
            Path::new(file).parent().map(|parent| parent.display().to_string()).unwrap_or_default();
        let directory = if directory.is_empty() { "<dir>".to_owned() } else { format!("<dir>/{directory}") };
        let profiles = if options.contains("--profile") { vec!["*".to_owned()] } else { Vec::new() };
        let opts = ModelOptions {
            name: "cases".to_owned(),
            // The cases that are run without a name have their own.
            name_from_file: file.starts_with("interp"),
            variables: (!raw).then_some(variables),
            directory: Some(directory),
            profiles: (!raw).then_some(profiles),
        };
        let got = model(&|path| std::fs::read_to_string(dir.join(path)).ok(), &[file], &opts);
        let recorded =
            || std::fs::read_to_string(dir.join(expected)).with_context(|| format!("reading {expected}"));
        match (got, *exit) {
            (Err(_), "1") => agree += 1,
            (Ok(_), "1") => out(json!({"case": case, "expected": recorded()?, "got": "accepted"})),
            (Err(error), _) => out(json!({"case": case, "got": error.to_string()})),
            (Ok(got), _) => {
                // The recorded answer is YAML: reading it as a raw model gives its values.
                let text = recorded()?;
                let name = got["name"].as_str().unwrap_or_default().to_owned();
                let opts = ModelOptions { name, ..ModelOptions::default() };
                let wanted = model(&|_| Some(text.clone()), &["expected.yaml"], &opts)?;
                if same(&got, &wanted) {
                    agree += 1;
                } else {
                    out(json!({"case": case, "differs": first_difference(&wanted, &got, "")}));
                }
            }
        }
    }
    Ok((agree, total))
}

fn unpacked(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let mut out = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(bytes.as_slice())?.read_to_end(&mut out)?;
    Ok(out)
}

/// Equal, a whole number written as a real one among them.
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

/// Where two models begin to differ, and how.
fn first_difference(wanted: &Value, got: &Value, at: &str) -> Value {
    match (wanted, got) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            let none = Value::String("(absent)".to_owned());
            for key in keys {
                let (one, other) = (left.get(key).unwrap_or(&none), right.get(key).unwrap_or(&none));
                if !same(one, other) {
                    return first_difference(one, other, &format!("{at}.{key}"));
                }
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (one, other)) in left.iter().zip(right).enumerate() {
                if !same(one, other) {
                    return first_difference(one, other, &format!("{at}[{index}]"));
                }
            }
        }
        _ => {}
    }
    json!({"at": at, "expected": wanted, "got": got})
}
