//! CycloneDX as JSON.

use super::fields::{digest, list, package, text};
use super::{Bom, Format, SbomError, UNKNOWN};
use seaworthy_facts::{DistributionFact, PackageFact, SourcePackage};
use serde_json::Value;
use std::collections::BTreeMap;

/// The second number of the version, 2 to 7.
pub(super) fn version(document: &Value) -> Result<u32, SbomError> {
    let stated = text(document, "specVersion");
    let number = stated.strip_prefix("1.").and_then(|text| text.parse().ok());
    number
        .filter(|number| (2..=7).contains(number))
        .ok_or_else(|| SbomError::Version(Format::CycloneDx, stated.chars().take(40).collect()))
}

pub(super) fn read(document: &Value) -> Result<Bom, SbomError> {
    version(document)?;
    let subject = document.get("metadata").and_then(|metadata| metadata.get("component"));
    let mut bom = Bom {
        format: Format::CycloneDx,
        version: text(document, "specVersion").to_owned(),
        subject: subject.map(|one| text(one, "name").to_owned()).unwrap_or_default(),
        digest: subject.and_then(|one| digest(text(one, "purl")).or_else(|| digest(text(one, "version")))),
        distribution: None,
        packages: Vec::new(),
        unknown: Vec::new(),
        problems: Vec::new(),
    };
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    let mut waiting: Vec<&Value> = list(document, "components").iter().rev().collect();
    while let Some(component) = waiting.pop() {
        waiting.extend(list(component, "components").iter().rev());
        let (name, version) = (text(component, "name"), text(component, "version"));
        match text(component, "type") {
            "operating-system" => {
                bom.distribution.get_or_insert_with(|| DistributionFact {
                    id: name.to_ascii_lowercase(),
                    version: version.to_owned(),
                    ..DistributionFact::default()
                });
                continue;
            }
            "file" if contents(component).starts_with(UNKNOWN) => {
                bom.unknown.push(name.to_owned());
                continue;
            }
            // A file of an image is no package.
            "file" | "data" | "device" | "machine-learning-model" | "cryptographic-asset" => continue,
            _ => {}
        }
        let reference = text(component, "bom-ref");
        if !reference.is_empty() && ids.insert(reference, bom.packages.len()).is_some() {
            bom.problems.push(format!("the reference `{reference}` stands for two components"));
        }
        let found = one(component, name, version);
        bom.packages.push(found);
    }
    for entry in list(document, "dependencies") {
        let Some(from) = ids.get(text(entry, "ref")) else { continue };
        let others = list(entry, "dependsOn").iter().filter_map(Value::as_str);
        let depends: Vec<String> =
            others.filter_map(|other| ids.get(other)).map(|at| bom.packages[*at].id()).collect();
        bom.packages[*from].depends.extend(depends);
    }
    Ok(bom)
}

/// What this program's own documents say of a file.
fn contents(component: &Value) -> &str {
    let own = list(component, "properties").iter().find(|one| text(one, "name") == "seaworthy:contents");
    own.map_or("", |one| text(one, "value"))
}

/// A package of a component.
fn one(component: &Value, name: &str, version: &str) -> PackageFact {
    let group = text(component, "group");
    let full = if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
    let mut found = package(text(component, "purl"), &full, version);
    let licenses: Vec<&str> = list(component, "licenses")
        .iter()
        .filter_map(|choice| {
            let license = choice.get("license").unwrap_or(choice);
            [text(choice, "expression"), text(license, "id"), text(license, "name")]
                .into_iter()
                .find(|text| !text.is_empty())
        })
        .collect();
    found.license = (!licenses.is_empty()).then(|| licenses.join(" AND "));
    let occurrences =
        component.get("evidence").map(|evidence| list(evidence, "occurrences")).unwrap_or_default();
    found.evidence = occurrences.first().map(|one| text(one, "location").to_owned()).unwrap_or_default();
    for hash in list(component, "hashes") {
        let name = text(hash, "alg").replace('-', "").to_ascii_lowercase();
        found.checksums.insert(name, text(hash, "content").to_ascii_lowercase());
    }
    let property = |wanted: &[&str]| {
        let found = list(component, "properties").iter().find(|one| wanted.contains(&text(one, "name")));
        found.map(|one| text(one, "value").to_owned()).filter(|value| !value.is_empty())
    };
    if found.source.is_none()
        && let Some(name) =
            property(&["seaworthy:source:name", "aquasecurity:trivy:SrcName", "syft:metadata:source"])
    {
        let version = property(&["seaworthy:source:version", "syft:metadata:sourceVersion"]).or_else(|| {
            // trivy keeps the parts of a version apart.
            let release = property(&["aquasecurity:trivy:SrcRelease"]);
            let version = property(&["aquasecurity:trivy:SrcVersion"])?;
            let epoch = property(&["aquasecurity:trivy:SrcEpoch"]).map(|epoch| format!("{epoch}:"));
            let release = release.map(|release| format!("-{release}"));
            Some(format!("{}{version}{}", epoch.unwrap_or_default(), release.unwrap_or_default()))
        });
        let version = version.unwrap_or_else(|| found.version.clone());
        found.source = Some(SourcePackage { name, version });
    }
    found.owner = property(&["seaworthy:owner"]);
    found.development = property(&["seaworthy:development"]).as_deref() == Some("true");
    found.root = text(component, "type") == "application";
    found
}
