//! Kind `sigstore`: bundles to accept and to refuse, by sigstore's own conformance suite.

use std::path::Path;

use anyhow::Context as _;
use seaworthy_release::keyless::{Artifact, Identity, Keyless, Match};
use serde_json::{Value, json};

/// Verifies every case of `cases.json`.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let read = |name: &str| {
        std::fs::read_to_string(dir.join(name))
            .with_context(|| format!("reading {name} of {}", dir.display()))
    };
    let data: Value = serde_json::from_str(&read("cases.json")?)?;
    let cases = data["cases"].as_array().context("no cases in cases.json")?;
    anyhow::ensure!(!cases.is_empty(), "no cases in cases.json");
    let mut agree = 0;
    for case in cases {
        let text = |key: &str| case[key].as_str().with_context(|| format!("a case without `{key}`"));
        let name = text("name")?;
        let artifact = std::fs::read(dir.join(text("artifact")?))?;
        let bundle = std::fs::read(dir.join(name).join("bundle.sigstore.json"))?;
        let root = match text("trusted_root")? {
            "production" => None,
            file => Some(read(file)?),
        };
        let result = std::panic::catch_unwind(|| {
            // What is no text is no bundle.
            let bundle = String::from_utf8_lossy(&bundle);
            let keyless = Keyless::new(root.as_deref())?;
            let artifact = Artifact::Bytes(&artifact);
            if let Some(key) = case["key"].as_str() {
                let key = std::fs::read_to_string(dir.join(key)).unwrap_or_default();
                return keyless.verify_with_key(&bundle, artifact, &key);
            }
            let exact = |key: &str| Match::Exact(case[key].as_str().unwrap_or_default().to_owned());
            let identity = Identity { subject: exact("identity"), issuer: exact("issuer") };
            keyless.verify(&bundle, artifact, &identity).map(|_| ())
        });
        let expected = text("expect")?;
        let (got, why) = match result {
            Ok(Ok(())) => ("accept", String::new()),
            Ok(Err(error)) => ("reject", error.to_string()),
            Err(_) => ("panic", String::new()),
        };
        if got == expected {
            agree += 1;
        } else {
            out(json!({"case": name, "expected": expected, "got": got, "why": why, "stated": case["why"]}));
        }
    }
    Ok((agree, cases.len()))
}
