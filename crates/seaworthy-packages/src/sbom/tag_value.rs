//! SPDX's tags and values, as the JSON they stand for (SPDX 2.3, annex "Serialization").

use serde_json::{Map, Value, json};

/// Reads lines `Tag: value`; a value may stand between `<text>` and `</text>` and then have many lines.
pub(super) fn read(text: &str) -> Value {
    let mut document = Map::new();
    let mut creation = Map::new();
    let mut creators = Vec::new();
    let mut packages: Vec<Map<String, Value>> = Vec::new();
    let mut extracted: Vec<Map<String, Value>> = Vec::new();
    let mut relationships: Vec<Map<String, Value>> = Vec::new();
    // What a tag belongs to: nothing yet, a package, or a part that is not looked at.
    let mut place = Place::Document;
    for (tag, value) in pairs(text) {
        let value = value.as_str();
        match tag {
            "PackageName" => {
                place = Place::Package;
                packages.push(Map::from_iter([("name".to_owned(), json!(value))]));
                continue;
            }
            "FileName" | "SnippetSPDXID" | "Annotator" | "Reviewer" => {
                place = Place::Other;
                continue;
            }
            "LicenseID" => {
                place = Place::License;
                extracted.push(Map::from_iter([("licenseId".to_owned(), json!(value))]));
                continue;
            }
            "Relationship" => {
                let mut words = value.split_whitespace();
                if let (Some(from), Some(kind), Some(to)) = (words.next(), words.next(), words.next()) {
                    let entry =
                        json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to});
                    relationships.extend(entry.as_object().cloned());
                }
                continue;
            }
            "RelationshipComment" => {
                if let Some(last) = relationships.last_mut() {
                    last.insert("comment".to_owned(), json!(value));
                }
                continue;
            }
            _ => {}
        }
        match place {
            Place::Document => {
                let key = match tag {
                    "SPDXVersion" => "spdxVersion",
                    "DataLicense" => "dataLicense",
                    "SPDXID" => "SPDXID",
                    "DocumentName" => "name",
                    "DocumentNamespace" => "documentNamespace",
                    "DocumentComment" => "comment",
                    "Creator" => {
                        creators.push(json!(value));
                        continue;
                    }
                    "Created" => {
                        creation.insert("created".to_owned(), json!(value));
                        continue;
                    }
                    _ => continue,
                };
                document.insert(key.to_owned(), json!(value));
            }
            Place::Package => {
                if let Some(package) = packages.last_mut() {
                    package_tag(package, tag, value);
                }
            }
            Place::License => {
                let key = match tag {
                    "ExtractedText" => "extractedText",
                    "LicenseName" => "name",
                    _ => continue,
                };
                if let Some(last) = extracted.last_mut() {
                    last.insert(key.to_owned(), json!(value));
                }
            }
            Place::Other => {}
        }
    }
    if !creators.is_empty() {
        creation.insert("creators".to_owned(), Value::Array(creators));
    }
    if !creation.is_empty() {
        document.insert("creationInfo".to_owned(), Value::Object(creation));
    }
    for (key, entries) in
        [("packages", packages), ("relationships", relationships), ("hasExtractedLicensingInfos", extracted)]
    {
        if !entries.is_empty() {
            document.insert(key.to_owned(), Value::Array(entries.into_iter().map(Value::Object).collect()));
        }
    }
    Value::Object(document)
}

/// What the tags that follow belong to.
enum Place {
    Document,
    Package,
    License,
    Other,
}

fn package_tag(package: &mut Map<String, Value>, tag: &str, value: &str) {
    let mut push = |key: &str, entry: Value| {
        let list = package.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(entry);
        }
    };
    match tag {
        "ExternalRef" => {
            let mut words = value.splitn(3, ' ');
            let (category, kind, locator) = (words.next(), words.next(), words.next());
            push(
                "externalRefs",
                json!({
                    "referenceCategory": category.unwrap_or_default(),
                    "referenceType": kind.unwrap_or_default(),
                    "referenceLocator": locator.unwrap_or_default().trim(),
                }),
            );
        }
        "PackageChecksum" => {
            let (algorithm, sum) = value.split_once(':').unwrap_or((value, ""));
            push("checksums", json!({"algorithm": algorithm.trim(), "checksumValue": sum.trim()}));
        }
        "FilesAnalyzed" => {
            package.insert("filesAnalyzed".to_owned(), json!(value.eq_ignore_ascii_case("true")));
        }
        _ => {
            let key = match tag {
                "SPDXID" => "SPDXID",
                "PackageVersion" => "versionInfo",
                "PackageFileName" => "packageFileName",
                "PackageSupplier" => "supplier",
                "PackageDownloadLocation" => "downloadLocation",
                "PackageLicenseConcluded" => "licenseConcluded",
                "PackageLicenseDeclared" => "licenseDeclared",
                "PackageCopyrightText" => "copyrightText",
                "PackageSourceInfo" => "sourceInfo",
                "PrimaryPackagePurpose" => "primaryPackagePurpose",
                _ => return,
            };
            package.insert(key.to_owned(), json!(value));
        }
    }
}

/// The tags and their values, in order.
fn pairs(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let line = line.trim_start();
            let Some((tag, value)) = line.split_once(':').filter(|_| !line.starts_with('#')) else {
                continue;
            };
            let value = value.trim();
            let Some(rest) = value.strip_prefix("<text>") else {
                return Some((tag.trim(), value.to_owned()));
            };
            if let Some(end) = rest.find("</text>") {
                return Some((tag.trim(), rest[..end].to_owned()));
            }
            let mut long = rest.to_owned();
            for line in lines.by_ref() {
                long.push('\n');
                if let Some(end) = line.find("</text>") {
                    long.push_str(&line[..end]);
                    break;
                }
                long.push_str(line);
            }
            return Some((tag.trim(), long));
        }
    })
}
