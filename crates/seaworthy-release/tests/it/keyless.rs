//! Keyless signatures: a sound bundle of sigstore's own suite is accepted, and with any part of it changed refused.

use seaworthy_release::keyless::{Artifact, Identity, Keyless, KeylessError, Match};
use serde_json::Value;
use std::path::PathBuf;

const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The shared vectors, where they lie beside this checkout.
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("SEAWORTHY_CORPUS").map(PathBuf::from);
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    let dir = named.unwrap_or(beside).join("sigstore");
    if dir.join("cases.json").is_file() {
        return Some(dir);
    }
    eprintln!("skipped: no sigstore vectors beside this checkout");
    None
}

fn exact(subject: &str) -> Identity {
    Identity { subject: Match::Exact(subject.to_owned()), issuer: Match::Exact(ISSUER.to_owned()) }
}

/// Every text in a document, as a JSON pointer.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                texts(item, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_changed_bundle_proves_nothing() {
    let Some(dir) = corpus() else { return };
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let cases: Value = serde_json::from_str(&read("cases.json")).unwrap();
    let case =
        cases["cases"].as_array().unwrap().iter().find(|case| case["name"] == "happy-path-v0.3").unwrap();
    let artifact = std::fs::read(dir.join(case["artifact"].as_str().unwrap())).unwrap();
    let subject = case["identity"].as_str().unwrap();
    let sound = read("happy-path-v0.3/bundle.sigstore.json");
    let keyless = Keyless::new(None).unwrap();
    let verify =
        |bundle: &str, identity: &Identity| keyless.verify(bundle, Artifact::Bytes(&artifact), identity);
    let signer = verify(&sound, &exact(subject)).unwrap();
    assert_eq!((signer.subject.as_str(), signer.issuer.as_str()), (subject, ISSUER));
    assert!(signer.signed_at.is_some_and(|at| at.starts_with("20")));
    // Who signed is compared as cosign does.
    let pattern = |text: &str| Match::Pattern(regex::Regex::new(text).unwrap());
    let issuer = Match::Exact(ISSUER.to_owned());
    let anybody = Identity { subject: pattern("sigstore-conformance/"), issuer: issuer.clone() };
    assert!(verify(&sound, &anybody).is_ok());
    let other = Identity { subject: pattern("^sigstore-conformance"), issuer };
    assert!(matches!(verify(&sound, &other), Err(KeylessError::Other { .. })));
    assert!(matches!(verify(&sound, &exact("somebody@example.org")), Err(KeylessError::Other { .. })));
    let changed = keyless.verify(&sound, Artifact::Bytes(b"another file"), &exact(subject));
    assert!(matches!(changed, Err(KeylessError::Refused(_))), "{changed:?}");
    // One byte of each text of the bundle, in its middle.
    let document: Value = serde_json::from_str(&sound).unwrap();
    let mut places = Vec::new();
    texts(&document, "", &mut places);
    assert!(places.len() > 15, "{places:?}");
    let mut accepted = Vec::new();
    for place in &places {
        let mut copy = document.clone();
        let text = copy.pointer_mut(place).unwrap();
        let mut letters: Vec<char> = text.as_str().unwrap().chars().collect();
        let middle = letters.len() / 2;
        letters[middle] = if letters[middle] == 'A' { 'B' } else { 'A' };
        *text = Value::String(letters.into_iter().collect());
        if verify(&copy.to_string(), &exact(subject)).is_ok() {
            accepted.push(place.clone());
        }
    }
    // In the middle of the checkpoint stands the log's name before its signature. Nothing signs that name, and the
    // signature is found by its key.
    let unsigned = ["/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope"];
    assert_eq!(accepted, unsigned, "of {} places", places.len());
}
