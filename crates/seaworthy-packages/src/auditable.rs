//! cargo-auditable's list of crates: JSON that a binary carries packed in the section `.dep-v0`.

use crate::Source;
use seaworthy_facts::PackageFact;
use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    dependencies: Vec<usize>,
    #[serde(default)]
    root: bool,
}

/// Reads the unpacked list. Crates that only took part in the build are not in the binary and left out. Nothing when
/// the list is broken.
pub fn crates(source: &Source<'_>) -> Option<Vec<PackageFact>> {
    let list: List = serde_json::from_slice(source.bytes).ok()?;
    let built = |one: &Crate| one.kind.as_deref().is_none_or(|kind| kind != "build");
    let crates = list.packages.iter().filter(|one| built(one)).map(|one| {
        let mut package = source.package("cargo", &one.name, &one.version);
        let depends = one.dependencies.iter().filter_map(|at| list.packages.get(*at));
        package.depends = depends
            .filter(|other| built(other))
            .map(|other| format!("{}@{}", other.name, other.version))
            .collect();
        package.depends.sort();
        package.root = one.root;
        package
    });
    Some(crates.collect())
}
