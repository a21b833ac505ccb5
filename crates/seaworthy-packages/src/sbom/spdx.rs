//! SPDX 2, as JSON or as tags and values, which have become the same JSON.

use super::fields::{digest, list, package, text};
use super::{Bom, Format, SbomError, UNKNOWN};
use seaworthy_facts::SourcePackage;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn read(document: &Value, format: Format) -> Result<Bom, SbomError> {
    let version = text(document, "spdxVersion");
    if !version.starts_with("SPDX-2.") {
        return Err(SbomError::Version(format, version.chars().take(40).collect()));
    }
    let relationships = list(document, "relationships");
    let described: BTreeSet<&str> = list(document, "documentDescribes")
        .iter()
        .filter_map(Value::as_str)
        .chain(relationships.iter().filter_map(|one| {
            let (from, to) = (text(one, "spdxElementId"), text(one, "relatedSpdxElement"));
            match text(one, "relationshipType") {
                "DESCRIBES" => Some(to),
                "DESCRIBED_BY" => Some(from),
                _ => None,
            }
        }))
        .collect();
    let mut bom = Bom {
        format,
        version: version.to_owned(),
        subject: text(document, "name").to_owned(),
        digest: None,
        distribution: None,
        packages: Vec::new(),
        unknown: Vec::new(),
        problems: Vec::new(),
    };
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in list(document, "packages") {
        let id = text(entry, "SPDXID");
        let purls = list(entry, "externalRefs").iter().filter(|one| text(one, "referenceType") == "purl");
        let purl = purls.map(|one| text(one, "referenceLocator")).next().unwrap_or_default();
        let purpose = text(entry, "primaryPackagePurpose");
        // The subject of the document, where it is an image and no package.
        if described.contains(id)
            && (purpose == "CONTAINER" || purl.starts_with("pkg:oci/") || purl.is_empty())
        {
            text(entry, "name").clone_into(&mut bom.subject);
            let sums = list(entry, "checksums");
            let sum = sums
                .iter()
                .find(|one| text(one, "algorithm") == "SHA256")
                .map(|one| text(one, "checksumValue"));
            bom.digest = digest(purl)
                .or_else(|| digest(text(entry, "versionInfo")))
                .or_else(|| sum.and_then(|sum| digest(&format!("sha256:{sum}"))));
            continue;
        }
        if purpose == "FILE" && text(entry, "sourceInfo").starts_with(UNKNOWN) {
            bom.unknown.push(text(entry, "name").to_owned());
        }
        if matches!(purpose, "FILE" | "OPERATING-SYSTEM" | "CONTAINER") {
            continue;
        }
        let mut found = package(purl, text(entry, "name"), text(entry, "versionInfo"));
        let stated = [text(entry, "licenseDeclared"), text(entry, "licenseConcluded")];
        found.license =
            stated.into_iter().find(|text| !matches!(*text, "" | "NOASSERTION" | "NONE")).map(str::to_owned);
        source_info(text(entry, "sourceInfo"), &mut found);
        for sum in list(entry, "checksums") {
            let name = text(sum, "algorithm").to_ascii_lowercase();
            found.checksums.insert(name, text(sum, "checksumValue").to_ascii_lowercase());
        }
        if !id.is_empty() && ids.insert(id, bom.packages.len()).is_some() {
            bom.problems.push(format!("the identifier `{id}` stands for two packages"));
        }
        bom.packages.push(found);
    }
    for one in relationships {
        let ends = (ids.get(text(one, "spdxElementId")), ids.get(text(one, "relatedSpdxElement")));
        let (from, to) = match (text(one, "relationshipType"), ends) {
            ("DEPENDS_ON", (Some(from), Some(to))) => (*from, *to),
            ("DEPENDENCY_OF", (Some(to), Some(from))) => (*from, *to),
            ("OTHER", (Some(owner), Some(owned)))
                if text(one, "comment").starts_with("ownership-by-file-overlap") =>
            {
                bom.packages[*owned].owner = Some(bom.packages[*owner].purl.clone());
                continue;
            }
            _ => continue,
        };
        let id = bom.packages[to].id();
        bom.packages[from].depends.push(id);
    }
    Ok(bom)
}

/// What this program and syft write there: where the package was found, what it was built from.
fn source_info(info: &str, found: &mut seaworthy_facts::PackageFact) {
    for part in info.split("; ") {
        if let Some(source) = part.strip_prefix("built from ") {
            let (name, version) = source.split_once(' ').unwrap_or((source, &found.version));
            found.source = Some(SourcePackage { name: name.to_owned(), version: version.to_owned() });
        } else if let Some(path) = part.strip_prefix("found in ") {
            let path = path.split(", ").next().unwrap_or(path);
            path.split(" (layer ").next().unwrap_or(path).clone_into(&mut found.evidence);
        } else if let Some((_, path)) = part.split_once("acquired package info from ") {
            let path = path.rsplit(": ").next().unwrap_or(path);
            path.split(", ").next().unwrap_or_default().clone_into(&mut found.evidence);
        }
    }
}
