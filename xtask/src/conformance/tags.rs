//! Kind `tags`: what docker/metadata-action makes of events and rules, by its own tests and by its own code.
//!
//! What the action emits is compared, tags included that no registry accepts; those must be told apart beside it, so a
//! case whose tags are invalid disagrees as well when [`Metadata::invalid`] does not name them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use seaworthy_tags::{
    Context, Event, Flavor, Image, Inputs, Latest, Metadata, Repository, Rule, evaluate, images,
    is_raw_statement, list, problem, rules,
};
use serde_json::{Map, Value, json};

/// Compares every JSON file of the directory.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let (mut agree, mut total) = (0, 0);
    for (file, data) in super::json_files(dir)? {
        let cases = data["cases"].as_array().with_context(|| format!("no cases in {}", file.display()))?;
        // A file that records warnings names them in every case that has some; upstream's own tests record none.
        let warned = cases.iter().any(|case| case["expect"].get("warnings").is_some());
        for case in cases {
            total += 1;
            let name = case["name"].as_str().context("a case without a name")?;
            let mut got = answer(&data, case).with_context(|| format!("case {name}"))?;
            let mut expected = expectation(case, &got);
            if !warned && case["kind"] == "meta" {
                for side in [&mut got, &mut expected] {
                    side.as_object_mut().map(|object| object.remove("warnings"));
                }
            }
            let same = expected == got;
            agree += usize::from(same);
            if !same {
                let (expected, got) = difference(&expected, &got);
                out(json!({"case": name, "expected": expected, "got": got}));
            }
        }
    }
    Ok((agree, total))
}

/// What the case expects, in the form of the answer.
fn expectation(case: &Value, got: &Value) -> Value {
    let mut expected = case["expect"].clone();
    let Some(object) = expected.as_object_mut() else { return expected };
    if object.contains_key("error") {
        return json!({"error": true});
    }
    if case["kind"] == "meta" {
        if !object.contains_key("warnings") {
            object.insert("warnings".to_owned(), json!([]));
        }
        let tag = |name: &Value| {
            name.as_str().map(|name| name.rsplit_once(':').map_or(name, |(_, tag)| tag).to_owned())
        };
        let tags = object["tags"].as_array().into_iter().flatten().filter_map(tag);
        let mut invalid: Vec<String> = tags.filter(|tag| problem(tag).is_some()).collect();
        let mut seen = std::collections::BTreeSet::new();
        invalid.retain(|tag| seen.insert(tag.clone()));
        if got.get("invalid").is_some() {
            object.insert("invalid".to_owned(), json!(invalid));
        }
    }
    expected
}

/// The parts of two objects that differ.
fn difference(expected: &Value, got: &Value) -> (Value, Value) {
    let (Some(left), Some(right)) = (expected.as_object(), got.as_object()) else {
        return (expected.clone(), got.clone());
    };
    let only = |one: &Map<String, Value>, other: &Map<String, Value>| {
        let parts = one.iter().filter(|(key, value)| other.get(*key) != Some(*value));
        Value::Object(parts.map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    (only(left, right), only(right, left))
}

fn answer(data: &Value, case: &Value) -> anyhow::Result<Value> {
    let refused = |_| json!({"error": true});
    let input = || case["input"].as_str().context("no input");
    Ok(match case["kind"].as_str().context("no kind")? {
        "is_raw_statement" => json!(is_raw_statement(input()?)),
        "tag_parse" => input()?.parse().map_or_else(refused, |rule: Rule| json!({"tag": rule_json(&rule)})),
        "tag_transform" => rules(&texts(&case["input"]))
            .map_or_else(refused, |rules| json!({"tags": rules.iter().map(rule_json).collect::<Vec<_>>()})),
        "flavor" => Flavor::read(&texts(&case["input"])).map_or_else(refused, |flavor| flavor_json(&flavor)),
        "image" => images(&texts(&case["input"])).map_or_else(refused, |images| {
            let image = |image: &Image| json!({"name": image.name, "enable": image.enable});
            json!({"images": images.iter().map(image).collect::<Vec<_>>()})
        }),
        "inputs" => inputs_json(&case["input"])?,
        kind => {
            let evaluated = evaluate(&inputs(&case["inputs"]), &context(data, case)?);
            evaluated.map_or_else(refused, |metadata| output(kind, case, &metadata))
        }
    })
}

/// An output of the action.
fn output(kind: &str, case: &Value, metadata: &Metadata) -> Value {
    let target = case["inputs"]["bakeTarget"].as_str().unwrap_or("docker-metadata-action");
    let levels = texts(&case["annotation_levels"]);
    let levels: Vec<&str> = levels.iter().map(String::as_str).collect();
    match kind {
        "json" => metadata.json(&levels),
        "bake_files" => json!({
            "tags": metadata.bake_tags(target),
            "labels": metadata.bake_labels(target),
            "annotations": metadata.bake_annotations(target, &levels),
        }),
        "bake_file_tags_labels" => metadata.bake_tags_labels(target),
        "tags_joined" => json!(metadata.tags().join(case["inputs"]["sepTags"].as_str().unwrap_or("\n"))),
        _ => {
            let lines = |pairs: &[(String, String)]| {
                json!(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
            };
            let version = &metadata.version;
            let invalid: Vec<String> = metadata.invalid().into_iter().map(|tag| tag.name).collect();
            let mut got = Map::new();
            let version = json!({"main": version.main, "partial": version.partial, "latest": version.latest});
            got.insert("version".to_owned(), version);
            got.insert("tags".to_owned(), json!(metadata.tags()));
            got.insert("warnings".to_owned(), json!(metadata.warnings));
            got.insert("invalid".to_owned(), json!(invalid));
            // Most cases of the cross carry tags and version only.
            for (key, value) in [
                ("labels", lines(&metadata.labels)),
                ("annotations", lines(&metadata.annotations)),
                ("tag_names", json!(metadata.tag_names())),
            ] {
                if case["expect"].get(key).is_some() {
                    got.insert(key.to_owned(), value);
                }
            }
            Value::Object(got)
        }
    }
}

fn rule_json(rule: &Rule) -> Value {
    json!({"type": rule.kind.word(), "attrs": rule.attributes})
}

fn flavor_json(flavor: &Flavor) -> Value {
    let latest = match flavor.latest {
        Latest::Auto => "auto",
        Latest::Always => "true",
        Latest::Never => "false",
    };
    json!({"flavor": {
        "latest": latest,
        "prefix": flavor.prefix,
        "prefixLatest": flavor.prefix_latest,
        "suffix": flavor.suffix,
        "suffixLatest": flavor.suffix_latest,
    }})
}

/// The inputs as the runner hands them over, one text for each, with the action's defaults.
fn inputs_json(input: &Value) -> anyhow::Result<Value> {
    let given: BTreeMap<String, String> = serde_json::from_value(input.clone()).context("input")?;
    let text = |name: &str, default: &str| {
        let words: String = name
            .chars()
            .flat_map(|c| if c.is_uppercase() { vec!['-', c.to_ascii_lowercase()] } else { vec![c] })
            .collect();
        let value = given.get(name).or_else(|| given.get(&words)).filter(|value| !value.is_empty());
        json!(value.map_or(default, String::as_str))
    };
    let mut all = Map::new();
    for (name, default) in [
        ("context", "workflow"),
        ("bakeTarget", "docker-metadata-action"),
        ("sepTags", "\n"),
        ("sepLabels", "\n"),
        ("sepAnnotations", "\n"),
    ] {
        all.insert(name.to_owned(), text(name, default));
    }
    for name in ["images", "tags", "flavor", "labels", "annotations"] {
        let read = list(given.get(name).map_or("", String::as_str));
        all.insert(name.to_owned(), read.map_or_else(|_| json!({"error": true}), |lines| json!(lines)));
    }
    Ok(Value::Object(all))
}

fn inputs(value: &Value) -> Inputs {
    Inputs {
        images: texts(&value["images"]),
        tags: texts(&value["tags"]),
        flavor: texts(&value["flavor"]),
        labels: texts(&value["labels"]),
        annotations: texts(&value["annotations"]),
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn context(data: &Value, case: &Value) -> anyhow::Result<Context> {
    let event = &data["events"][case["event"].as_str().context("no event")?];
    // The case's own environment is laid over the event's.
    let env = |name: &str| case["env"][name].as_str().or_else(|| event["env"][name].as_str());
    let payload = &event["payload"];
    let variable = |name: &str| env(name).unwrap_or_default().to_owned();
    let at = |name: &str| -> anyhow::Result<_> {
        let text = data[name].as_str().with_context(|| format!("no {name}"))?;
        text.parse().with_context(|| format!("{name} is no time"))
    };
    let repo = &data["repo"];
    Ok(Context {
        repository: Repository {
            name: text(&repo["name"]),
            description: text(&repo["description"]),
            url: text(&repo["html_url"]),
            default_branch: text(&repo["default_branch"]),
            license: text(&repo["license"]["spdx_id"]),
        },
        now: at("clock")?,
        commit_date: at("commit_date")?,
        short_sha: env("DOCKER_METADATA_SHORT_SHA_LENGTH").map(str::to_owned),
        pull_head: env("DOCKER_METADATA_PR_HEAD_SHA")
            .is_some_and(|value| value.to_lowercase().contains("true")),
        event: Event {
            name: variable("GITHUB_EVENT_NAME"),
            reference: variable("GITHUB_REF"),
            sha: variable("GITHUB_SHA"),
            default_branch: text(&payload["repository"]["default_branch"]),
            base_ref: text(&payload["base_ref"]),
            number: payload["number"].as_u64(),
            pull_base: text(&payload["pull_request"]["base"]["ref"]),
            pull_head_sha: text(&payload["pull_request"]["head"]["sha"]),
        },
    })
}
