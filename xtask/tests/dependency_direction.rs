//! The direction of dependencies is a test, not a wish: the edges between the workspace's crates are exactly those of this table.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::collections::BTreeMap;
use std::process::Command;

/// Every crate with its layer and the crates it may use. A crate uses lower layers only; within a layer, only the edges named here.
const TABLE: &[(&str, u8, &[&str])] = &[
    // Models: no I/O.
    ("finding", 0, &[]),
    ("oci", 0, &[]),
    ("dockerfile", 0, &["finding"]),
    ("workflow", 0, &["finding"]),
    ("facts", 0, &["finding", "oci", "dockerfile", "workflow"]),
    ("packages", 0, &["facts"]),
    ("yaml", 0, &["finding"]),
    ("structure", 0, &["facts", "finding", "oci", "yaml"]),
    ("shell", 0, &["finding", "dockerfile"]),
    ("tags", 0, &[]),
    ("versions", 0, &[]),
    // Services: the only crates that talk to the outside.
    ("sandbox", 1, &[]),
    ("store", 1, &["oci"]),
    ("registry", 1, &["oci"]),
    ("engine", 1, &["oci"]),
    // Stages: each gives facts and knows no other stage.
    ("project", 2, &["finding", "facts", "dockerfile", "packages", "workflow", "yaml"]),
    ("build", 2, &["finding", "facts", "oci", "store", "engine"]),
    ("advisories", 2, &["facts", "packages", "versions"]),
    ("inspect", 2, &["facts", "oci", "packages", "store", "structure"]),
    ("trial", 2, &["finding", "facts", "oci", "store", "structure", "sandbox", "engine"]),
    ("release", 2, &["facts", "oci", "store", "registry"]),
    // Rules see facts only; renderers see results only.
    ("rules", 3, &["finding", "facts", "dockerfile", "oci", "shell", "workflow", "tags"]),
    ("report", 3, &["finding", "facts", "oci", "packages"]),
];

/// Most packages of others the lock file may name (STYLE section 1).
const MOST_PACKAGES: usize = 250;

fn metadata() -> serde_json::Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let out = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Normal dependencies among the workspace's own crates, without the prefix.
fn edges() -> BTreeMap<String, Vec<String>> {
    let metadata = metadata();
    let own = |value: &serde_json::Value| {
        value["name"].as_str().and_then(|name| name.strip_prefix("seaworthy-")).map(str::to_owned)
    };
    let mut edges = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let Some(name) = own(package) else { continue };
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
        edges.insert(name, normal.filter_map(own).collect());
    }
    edges
}

#[test]
fn crates_use_only_what_their_layer_allows() {
    let edges = edges();
    for (name, used) in &edges {
        let entry = TABLE.iter().find(|(known, ..)| known == name);
        let (_, _, allowed) = entry.unwrap_or_else(|| panic!("seaworthy-{name} has no row in the table"));
        for other in used {
            assert!(allowed.contains(&other.as_str()), "seaworthy-{name} must not use seaworthy-{other}");
        }
    }
    for (name, ..) in TABLE {
        assert!(edges.contains_key(*name), "the table names seaworthy-{name}, which does not exist");
    }
}

#[test]
fn the_table_itself_points_downward() {
    let layer =
        |name: &str| TABLE.iter().find(|(known, ..)| *known == name).map(|(_, layer, _)| *layer).unwrap();
    for (name, own, allowed) in TABLE {
        for other in *allowed {
            let below = layer(other) < *own;
            let model = layer(other) == 0 && *own == 0;
            assert!(below || model, "the row of {name} names {other}, which is not below it");
        }
    }
}

#[test]
fn the_lock_file_stays_small() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let packages = lock.lines().filter(|line| line.starts_with("source = ")).count();
    assert!(packages <= MOST_PACKAGES, "{packages} foreign packages in Cargo.lock, at most {MOST_PACKAGES}");
}

#[test]
fn unsafe_code_is_forbidden_outside_the_sandbox() {
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let text = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        let inherits = text.contains("[lints]\nworkspace = true");
        assert!(inherits || name == "seaworthy-sandbox", "{name} does not inherit the workspace's lints");
    }
}
