//! Kind `osv`: records of the Open Source Vulnerability schema. The index made of all of them is asked about every
//! version that any record of a package names, and must answer as the schema's evaluation algorithm does when it is
//! run over the raw records, one by one. A record whose own lists and events contradict that is a disagreement, too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use seaworthy_advisories::{Enrichment, Index, Limits, Meta, canonical, import, scheme, write_index};
use seaworthy_versions::Scheme;
use serde_json::{Value, json};

/// A package of many records is asked about so many versions at most, spread evenly.
const VERSIONS: usize = 120;

/// What records say of one package: the record, and its part about the package.
type Package = Vec<(String, Value)>;

/// Judges every package of every `*.ndjson.zst`, `*.ndjson` and `*.json` of a directory.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let files = files(dir)?;
    anyhow::ensure!(!files.is_empty(), "no `*.ndjson.zst`, `*.ndjson` or `*.json` in {}", dir.display());
    let imported = import(&files, Limits::default())?;
    let bytes = write_index(imported.advisories, Meta::default(), &Enrichment::default())?;
    let index = Index::from_bytes(bytes, dir)?;
    let mut packages: BTreeMap<(String, String), Package> = BTreeMap::new();
    for file in &files {
        for record in records(file)? {
            collect(&record, &mut packages);
        }
    }
    let (mut agree, mut total) = (0, 0);
    for ((ecosystem, name), package) in &packages {
        for version in versions(package) {
            total += 1;
            let expected: BTreeSet<&str> = package
                .iter()
                .filter(|(_, affected)| naive(ecosystem, affected, version))
                .map(|(id, _)| id.as_str())
                .collect();
            let mut got = BTreeSet::new();
            for hit in index.lookup(ecosystem, name, version)? {
                got.insert(index.advisory(hit.advisory)?.id);
            }
            if expected.iter().copied().eq(got.iter().map(String::as_str)) {
                agree += 1;
            } else {
                let case = format!("{ecosystem}: {name} {version}");
                let missing: Vec<&&str> = expected.iter().filter(|id| !got.contains(**id)).collect();
                let invented: Vec<&String> =
                    got.iter().filter(|id| !expected.contains(id.as_str())).collect();
                out(json!({"case": case, "expected": missing, "got": invented}));
            }
        }
    }
    Ok((agree, total))
}

fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let record =
            [".ndjson.zst", ".ndjson", ".jsonl", ".json"].iter().any(|ending| name.ends_with(ending));
        if record && !name.starts_with("MANIFEST") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn records(path: &Path) -> anyhow::Result<Vec<Value>> {
    let reading = || format!("reading {}", path.display());
    let mut text = String::new();
    let mut file = std::fs::File::open(path).with_context(reading)?;
    if path.extension().is_some_and(|name| name == "zst") {
        ruzstd::decoding::StreamingDecoder::new(std::io::BufReader::new(file))
            .map_err(|error| anyhow::anyhow!("{}: {error}", reading()))?
            .read_to_string(&mut text)?;
    } else {
        file.read_to_string(&mut text).with_context(reading)?;
    }
    if let Ok(one) = serde_json::from_str::<Value>(&text) {
        return Ok(if let Value::Array(list) = one { list } else { vec![one] });
    }
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).with_context(reading))
        .collect()
}

fn collect(record: &Value, packages: &mut BTreeMap<(String, String), Package>) {
    if record["withdrawn"].is_string() {
        return;
    }
    let id = record["id"].as_str().unwrap_or_default();
    for affected in record["affected"].as_array().into_iter().flatten() {
        let package = &affected["package"];
        let ecosystem =
            canonical(package["ecosystem"].as_str().unwrap_or_default(), package["purl"].as_str());
        let name = package["name"].as_str().unwrap_or_default();
        if ecosystem.is_empty() || name.is_empty() {
            continue;
        }
        // Names that PEP 503 holds to be the same are one package.
        let name = if ecosystem == "PyPI" {
            let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
            parts.join("-").to_lowercase()
        } else {
            name.to_owned()
        };
        packages.entry((ecosystem, name)).or_default().push((id.to_owned(), affected.clone()));
    }
}

/// Every version that a record names, fewer where there are very many.
fn versions(package: &Package) -> Vec<&str> {
    let mut all = BTreeSet::new();
    for (_, affected) in package {
        all.extend(affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str));
        for range in
            affected["ranges"].as_array().into_iter().flatten().filter(|range| range["type"] != "GIT")
        {
            for event in range["events"].as_array().into_iter().flatten().filter_map(Value::as_object) {
                all.extend(
                    event.values().filter_map(Value::as_str).filter(|text| !matches!(*text, "0" | "*")),
                );
            }
        }
    }
    let step = all.len().div_ceil(VERSIONS).max(1);
    all.into_iter().step_by(step).collect()
}

/// The algorithm of the schema, word by word, over the raw record.
fn naive(ecosystem: &str, affected: &Value, version: &str) -> bool {
    let order = scheme(ecosystem);
    let same = |other: &str| {
        other == version || order.is_some_and(|order: Scheme| order.compare(other, version).is_eq())
    };
    if affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str).any(same) {
        return true;
    }
    affected["ranges"].as_array().into_iter().flatten().any(|range| {
        let order = match range["type"].as_str() {
            Some("SEMVER") => Some(Scheme::SemVer),
            Some("ECOSYSTEM") => order,
            _ => None,
        };
        order.is_some_and(|order| within(order, range, version))
    })
}

fn within(order: Scheme, range: &Value, version: &str) -> bool {
    let mut events: Vec<(&str, &str)> = range["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flatten()
        .filter_map(|(kind, at)| Some((kind.as_str(), at.as_str()?)))
        .collect();
    let before = |left: &str, right: &str| match (left, right) {
        ("0", "0") => std::cmp::Ordering::Equal,
        ("0", _) => std::cmp::Ordering::Less,
        (_, "0") => std::cmp::Ordering::Greater,
        _ => order.compare(left, right),
    };
    events.sort_by(|a, b| before(a.1, b.1));
    let limits: Vec<&str> = events.iter().filter(|(kind, _)| *kind == "limit").map(|(_, at)| *at).collect();
    if !limits.is_empty() && !limits.iter().any(|at| *at == "*" || before(version, at).is_lt()) {
        return false;
    }
    let mut vulnerable = false;
    for (kind, at) in events {
        match kind {
            "introduced" if before(version, at).is_ge() => vulnerable = true,
            "fixed" if before(version, at).is_ge() => vulnerable = false,
            "last_affected" if before(version, at).is_gt() => vulnerable = false,
            _ => {}
        }
    }
    vulnerable
}
