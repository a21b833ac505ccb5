//! `planted-secrets`: images with secrets at known places. A folder has `NAME.oci` and `NAME.expected.json`, as
//! `plant.py` writes it; an image without expectations is clean, and everything found in it is a disagreement.
//!
//! A secret counts as found when it is told once at its place, with the SHA-256 of its value, with whether a later layer
//! hides it, and in one layer with the others of its layer.

use seaworthy_facts::{SecretFact, SecretPlace};
use seaworthy_inspect::{Options, inspect};
use seaworthy_oci::Source;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Inspects every image of a folder; gives (agreeing, all).
pub(super) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let mut images: Vec<_> = fs::read_dir(dir)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "oci"))
        .collect();
    images.sort();
    anyhow::ensure!(!images.is_empty(), "{} has no image", dir.display());
    let (mut agree, mut total) = (0, 0);
    for layout in images {
        let name = layout.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let plan = dir.join(format!("{name}.expected.json"));
        let planted: Vec<Value> =
            if plan.exists() { serde_json::from_slice(&fs::read(&plan)?)? } else { Vec::new() };
        let image = seaworthy_store::open(&Source::Layout { path: layout, reference: None }, None)?;
        let facts = inspect(&image, &Options::default())?;
        let mut left: Vec<&SecretFact> = facts.secrets.iter().collect();
        let mut layers: BTreeMap<String, usize> = BTreeMap::new();
        for one in planted.iter().filter(|one| one["report"] == "secret") {
            total += 1;
            let case = format!(
                "{name} {} {}",
                one["kind"].as_str().unwrap_or_default(),
                one["path"].as_str().unwrap_or_default()
            );
            let found = left.iter().position(|secret| {
                is_at(secret, one) && secret.sha256.as_deref() == one["value_sha256"].as_str()
            });
            let Some(found) = found else {
                let there: Vec<_> = left.iter().filter(|secret| is_at(secret, one)).collect();
                out(json!({ "case": case, "expected": one, "got": there }));
                continue;
            };
            let secret = left.remove(found);
            let layer = one["layer"].as_str().unwrap_or_default();
            let index = match &secret.place {
                SecretPlace::File { index, .. } => {
                    *layers.entry(layer.to_owned()).or_insert(*index) == *index
                }
                _ => true,
            };
            if index {
                agree += 1;
            } else {
                out(json!({ "case": case, "expected": one, "got": secret }));
            }
        }
        if planted.is_empty() {
            total += 1;
            agree += usize::from(left.is_empty());
        }
        for secret in left {
            out(json!({ "case": format!("{name} false"), "expected": Value::Null, "got": secret }));
        }
    }
    Ok((agree, total))
}

/// Whether a secret was found where one was planted.
fn is_at(secret: &SecretFact, planted: &Value) -> bool {
    let path = planted["path"].as_str().unwrap_or_default();
    match &secret.place {
        SecretPlace::File { path: found, hidden, .. } => {
            found.strip_prefix('/') == Some(path) && *hidden != planted["hidden_by"].is_null()
        }
        SecretPlace::Env { .. } => path == "config:Env",
        SecretPlace::Label { .. } => path == "config:Labels",
        SecretPlace::History { .. } => path == "config:History",
        SecretPlace::Field { .. } => false,
    }
}
