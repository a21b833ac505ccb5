//! syft's own JSON.

use super::fields::{digest, list, package, text};
use super::{Bom, Format, SbomError};
use seaworthy_facts::{DistributionFact, SourcePackage};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn read(document: &Value) -> Result<Bom, SbomError> {
    let Some(artifacts) = document.get("artifacts").and_then(Value::as_array) else {
        return Err(SbomError::Unknown);
    };
    let nothing = Value::Null;
    let source = document.get("source").unwrap_or(&nothing);
    let metadata = source.get("metadata").or_else(|| source.get("target")).unwrap_or(&nothing);
    let distro = document.get("distro").unwrap_or(&nothing);
    let mut bom = Bom {
        format: Format::Syft,
        version: document.get("schema").map(|schema| text(schema, "version")).unwrap_or_default().to_owned(),
        subject: text(source, "name").to_owned(),
        digest: digest(text(metadata, "manifestDigest")),
        distribution: (!text(distro, "id").is_empty()).then(|| DistributionFact {
            id: text(distro, "id").to_owned(),
            version: text(distro, "versionID").to_owned(),
            codename: text(distro, "versionCodename").to_owned(),
            name: text(distro, "prettyName").to_owned(),
            ..DistributionFact::default()
        }),
        packages: Vec::new(),
        unknown: Vec::new(),
        problems: Vec::new(),
    };
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for artifact in artifacts {
        let mut found = package(text(artifact, "purl"), text(artifact, "name"), text(artifact, "version"));
        if found.kind.is_empty() {
            text(artifact, "type").clone_into(&mut found.kind);
        }
        let licenses: Vec<&str> = list(artifact, "licenses")
            .iter()
            .filter_map(|one| one.as_str().or_else(|| one.get("value").and_then(Value::as_str)))
            .collect();
        found.license = (!licenses.is_empty()).then(|| licenses.join(" AND "));
        let first = list(artifact, "locations").first().unwrap_or(&nothing);
        text(first, "path").clone_into(&mut found.evidence);
        let own = artifact.get("metadata").unwrap_or(&nothing);
        let stated = [text(own, "source"), text(own, "originPackage")];
        let version = Some(text(own, "sourceVersion")).filter(|version| !version.is_empty());
        let version = version.unwrap_or(&found.version).to_owned();
        if let Some(name) = stated.into_iter().find(|name| !name.is_empty())
            && (name != found.name || version != found.version)
        {
            found.source = Some(SourcePackage { name: name.to_owned(), version });
        }
        ids.insert(text(artifact, "id"), bom.packages.len());
        bom.packages.push(found);
    }
    for one in list(document, "artifactRelationships") {
        let (Some(parent), Some(child)) = (ids.get(text(one, "parent")), ids.get(text(one, "child"))) else {
            continue;
        };
        match text(one, "type") {
            "dependency-of" => {
                let id = bom.packages[*parent].id();
                bom.packages[*child].depends.push(id);
            }
            "ownership-by-file-overlap" => {
                bom.packages[*child].owner = Some(bom.packages[*parent].purl.clone());
            }
            _ => {}
        }
    }
    Ok(bom)
}
