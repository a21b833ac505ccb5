//! Which installed package a dependency means.

use seaworthy_facts::PackageFact;
use seaworthy_packages::python::normal;
use std::collections::BTreeMap;

/// Turns names of dependencies into `name@version`, and drops those that are not installed.
pub(super) fn link(packages: &mut [PackageFact]) {
    let mut by_name: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut by_folder: BTreeMap<String, String> = BTreeMap::new();
    for package in packages.iter() {
        by_name.insert(key(&package.kind, &package.name), package.id());
        if package.kind == "npm" {
            by_folder.insert(folder(&package.evidence).to_owned(), package.id());
        }
    }
    for package in packages.iter_mut() {
        // Binaries name versions themselves.
        if matches!(package.kind.as_str(), "cargo" | "golang") {
            continue;
        }
        let own = package.id();
        let mut depends: Vec<String> = package
            .depends
            .iter()
            .filter_map(|name| {
                if package.kind == "npm" {
                    required(folder(&package.evidence), name, &by_folder)
                } else {
                    by_name.get(&key(&package.kind, name)).cloned()
                }
            })
            .filter(|id| *id != own)
            .collect();
        depends.sort();
        depends.dedup();
        package.depends = depends;
    }
}

fn key(kind: &str, name: &str) -> (String, String) {
    let name = match kind {
        "pypi" => normal(name),
        "nuget" | "composer" | "deb" => name.to_ascii_lowercase(),
        _ => name.to_owned(),
    };
    (kind.to_owned(), name)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What `require(name)` finds from within a folder: the nearest `node_modules` upwards that has it.
fn required(from: &str, name: &str, by_folder: &BTreeMap<String, String>) -> Option<String> {
    let mut at = from;
    loop {
        if !at.ends_with("/node_modules")
            && let Some(found) = by_folder.get(&format!("{at}/node_modules/{name}"))
        {
            return Some(found.clone());
        }
        if at.is_empty() {
            return None;
        }
        at = folder(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_folder_wins() {
        let package = |path: &str, name: &str, version: &str, depends: &[&str]| PackageFact {
            kind: "npm".into(),
            name: name.into(),
            version: version.into(),
            evidence: format!("{path}/package.json"),
            depends: depends.iter().map(|name| (*name).to_owned()).collect(),
            ..PackageFact::default()
        };
        let mut packages = [
            package("/app/node_modules/a", "a", "1", &["b", "gone"]),
            package("/app/node_modules/a/node_modules/b", "b", "1", &["c"]),
            package("/app/node_modules/b", "b", "2", &["a"]),
            package("/app/node_modules/c", "c", "1", &["b"]),
        ];
        link(&mut packages);
        let depends: Vec<_> = packages.iter().map(|one| one.depends.join(",")).collect();
        assert_eq!(depends, ["b@1", "c@1", "a@1", "b@2"]);
    }
}
