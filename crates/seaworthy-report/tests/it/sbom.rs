//! Both documents of an image: complete, the same each time, and valid in the eyes of others.

use crate::{sample, tools};
use seaworthy_facts::PackageFact;
use seaworthy_report::{cyclonedx, spdx};
use serde_json::Value;

const CREATED: &str = "2026-11-20T10:00:00.123+01:00";

fn spdx_of(image: &seaworthy_facts::ImageFacts) -> Value {
    serde_json::from_slice(&spdx::document(image, CREATED, "", "0.1.0")).unwrap()
}

#[test]
fn the_image_contains_its_packages_and_they_depend_on_one_another() {
    let document = spdx_of(&sample::image());
    assert_eq!(document["creationInfo"]["created"], "2026-11-20T09:00:00Z");
    let packages = document["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 7);
    assert_eq!(packages[0]["name"], "password-api");
    assert_eq!(
        packages[0]["externalRefs"][0]["referenceLocator"],
        "pkg:oci/password-api@sha256%3A9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08?arch=amd64"
    );
    let id = |name: &str| {
        let found = packages.iter().find(|one| one["name"] == name && one["SPDXID"] != "SPDXRef-image");
        found.unwrap()["SPDXID"].clone()
    };
    let relations = document["relationships"].as_array().unwrap();
    let has = |from: &Value, kind: &str, to: &Value| {
        relations.iter().any(|one| {
            one["spdxElementId"] == *from
                && one["relationshipType"] == kind
                && one["relatedSpdxElement"] == *to
        })
    };
    assert!(has(&id("password-api"), "DEPENDS_ON", &id("tokio")));
    assert!(has(&id("tokio"), "DEPENDS_ON", &id("bytes")));
    assert!(has(&Value::from("SPDXRef-image"), "CONTAINS", &id("openssl")));
    let root = packages.iter().find(|one| one["SPDXID"] == id("password-api")).unwrap();
    assert_eq!(root["licenseDeclared"], "MIT OR Apache-2.0");
}

#[test]
fn documents_are_the_same_each_time_and_differ_between_images() {
    let image = sample::image();
    assert_eq!(spdx::document(&image, CREATED, "", "1"), spdx::document(&image, CREATED, "", "1"));
    assert_eq!(cyclonedx::document(&image, CREATED, "", "1"), cyclonedx::document(&image, CREATED, "", "1"));
    let mut shuffled = image.clone();
    shuffled.packages.reverse();
    assert_eq!(spdx::document(&image, CREATED, "", "1"), spdx::document(&shuffled, CREATED, "", "1"));
    let mut other = image.clone();
    other.digest = format!("sha256:{}", "0".repeat(64));
    assert_ne!(spdx_of(&image)["documentNamespace"], spdx_of(&other)["documentNamespace"]);
}

/// The sample with names and licences nobody should trust.
fn hostile() -> seaworthy_facts::ImageFacts {
    let mut image = sample::image();
    let strange =
        ["", "a b\u{1b}[31m", "\u{202e}x", "a\nb", "<x>", "GPL (", "a/b/c", "\"", "MIT OR", &"x".repeat(300)];
    for (at, text) in strange.iter().enumerate() {
        image.packages.push(PackageFact {
            kind: "deb".to_owned(),
            name: format!("{text}{at}"),
            version: (*text).to_owned(),
            purl: format!("pkg:deb/{text}"),
            license: Some((*text).to_owned()),
            evidence: (*text).to_owned(),
            layer: 0,
            depends: vec![(*text).to_owned()],
            ..PackageFact::default()
        });
    }
    // The same package twice is one package.
    image.packages.push(image.packages[0].clone());
    image
}

#[test]
fn identifiers_stay_unique_and_well_formed() {
    let document = spdx_of(&hostile());
    let mut ids: Vec<&str> =
        document["packages"].as_array().unwrap().iter().map(|one| one["SPDXID"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 17);
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 17);
}

#[test]
fn the_spdx_tools_accept_the_document() {
    let Some(tool) = tools::find("SEAWORTHY_PYSPDXTOOLS", "pyspdxtools") else {
        println!("skipped: `pyspdxtools` is not installed");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for (name, image) in [("plain", sample::image()), ("hostile", hostile())] {
        let file = dir.path().join(format!("{name}.spdx.json"));
        std::fs::write(&file, spdx::document(&image, CREATED, "", "0.1.0")).unwrap();
        tools::accepts(&tool, &["-i".as_ref(), file.as_ref()]);
    }
}

#[test]
fn cyclonedx_lists_the_same_packages() {
    let image = hostile();
    let document: Value = serde_json::from_slice(&cyclonedx::document(&image, CREATED, "", "0.1.0")).unwrap();
    assert_eq!(document["specVersion"], "1.6");
    let components = document["components"].as_array().unwrap();
    assert_eq!(components.len() + 1, spdx_of(&image)["packages"].as_array().unwrap().len());
    let refs: Vec<&Value> = components.iter().map(|one| &one["bom-ref"]).collect();
    for dependency in document["dependencies"].as_array().unwrap() {
        for on in dependency["dependsOn"].as_array().unwrap() {
            assert!(refs.contains(&on), "{on} is a component");
        }
    }
    let serial = document["serialNumber"].as_str().unwrap();
    assert_eq!(serial.len(), "urn:uuid:00000000-0000-8000-a000-000000000000".len());
}

#[test]
fn the_cyclonedx_schema_accepts_the_document() {
    let schema = std::env::var_os("SEAWORTHY_CYCLONEDX_SCHEMA");
    let tool = tools::find("SEAWORTHY_CHECK_JSONSCHEMA", "check-jsonschema");
    let (Some(schema), Some(tool)) = (schema, tool) else {
        println!(
            "skipped: SEAWORTHY_CYCLONEDX_SCHEMA names no schema, or `check-jsonschema` is not installed"
        );
        return;
    };
    // The schema refers to its neighbours.
    let mut base = std::ffi::OsString::from("file://");
    base.push(std::path::Path::new(&schema).parent().unwrap());
    base.push("/");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("image.cdx.json");
    for image in [sample::image(), hostile()] {
        std::fs::write(&file, cyclonedx::document(&image, CREATED, "", "0.1.0")).unwrap();
        let arguments =
            ["--base-uri".as_ref(), base.as_os_str(), "--schemafile".as_ref(), &schema, file.as_ref()];
        tools::accepts(&tool, &arguments);
    }
}
