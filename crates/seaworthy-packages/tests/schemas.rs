//! The schemas that SBOMs are held against are the published ones, without their words.

use serde_json::Value;
use std::path::Path;

/// What says nothing of whether a document is valid.
const WORDS: [&str; 9] =
    ["title", "description", "examples", "$comment", "$id", "$schema", "meta:enum", "default", "deprecated"];

/// A schema without its words; the names of properties and definitions are no words.
fn bare(value: &Value, names: bool) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| names || !WORDS.contains(&key.as_str()))
            .map(|(key, value)| {
                let inner =
                    !names && matches!(key.as_str(), "properties" | "definitions" | "patternProperties");
                (key.clone(), bare(value, inner))
            })
            .collect(),
        Value::Array(list) => list.iter().map(|one| bare(one, false)).collect(),
        other => other.clone(),
    }
}

#[test]
fn they_are_the_published_ones() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("SEAWORTHY_CORPUS").map(Into::into);
    let corpus = corpus.unwrap_or_else(|| own.ancestors().nth(3).unwrap().join("shared/corpus"));
    let published = corpus.join("sbom/cyclonedx/schema");
    if !published.is_dir() {
        return println!("skipped: no corpus with the published schemas");
    }
    let read = |file: &Path| -> Value { serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap() };
    let mut seen = 0;
    for entry in std::fs::read_dir(own.join("cyclonedx")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let Some(stem) = name.strip_suffix(".json") else { continue };
        let theirs = read(&published.join(format!("{stem}.schema.json")));
        assert_eq!(read(&entry.path()), bare(&theirs, false), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 5);
}
