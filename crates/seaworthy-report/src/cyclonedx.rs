//! The CycloneDX document of an image, 1.5 or 1.6.

use crate::inventory::{Item, UNKNOWN, image_name, image_purl, items, purl, unknown, whole_seconds};
use crate::license::{Extracted, expression};
use crate::text::escape;
use seaworthy_facts::ImageFacts;
use seaworthy_oci::Digest;
use serde_json::{Map, Value, json};

/// The version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spec {
    /// 1.5.
    V1_5,
    /// 1.6.
    #[default]
    V1_6,
}

/// Writes the document of version 1.6; see [`document_as`].
pub fn document(image: &ImageFacts, created: &str, seed: &str, version: &str) -> Vec<u8> {
    document_as(Spec::V1_6, image, created, seed, version)
}

/// Writes the document, the same bytes for the same input; the arguments are those of
/// [`crate::spdx::document`].
pub fn document_as(spec: Spec, image: &ImageFacts, created: &str, seed: &str, version: &str) -> Vec<u8> {
    let created = whole_seconds(created);
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut all = Vec::new();
    if let Some(distribution) = &image.distribution {
        let mut system = json!({
            "type": "operating-system",
            "bom-ref": "operating-system",
            "name": if distribution.id.is_empty() { "linux".to_owned() } else { escape(&distribution.id) },
        });
        if !distribution.version.is_empty() {
            system["version"] = json!(escape(&distribution.version));
        }
        if !distribution.name.is_empty() {
            system["description"] = json!(escape(&distribution.name));
        }
        components.push(system);
    }
    for item in items(image) {
        components.push(component(&item, spec, image));
        dependencies.push(json!({"ref": item.id, "dependsOn": item.depends}));
        all.push(item.id);
    }
    dependencies.insert(0, json!({"ref": "image", "dependsOn": all}));
    let unknown = unknown(image);
    for (at, path) in unknown.iter().enumerate() {
        components.push(json!({
            "type": "file",
            "bom-ref": format!("unknown-{at}"),
            "name": path,
            "properties": [{"name": "seaworthy:contents", "value": UNKNOWN}],
        }));
    }
    let mut subject = json!({
        "type": "container",
        "bom-ref": "image",
        "name": image_name(image),
        "version": escape(&image.digest),
    });
    if let Ok(digest) = image.digest.parse::<Digest>() {
        subject["purl"] = json!(image_purl(image));
        let algorithm = if digest.algorithm() == "sha512" { "SHA-512" } else { "SHA-256" };
        subject["hashes"] = json!([{"alg": algorithm, "content": digest.hex()}]);
    }
    let key = "org.opencontainers.image.licenses";
    let stated = image.annotations.get(key).or_else(|| image.config.config.labels.get(key));
    if let Some(licenses) = license(stated.map(String::as_str)) {
        subject["licenses"] = licenses;
    }
    let layers: Vec<Value> = image
        .layers
        .iter()
        .enumerate()
        .map(|(at, layer)| json!({"name": format!("seaworthy:layer:{at}"), "value": escape(&layer.digest)}))
        .collect();
    if !layers.is_empty() {
        subject["properties"] = Value::Array(layers);
    }
    let number = match spec {
        Spec::V1_5 => "1.5",
        Spec::V1_6 => "1.6",
    };
    let key =
        format!("{}\u{1f}{created}\u{1f}{seed}\u{1f}{version}\u{1f}cyclonedx\u{1f}{number}", image.digest);
    let mut document = json!({
        "$schema": format!("http://cyclonedx.org/schema/bom-{number}.schema.json"),
        "bomFormat": "CycloneDX",
        "specVersion": number,
        "serialNumber": serial(&key),
        "version": 1,
        "metadata": {
            "timestamp": created,
            "lifecycles": [{"phase": "post-build"}],
            "tools": {"components": [
                {"type": "application", "name": "seaworthy", "version": escape(version)},
            ]},
            "component": subject,
        },
        "components": components,
        "dependencies": dependencies,
    });
    if !unknown.is_empty() {
        document["compositions"] = json!([{"aggregate": "incomplete", "assemblies": ["image"]}]);
    }
    // Displaying a value cannot fail.
    format!("{document:#}\n").into_bytes()
}

fn component(item: &Item<'_>, spec: Spec, image: &ImageFacts) -> Value {
    let package = item.package;
    let mut component = Map::new();
    let kind = if package.root { "application" } else { "library" };
    component.insert("type".to_owned(), json!(kind));
    component.insert("bom-ref".to_owned(), json!(item.id));
    component.insert("name".to_owned(), json!(escape(&package.name)));
    if !package.version.is_empty() {
        component.insert("version".to_owned(), json!(escape(&package.version)));
    }
    if let Some(purl) = purl(package) {
        component.insert("purl".to_owned(), json!(purl));
    }
    if let Some(license) = license(package.license.as_deref()) {
        component.insert("licenses".to_owned(), license);
    }
    let hashes: Vec<Value> = package
        .checksums
        .iter()
        .filter_map(|(name, sum)| {
            let (name, digits) = match name.as_str() {
                "md5" => ("MD5", 32),
                "sha1" => ("SHA-1", 40),
                "sha256" => ("SHA-256", 64),
                "sha384" => ("SHA-384", 96),
                "sha512" => ("SHA-512", 128),
                _ => return None,
            };
            (sum.len() == digits).then(|| json!({"alg": name, "content": sum}))
        })
        .collect();
    if !hashes.is_empty() {
        component.insert("hashes".to_owned(), Value::Array(hashes));
    }
    let mut properties = Vec::new();
    let mut say = |name: &str, value: String| {
        if !value.is_empty() {
            properties.push(json!({"name": format!("seaworthy:{name}"), "value": value}));
        }
    };
    if item.evidence.is_empty() {
        say("evidence", "none: stated by a merged SBOM, not found in the image".to_owned());
    } else if let Some(layer) = image.layers.get(package.layer) {
        say("layer:index", package.layer.to_string());
        say("layer:digest", escape(&layer.digest));
    }
    if let Some(source) = &package.source {
        say("source:name", escape(&source.name));
        say("source:version", escape(&source.version));
    }
    say("owner", package.owner.as_deref().map(escape).unwrap_or_default());
    if package.development {
        say("development", "true".to_owned());
    }
    if !properties.is_empty() {
        component.insert("properties".to_owned(), Value::Array(properties));
    }
    if !item.evidence.is_empty() {
        let places: Vec<Value> = item.evidence.keys().map(|path| json!({"location": path})).collect();
        let technique = match package.kind.as_str() {
            "cargo" | "golang" | "generic" => "binary-analysis",
            _ => "manifest-analysis",
        };
        let path = item.evidence.keys().next();
        let identity = json!({
            "field": if purl(package).is_some() { "purl" } else { "name" },
            "confidence": 1,
            "methods": [{"technique": technique, "confidence": 1, "value": path}],
        });
        let identity = if spec == Spec::V1_5 { identity } else { json!([identity]) };
        component.insert("evidence".to_owned(), json!({"identity": identity, "occurrences": places}));
    }
    Value::Object(component)
}

/// A licence as the format wants it: an identifier, an expression where all of it is known, else its text as a name.
fn license(stated: Option<&str>) -> Option<Value> {
    let stated = stated.map(str::trim).filter(|text| !text.is_empty())?;
    let mut unknown = Extracted::new();
    let valid = expression(Some(stated), &mut unknown);
    Some(if !unknown.is_empty() || valid == "NOASSERTION" || valid == "NONE" {
        json!([{"license": {"name": escape(stated)}}])
    } else if seaworthy_packages::license::is_listed(&valid) {
        json!([{"license": {"id": valid}}])
    } else {
        json!([{"expression": valid}])
    })
}

/// A UUID of version 8, made from a digest of `key`.
fn serial(key: &str) -> String {
    let digest = Digest::of(key.as_bytes());
    let hex = digest.hex();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
