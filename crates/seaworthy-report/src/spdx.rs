//! The SPDX 2.3 document of an image, as JSON or as tags and values: the image contains its packages, which depend on
//! one another.

mod tag_value;

use crate::inventory::{Item, UNKNOWN, image_name, image_purl, items, purl, unknown, whole_seconds};
use crate::license::{Extracted, expression};
use crate::text::escape;
use seaworthy_facts::{ImageFacts, PackageFact};
use seaworthy_oci::Digest;
use serde_json::{Map, Value, json};

/// Where document namespaces live. The host can never resolve; the namespace only has to be unique.
const NAMESPACE: &str = "https://seaworthy.invalid/spdx";
const IMAGE: &str = "SPDXRef-image";

/// Writes the document, the same bytes for the same input.
///
/// `created` is an RFC 3339 time; `seed` sets documents of the same image apart where there are several,
/// and may be empty; `version` is the tool's.
pub fn document(image: &ImageFacts, created: &str, seed: &str, version: &str) -> Vec<u8> {
    // Displaying a value cannot fail.
    format!("{:#}\n", value(image, created, seed, version)).into_bytes()
}

/// Writes the same document as tags and values.
pub fn tag_value(image: &ImageFacts, created: &str, seed: &str, version: &str) -> Vec<u8> {
    tag_value::write(&value(image, created, seed, version)).into_bytes()
}

fn value(image: &ImageFacts, created: &str, seed: &str, version: &str) -> Value {
    let mut extracted = Extracted::new();
    let name = image_name(image);
    let created = whole_seconds(created);
    let mut packages = vec![image_package(image, &name, &mut extracted)];
    let mut relationships = vec![relation("SPDXRef-DOCUMENT", "DESCRIBES", IMAGE)];
    for item in items(image) {
        let id = format!("SPDXRef-{}", item.id);
        let mut package = base(&id, &escape(&item.package.name));
        if !item.package.version.is_empty() {
            package.insert("versionInfo".to_owned(), json!(escape(&item.package.version)));
        }
        let license = expression(item.package.license.as_deref(), &mut extracted);
        package.insert("licenseDeclared".to_owned(), json!(license));
        package.insert("sourceInfo".to_owned(), json!(source_info(&item)));
        let sums = checksums(item.package);
        if !sums.is_empty() {
            package.insert("checksums".to_owned(), Value::Array(sums));
        }
        if let Some(purl) = purl(item.package) {
            package.insert("externalRefs".to_owned(), external(purl));
        }
        package.insert(
            "primaryPackagePurpose".to_owned(),
            json!(if item.package.root { "APPLICATION" } else { "LIBRARY" }),
        );
        packages.push(Value::Object(package));
        relationships.push(relation(IMAGE, "CONTAINS", &id));
        for owner in &item.owners {
            let mut owned = relation(&format!("SPDXRef-{owner}"), "OTHER", &id);
            owned["comment"] =
                json!("ownership-by-file-overlap: the first package brought the files that prove the second");
            relationships.push(owned);
        }
        for other in &item.depends {
            relationships.push(relation(&id, "DEPENDS_ON", &format!("SPDXRef-{other}")));
        }
    }
    for (at, path) in unknown(image).iter().enumerate() {
        let id = format!("SPDXRef-unknown-{at}");
        let mut program = base(&id, path);
        program.insert("licenseDeclared".to_owned(), json!("NOASSERTION"));
        program.insert("sourceInfo".to_owned(), json!(UNKNOWN));
        program.insert("primaryPackagePurpose".to_owned(), json!("FILE"));
        packages.push(Value::Object(program));
        relationships.push(relation(IMAGE, "CONTAINS", &id));
    }
    let key = format!("{}\u{1f}{created}\u{1f}{seed}\u{1f}{version}", image.digest);
    let unique = Digest::of(key.as_bytes());
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": format!("{NAMESPACE}/{}/{}", plain(&image.digest), unique.hex().get(..32).unwrap_or_default()),
        "creationInfo": {
            "created": created,
            "creators": [format!("Tool: seaworthy-{}", escape(version))],
        },
        "packages": packages,
        "relationships": relationships,
    });
    if !extracted.is_empty() {
        let infos: Vec<Value> = extracted
            .iter()
            .map(|(id, text)| json!({"licenseId": id, "extractedText": text, "name": text}))
            .collect();
        document["hasExtractedLicensingInfos"] = Value::Array(infos);
    }
    document
}

/// Where a package was found, and what it was built from.
fn source_info(item: &Item<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(source) = &item.package.source {
        parts.push(format!("built from {} {}", escape(&source.name), escape(&source.version)));
    }
    let found: Vec<String> =
        item.evidence.iter().map(|(path, layer)| format!("{path} (layer {layer})")).collect();
    parts.push(if found.is_empty() {
        "stated by a merged SBOM, not found in the image".to_owned()
    } else {
        format!("found in {}", found.join(", "))
    });
    if item.package.development {
        parts.push("installed for development".to_owned());
    }
    parts.join("; ")
}

/// Checksums of a package's archive, of the algorithms SPDX names.
fn checksums(package: &PackageFact) -> Vec<Value> {
    let digits = [("md5", 32), ("sha1", 40), ("sha256", 64), ("sha384", 96), ("sha512", 128)];
    package
        .checksums
        .iter()
        .filter(|(name, sum)| digits.contains(&(name.as_str(), sum.len())))
        .map(|(name, sum)| json!({"algorithm": name.to_ascii_uppercase(), "checksumValue": sum}))
        .collect()
}

fn image_package(image: &ImageFacts, name: &str, extracted: &mut Extracted) -> Value {
    let mut package = base(IMAGE, name);
    package.insert("versionInfo".to_owned(), json!(escape(&image.digest)));
    let key = "org.opencontainers.image.licenses";
    let stated = image.annotations.get(key).or_else(|| image.config.config.labels.get(key));
    package.insert("licenseDeclared".to_owned(), json!(expression(stated.map(String::as_str), extracted)));
    package.insert("primaryPackagePurpose".to_owned(), json!("CONTAINER"));
    if let Ok(digest) = image.digest.parse::<Digest>() {
        let algorithm = if digest.algorithm() == "sha512" { "SHA512" } else { "SHA256" };
        let sum = json!([{"algorithm": algorithm, "checksumValue": digest.hex()}]);
        package.insert("checksums".to_owned(), sum);
        package.insert("externalRefs".to_owned(), external(&image_purl(image)));
    }
    Value::Object(package)
}

/// What every package of the document has.
fn base(id: &str, name: &str) -> Map<String, Value> {
    let fields = [
        ("SPDXID", json!(id)),
        ("name", json!(if name.is_empty() { "unnamed" } else { name })),
        ("downloadLocation", json!("NOASSERTION")),
        ("filesAnalyzed", json!(false)),
        ("licenseConcluded", json!("NOASSERTION")),
        ("copyrightText", json!("NOASSERTION")),
        ("supplier", json!("NOASSERTION")),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn external(purl: &str) -> Value {
    json!([{
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl,
    }])
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to})
}

/// A digest as one segment of a URL's path.
fn plain(digest: &str) -> String {
    digest.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
