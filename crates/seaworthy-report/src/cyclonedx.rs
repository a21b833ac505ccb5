//! The CycloneDX 1.6 document of an image.

use crate::inventory::{image_name, image_purl, items, purl, whole_seconds};
use crate::license::{Extracted, expression};
use crate::text::escape;
use seaworthy_facts::ImageFacts;
use seaworthy_oci::Digest;
use serde_json::{Map, Value, json};

/// Writes the document, the same bytes for the same input; the arguments are those of
/// [`crate::spdx::document`].
pub fn document(image: &ImageFacts, created: &str, seed: &str, version: &str) -> Vec<u8> {
    let created = whole_seconds(created);
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut all = Vec::new();
    for item in items(image) {
        let mut component = Map::new();
        component.insert("type".to_owned(), json!("library"));
        component.insert("bom-ref".to_owned(), json!(item.id));
        component.insert("name".to_owned(), json!(escape(&item.package.name)));
        if !item.package.version.is_empty() {
            component.insert("version".to_owned(), json!(escape(&item.package.version)));
        }
        if let Some(purl) = purl(item.package) {
            component.insert("purl".to_owned(), json!(purl));
        }
        if let Some(license) = license(item.package.license.as_deref()) {
            component.insert("licenses".to_owned(), license);
        }
        let places: Vec<Value> = item.evidence.iter().map(|path| json!({"location": path})).collect();
        if !places.is_empty() {
            component.insert("evidence".to_owned(), json!({"occurrences": places}));
        }
        components.push(Value::Object(component));
        dependencies.push(json!({"ref": item.id, "dependsOn": item.depends}));
        all.push(item.id);
    }
    dependencies.insert(0, json!({"ref": "image", "dependsOn": all}));
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
    let key = format!("{}\u{1f}{created}\u{1f}{seed}\u{1f}{version}\u{1f}cyclonedx", image.digest);
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(&key),
        "version": 1,
        "metadata": {
            "timestamp": created,
            "tools": {"components": [
                {"type": "application", "name": "seaworthy", "version": escape(version)},
            ]},
            "component": subject,
        },
        "components": components,
        "dependencies": dependencies,
    });
    // Displaying a value cannot fail.
    format!("{document:#}\n").into_bytes()
}

/// A licence as the format wants it: an expression where all of it is known, else its text as a name.
fn license(stated: Option<&str>) -> Option<Value> {
    let stated = stated.map(str::trim).filter(|text| !text.is_empty())?;
    let mut unknown = Extracted::new();
    let valid = expression(Some(stated), &mut unknown);
    Some(if unknown.is_empty() && valid != "NOASSERTION" && valid != "NONE" {
        json!([{"expression": valid}])
    } else {
        json!([{"license": {"name": escape(stated)}}])
    })
}

/// A UUID of version 8, made from a digest of `key`.
fn serial(key: &str) -> String {
    let digest = Digest::of(key.as_bytes());
    let hex = digest.hex();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
