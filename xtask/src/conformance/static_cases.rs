//! Kind `static`: labelled repositories and the findings that must and must not be raised in them.
//!
//! A case agrees when every expected alias is raised on its lines and no absent alias is raised, with all rules switched
//! on. A case that expects an alias no rule has, or whose absent aliases no rule has, is a disagreement marked
//! `unserved`: it counts among all cases.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use seaworthy_facts::Facts;
use seaworthy_finding::{Family, Finding, FindingStatus, Location, Persona, Policy};
use seaworthy_rules::{Options, evaluate, rules};
use serde_json::{Value, json};

const FAMILIES: [Family; 5] =
    [Family::Dockerfile, Family::Ignore, Family::Compose, Family::Workflow, Family::Document];

/// Judges every case of `cases.jsonl`.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let path = dir.join("cases.jsonl");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let served: BTreeSet<&str> = rules().flat_map(|rule| rule.meta.aliases.iter().copied()).collect();
    let (mut agree, mut total) = (0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let case: Value =
            serde_json::from_str(line).with_context(|| format!("reading {}", path.display()))?;
        total += 1;
        match judge(&case, &served)? {
            None => agree += 1,
            Some(line) => out(line),
        }
    }
    Ok((agree, total))
}

fn judge(case: &Value, served: &BTreeSet<&str>) -> anyhow::Result<Option<Value>> {
    let id = case["id"].as_str().context("a case without id")?;
    let list = |key: &str| case[key].as_array().cloned().unwrap_or_default();
    let files: Vec<(String, String)> = list("files")
        .iter()
        .map(|file| {
            let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
            (text("path"), text("text"))
        })
        .collect();
    let expected = list("expect");
    let absent = list("absent");
    let mut unserved: BTreeSet<&str> = expected
        .iter()
        .filter_map(|expect| expect["alias"].as_str())
        .filter(|alias| !serves(served, alias))
        .collect();
    // To raise nothing is no agreement where no rule could have raised anything.
    let known = |alias: &str| match alias.strip_suffix('*') {
        Some(start) => served.iter().any(|name| name.starts_with(start)),
        None => serves(served, alias),
    };
    if expected.is_empty() && !absent.iter().filter_map(Value::as_str).any(known) {
        unserved.extend(absent.iter().filter_map(Value::as_str));
    }
    if !unserved.is_empty() {
        return Ok(Some(json!({"case": id, "unserved": unserved, "expected": expected, "got": Value::Null})));
    }
    let borrowed: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let facts = Facts { project: Some(seaworthy_project::from_files(&borrowed)), ..Facts::default() };
    let opts = Options { persona: Persona::Auditor, preview: true, ..Options::default() };
    let outcome = evaluate(&facts, &Policy::default(), None, &FAMILIES, &opts);
    let open: Vec<&Finding> =
        outcome.findings.iter().filter(|finding| finding.status == FindingStatus::Open).collect();
    let main = main_file(case["family"].as_str().unwrap_or_default(), &files);
    let missing: Vec<&Value> = expected.iter().filter(|expect| !met(expect, &open, &main)).collect();
    let raised: Vec<Value> = absent
        .iter()
        .filter_map(Value::as_str)
        .flat_map(|alias| {
            open.iter().filter(move |finding| has(finding, alias)).map(move |finding| place(alias, finding))
        })
        .collect();
    if missing.is_empty() && raised.is_empty() {
        return Ok(None);
    }
    let got: Vec<Value> = open.iter().map(|finding| place(&finding.rule, finding)).collect();
    Ok(Some(
        json!({"case": id, "expected": {"missing": missing, "raised though absent": raised}, "got": got}),
    ))
}

/// The file an expectation without `file` is about.
fn main_file(family: &str, files: &[(String, String)]) -> String {
    let wanted = match family {
        "compose" => seaworthy_project::FileKind::Compose,
        "workflow" => seaworthy_project::FileKind::Workflow,
        "readme" => seaworthy_project::FileKind::Document,
        _ => seaworthy_project::FileKind::Dockerfile,
    };
    let found = files.iter().find(|(path, _)| seaworthy_project::kind_of(path) == Some(wanted));
    found.or(files.first()).map(|(path, _)| path.clone()).unwrap_or_default()
}

fn met(expect: &Value, open: &[&Finding], main: &str) -> bool {
    let alias = expect["alias"].as_str().unwrap_or_default();
    let file = expect["file"].as_str().unwrap_or(main);
    let from = expect["line"].as_u64();
    let to = expect["end"].as_u64().or(from);
    open.iter().filter(|finding| has(finding, alias)).any(|finding| match (&finding.location, from, to) {
        (_, None, _) => true,
        (Location::File { path, line, .. }, Some(from), Some(to)) => {
            path == file && (from..=to).contains(&(*line as u64))
        }
        _ => false,
    })
}

/// Whether a rule answers to an alias; a rule's alias may end in `*`.
fn serves(served: &BTreeSet<&str>, alias: &str) -> bool {
    served.contains(alias)
        || served.iter().filter_map(|name| name.strip_suffix('*')).any(|start| alias.starts_with(start))
}

/// Whether a finding answers to an alias; a trailing `*` matches any rest.
fn has(finding: &Finding, alias: &str) -> bool {
    match alias.strip_suffix('*') {
        Some(start) => finding.aliases.iter().any(|known| known.starts_with(start)),
        None => finding.aliases.iter().any(|known| known == alias),
    }
}

fn place(name: &str, finding: &Finding) -> Value {
    match &finding.location {
        Location::File { path, line, .. } => {
            json!({"alias": name, "rule": finding.rule, "file": path, "line": line})
        }
        _ => json!({"alias": name, "rule": finding.rule}),
    }
}
