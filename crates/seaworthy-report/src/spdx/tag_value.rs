//! SPDX 2.3 as tags and values: the same document as the JSON, in the order of the specification's clauses.

use serde_json::Value;
use std::fmt::Write as _;

/// Writes a document that [`super::document`] made.
pub(super) fn write(document: &Value) -> String {
    let mut out = String::new();
    let mut tag = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = if value.contains('\n') {
            writeln!(out, "{name}: <text>{value}</text>")
        } else {
            writeln!(out, "{name}: {value}")
        };
    };
    let text = |value: &'_ Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    for (name, key) in [
        ("SPDXVersion", "spdxVersion"),
        ("DataLicense", "dataLicense"),
        ("SPDXID", "SPDXID"),
        ("DocumentName", "name"),
        ("DocumentNamespace", "documentNamespace"),
    ] {
        tag(name, &text(document, key));
    }
    for creator in list(&document["creationInfo"], "creators") {
        tag("Creator", creator.as_str().unwrap_or_default());
    }
    tag("Created", &text(&document["creationInfo"], "created"));
    for package in list(document, "packages") {
        tag("\nPackageName", &text(&package, "name"));
        tag("SPDXID", &text(&package, "SPDXID"));
        for (name, key) in [
            ("PackageVersion", "versionInfo"),
            ("PackageSupplier", "supplier"),
            ("PackageDownloadLocation", "downloadLocation"),
            ("PrimaryPackagePurpose", "primaryPackagePurpose"),
        ] {
            if package.get(key).is_some() {
                tag(name, &text(&package, key));
            }
        }
        tag("FilesAnalyzed", "false");
        for sum in list(&package, "checksums") {
            tag("PackageChecksum", &format!("{}: {}", text(&sum, "algorithm"), text(&sum, "checksumValue")));
        }
        if package.get("sourceInfo").is_some() {
            tag("PackageSourceInfo", &format!("<text>{}</text>", text(&package, "sourceInfo")));
        }
        for (name, key) in [
            ("PackageLicenseConcluded", "licenseConcluded"),
            ("PackageLicenseDeclared", "licenseDeclared"),
            ("PackageCopyrightText", "copyrightText"),
        ] {
            tag(name, &text(&package, key));
        }
        for reference in list(&package, "externalRefs") {
            let words =
                ["referenceCategory", "referenceType", "referenceLocator"].map(|key| text(&reference, key));
            tag("ExternalRef", &words.join(" "));
        }
    }
    for info in list(document, "hasExtractedLicensingInfos") {
        tag("\nLicenseID", &text(&info, "licenseId"));
        tag("ExtractedText", &format!("<text>{}</text>", text(&info, "extractedText")));
        tag("LicenseName", &text(&info, "name"));
    }
    tag("", "");
    for relation in list(document, "relationships") {
        let words =
            ["spdxElementId", "relationshipType", "relatedSpdxElement"].map(|key| text(&relation, key));
        tag("Relationship", &words.join(" "));
        if relation.get("comment").is_some() {
            tag("RelationshipComment", &format!("<text>{}</text>", text(&relation, "comment")));
        }
    }
    out.replace("\n: \n", "\n\n")
}
