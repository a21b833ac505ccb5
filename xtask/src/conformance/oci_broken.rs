//! `oci-broken`: layouts with one defect each, which must be refused or reported, and a good one, which must not.

use seaworthy_inspect::{Options, inspect};
use seaworthy_oci::Source;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Opens and inspects every layout of a folder that has `expected.json`; gives (agreeing, all).
pub(super) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let expected: Value = serde_json::from_slice(&fs::read(dir.join("expected.json"))?)?;
    let cases = expected["cases"].as_array().cloned().unwrap_or_default();
    anyhow::ensure!(!cases.is_empty(), "{} has no cases", dir.join("expected.json").display());
    let mut agree = 0;
    for case in &cases {
        let name = case["name"].as_str().unwrap_or_default();
        let wanted = case["expect"].as_str().unwrap_or_default();
        let findings = judge(&dir.join(name));
        let got = if findings.is_empty() { "accept" } else { "reject" };
        if got == wanted {
            agree += 1;
        } else {
            out(json!({ "case": name, "expected": case, "got": got, "findings": findings }));
        }
    }
    Ok((agree, cases.len()))
}

/// What there is to say against a layout.
fn judge(layout: &Path) -> Vec<String> {
    let source = Source::Layout { path: layout.to_owned(), reference: None };
    let image = match seaworthy_store::open(&source, None) {
        Ok(image) => image,
        Err(error) => return vec![error.to_string()],
    };
    match inspect(&image, &Options::default()) {
        Ok(facts) => facts.problems,
        Err(error) => vec![error.to_string()],
    }
}
