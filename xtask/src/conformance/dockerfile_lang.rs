//! Kind `dockerfile-lang`: what BuildKit's packages say about Dockerfiles, words and ignore files.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use seaworthy_dockerfile::expand::{Expansion, Mode, expand_full};
use seaworthy_dockerfile::{Dockerfile, Phase, SyntaxError, ignore, parse};
use serde_json::{Value, json};

use super::dockerfile_dump::{self, stages_json, tree_text};

/// Compares all four files.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    type Judge = fn(&Value) -> anyhow::Result<Outcome>;
    let files: [(&str, Judge); 4] = [
        ("parse.json", judge_parse),
        ("expand.json", judge_expand),
        ("ignorefile.json", judge_ignorefile),
        ("ignorematch.json", judge_ignorematch),
    ];
    let (mut agree, mut total) = (0, 0);
    for (name, judge) in files {
        let path = dir.join(name);
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let rows: Vec<Value> =
            serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
        for row in &rows {
            total += 1;
            let outcome = judge(row).with_context(|| format!("a row of {name}"))?;
            match outcome.difference {
                None => agree += 1,
                Some((place, expected, got)) => {
                    out(
                        json!({"file": name, "case": outcome.case, "at": place, "expected": expected, "got": got}),
                    );
                }
            }
        }
    }
    Ok((agree, total))
}

/// The answer for one row: its name, and the first difference as (place, expected, got).
struct Outcome {
    case: String,
    difference: Option<(String, Value, Value)>,
}

fn outcome(case: impl Into<String>, expected: &Value, got: &Value) -> Outcome {
    Outcome { case: case.into(), difference: first_difference("", expected, got) }
}

/// Where two values differ first.
fn first_difference(place: &str, expected: &Value, got: &Value) -> Option<(String, Value, Value)> {
    match (expected, got) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            keys.into_iter().find_map(|key| {
                let none = Value::Null;
                let (left, right) = (left.get(key).unwrap_or(&none), right.get(key).unwrap_or(&none));
                first_difference(&format!("{place}/{key}"), left, right)
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(at, (left, right))| first_difference(&format!("{place}/{at}"), left, right)),
        _ if expected == got => None,
        _ => Some((place.to_owned(), expected.clone(), got.clone())),
    }
}

fn text<'a>(row: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    row[key].as_str().with_context(|| format!("no text {key:?}"))
}

fn judge_parse(row: &Value) -> anyhow::Result<Outcome> {
    let id = text(row, "id")?;
    let (file, errors) = parse(text(row, "dockerfile")?);
    let error = first_error(&file, &errors);
    let mut expected = serde_json::Map::new();
    let mut got = serde_json::Map::new();
    if let Some(message) = row["error"].as_str() {
        expected.insert("error_phase".to_owned(), row["error_phase"].clone());
        if let Some(line) = line_of(message) {
            expected.insert("error_line".to_owned(), json!(line));
        }
    }
    if let Some((phase, line)) = error {
        got.insert(
            "error_phase".to_owned(),
            json!(if phase == Phase::Parse { "parse" } else { "instructions" }),
        );
        if expected.contains_key("error_line") {
            got.insert("error_line".to_owned(), json!(line));
        }
    }
    if row.get("ast").is_some() {
        expected.insert("ast".to_owned(), row["ast"].clone());
        expected.insert("escape".to_owned(), row["escape"].clone());
        got.insert("ast".to_owned(), json!(tree_text(&file)));
        got.insert("escape".to_owned(), json!(file.escape.to_string()));
    }
    if row.get("stages").is_some() {
        for key in ["stages", "meta_args"] {
            expected.insert(key.to_owned(), row[key].clone());
        }
        expected.insert("warnings".to_owned(), row.get("warnings").cloned().unwrap_or_else(|| json!([])));
        let (meta_args, stages) = stages_json(&file);
        got.insert("stages".to_owned(), stages);
        got.insert("meta_args".to_owned(), meta_args);
        got.insert("warnings".to_owned(), dockerfile_dump::warnings_json(&file));
    }
    Ok(outcome(id, &Value::Object(expected), &Value::Object(got)))
}

/// The error BuildKit's packages would stop at, with the line of its instruction.
fn first_error(file: &Dockerfile, errors: &[SyntaxError]) -> Option<(Phase, usize)> {
    let error = errors
        .iter()
        .filter(|error| error.fatal && error.phase != Phase::Build)
        .min_by_key(|error| (error.phase, error.span.start))?;
    let owner = file.instructions.iter().find(|instruction| {
        instruction.span.start <= error.span.start && error.span.start < instruction.span.end
    });
    let start = owner.map_or(error.span.start, |instruction| instruction.span.start);
    Some((error.phase, file.line_col(start).0))
}

/// The number in `… on line N: …`.
fn line_of(message: &str) -> Option<usize> {
    let rest = message.strip_prefix("dockerfile parse error on line ")?;
    rest.split(':').next()?.parse().ok()
}

fn judge_expand(row: &Value) -> anyhow::Result<Outcome> {
    let input = text(row, "input")?;
    let env: BTreeMap<String, String> = serde_json::from_value(row["env"].clone()).context("env")?;
    let escape = text(row, "escape")?.chars().next().context("no escape character")?;
    let words = text(row, "mode")? == "words";
    let case = format!("{} {input} {} {escape}", text(row, "mode")?, row["env"]);
    let answer = expand_full(input, &|name| env.get(name).cloned(), escape, Mode::WORD);
    let failed = row.get("error").is_some();
    let got = match answer {
        Err(_) if failed => return Ok(Outcome { case, difference: None }),
        Err(error) => json!({"error": error.to_string()}),
        Ok(Expansion { words: list, .. }) if words => json!({"words": list}),
        Ok(Expansion { text, matched, unmatched, .. }) => {
            json!({"result": text, "matched": matched, "unmatched": unmatched})
        }
    };
    let list = |key: &str| row.get(key).filter(|list| !list.is_null()).cloned().unwrap_or_else(|| json!([]));
    let expected = match (failed, words) {
        (true, _) => json!({"error": row["error"]}),
        (false, true) => json!({"words": list("words")}),
        (false, false) => {
            json!({"result": row["result"], "matched": list("matched"), "unmatched": list("unmatched")})
        }
    };
    Ok(outcome(case, &expected, &got))
}

fn judge_ignorefile(row: &Value) -> anyhow::Result<Outcome> {
    let file = text(row, "file")?;
    let got: Vec<String> = ignore::read(file).patterns.into_iter().map(|pattern| pattern.text).collect();
    Ok(outcome(format!("{file:?}"), &row["patterns"], &json!(got)))
}

fn judge_ignorematch(row: &Value) -> anyhow::Result<Outcome> {
    let patterns: Vec<String> = serde_json::from_value(row["patterns"].clone()).context("patterns")?;
    let path = text(row, "path")?;
    let file = ignore::IgnoreFile::from_patterns(patterns.iter().map(String::as_str));
    let answer = |answer: Result<bool, ignore::PatternError>| answer.map_or(Value::Null, Value::Bool);
    let got = json!({
        "matches": answer(file.matches_one_parent(path)),
        "matches_or_parent": answer(file.matches_or_parent(path)),
        "matches_walking_parents": answer(file.matches(path)),
    });
    let expected = json!({
        "matches": row["matches"],
        "matches_or_parent": row["matches_or_parent"],
        "matches_walking_parents": row["matches_walking_parents"],
    });
    Ok(outcome(format!("{} {path}", row["patterns"]), &expected, &got))
}
