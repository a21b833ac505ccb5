//! Kind `sbom`: package URLs, valid and invalid CycloneDX documents, and rpm databases, wherever below the directory
//! they lie.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use seaworthy_packages::{Source, purl::Purl, rpm, sbom};
use serde_json::{Value, json};

/// Judges every case that is recognised by its file: `*-test.json` (package URLs), `valid-*.json` and
/// `invalid-*.json` (CycloneDX), `expected.json` (the databases beside it).
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let mut files = Vec::new();
    walk(dir, &mut files)?;
    files.sort();
    let (mut agree, mut total) = (0, 0);
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let case = file.strip_prefix(dir).unwrap_or(file).display().to_string();
        let mut count = |line: Option<Value>| {
            total += 1;
            match line {
                None => agree += 1,
                Some(line) => out(line),
            }
        };
        if name.ends_with("-test.json") {
            let cases: Value = serde_json::from_slice(&read(file)?).with_context(|| case.clone())?;
            for (at, one) in cases["tests"].as_array().into_iter().flatten().enumerate() {
                count(package_url(&format!("{case}#{at}"), one));
            }
        } else if (name.starts_with("valid-") || name.starts_with("invalid-"))
            && Path::new(&name).extension().is_some_and(|end| end == "json")
        {
            count(document(&case, name.starts_with("valid-"), &read(file)?));
        } else if name == "expected.json" {
            let expected: Value = serde_json::from_slice(&read(file)?).with_context(|| case.clone())?;
            for (database, packages) in expected.as_object().into_iter().flatten() {
                let folder = file.parent().unwrap_or(dir);
                let found = [folder.join(database), folder.join(format!("{database}.zst"))];
                let Some(path) = found.iter().find(|path| path.is_file()) else { continue };
                databases(&case, database, &read(path)?, packages, &mut count);
            }
        }
    }
    anyhow::ensure!(total > 0, "no case in {}", dir.display());
    Ok((agree, total))
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// A file, unpacked where it is packed.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    if path.extension().is_none_or(|extension| extension != "zst") {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(bytes.as_slice())
        .map_err(|error| anyhow::anyhow!("reading {}: {error}", path.display()))?
        .read_to_end(&mut out)?;
    Ok(out)
}

fn package_url(case: &str, one: &Value) -> Option<Value> {
    let input = &one["input"];
    let result = match one["test_type"].as_str().unwrap_or_default() {
        "parse" => Purl::parse(input.as_str().unwrap_or_default()).map(|purl| parts(&purl)),
        "validate" => {
            Purl::parse_lenient(input.as_str().unwrap_or_default()).map(|purl| Value::from(purl.to_string()))
        }
        _ => built(input).canonical().map(|purl| Value::from(purl.to_string())),
    };
    let refused = one["expected_failure"].as_bool().unwrap_or_default();
    let right = match &result {
        Ok(got) => !refused && *got == one["expected_output"],
        Err(_) => refused,
    };
    (!right).then(|| {
        let expected = if refused { Value::from("refused") } else { one["expected_output"].clone() };
        let got = result.unwrap_or_else(|error| Value::from(format!("refused: {error}")));
        json!({"case": case, "input": input, "expected": expected, "got": got})
    })
}

fn parts(purl: &Purl) -> Value {
    let qualifiers = if purl.qualifiers.is_empty() { Value::Null } else { json!(purl.qualifiers) };
    json!({
        "type": purl.kind,
        "namespace": purl.namespace,
        "name": purl.name,
        "version": purl.version,
        "qualifiers": qualifiers,
        "subpath": purl.subpath,
    })
}

fn built(input: &Value) -> Purl {
    let text = |key: &str| input[key].as_str().map(str::to_owned);
    let qualifiers = input["qualifiers"].as_object().into_iter().flatten();
    Purl {
        kind: text("type").unwrap_or_default(),
        namespace: text("namespace"),
        name: text("name").unwrap_or_default(),
        version: text("version"),
        qualifiers: qualifiers
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        subpath: text("subpath"),
    }
}

fn document(case: &str, valid: bool, bytes: &[u8]) -> Option<Value> {
    let got = match sbom::check(bytes) {
        Ok(problems) => problems,
        Err(error) => vec![error.to_string()],
    };
    let readable = sbom::read(bytes).is_ok();
    let right = if valid { got.is_empty() && readable } else { !got.is_empty() };
    let expected = if valid { "accepted" } else { "refused with a reason" };
    (!right).then(|| json!({"case": case, "expected": expected, "got": got}))
}

/// Each package of a database is a case, and so is that there are no others.
fn databases(case: &str, name: &str, bytes: &[u8], expected: &Value, count: &mut dyn FnMut(Option<Value>)) {
    let source = Source { path: "/var/lib/rpm/db", layer: 0, bytes, distribution: None };
    let found = rpm::database(&source).packages;
    let all = expected.as_array().map(Vec::as_slice).unwrap_or_default();
    let number = found.len();
    let missing = json!({"case": format!("{case}: {name}"), "expected": all.len(), "got": number});
    count((all.len() != number).then_some(missing));
    for one in all {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let epoch = one["epoch"].as_u64().filter(|epoch| *epoch != 0);
        let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
        let version = format!("{epoch}{}-{}", text("version"), text("release"));
        let right = found.iter().any(|package| {
            let source = format!(
                "{}-{}.src.rpm",
                package.source_name(),
                package.source_version().rsplit(':').next().unwrap_or_default()
            );
            package.name == text("name")
                && package.version == version
                && package.arch == text("arch")
                && (text("source_rpm").is_empty() || source == text("source_rpm"))
        });
        let line = json!({"case": format!("{case}: {name}: {}", text("name")), "expected": one, "got": null});
        count((!right).then_some(line));
    }
}
