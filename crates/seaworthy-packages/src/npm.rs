//! npm packages by node's own rule: a package is what `require` would find, a folder right below `node_modules`.
//!
//! Any other `package.json` (of tests, templates, build output) is a file like others; counting those is what makes
//! other tools report packages nobody installed.

use crate::Source;
use seaworthy_facts::PackageFact;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a folder is `…/node_modules/NAME` or `…/node_modules/@SCOPE/NAME`.
pub fn is_package_folder(folder: &[u8]) -> bool {
    let mut parts = folder.rsplit(|byte| *byte == b'/');
    let (Some(name), Some(parent)) = (parts.next(), parts.next()) else { return false };
    if name.starts_with(b".") || name.starts_with(b"@") {
        return false;
    }
    parent == b"node_modules" || (parent.starts_with(b"@") && parts.next() == Some(b"node_modules"))
}

/// Reads the manifest; one without a version is no package.
pub fn package_json(source: &Source<'_>) -> Option<PackageFact> {
    let manifest = source.json()?;
    let text =
        |key: &str| manifest.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let (name, version) = (text("name")?, text("version")?);
    let version = version.strip_prefix(['=', 'v']).unwrap_or(version);
    let mut found = source.package("npm", name, version);
    let one = |value: &Value| match value {
        Value::String(license) => Some(license.clone()),
        Value::Object(license) => license.get("type").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    found.license = manifest.get("license").and_then(one).or_else(|| {
        // Before expressions there were lists, any of which could be chosen.
        let all: Vec<String> = manifest.get("licenses")?.as_array()?.iter().filter_map(one).collect();
        (!all.is_empty()).then(|| all.join(" OR "))
    });
    for key in ["dependencies", "optionalDependencies"] {
        let depends = manifest.get(key).and_then(Value::as_object);
        found.depends.extend(depends.into_iter().flat_map(|map| map.keys().cloned()));
    }
    Some(found)
}

/// What the installer wrote down about one folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Version.
    pub version: String,
    /// Whether it is for development only.
    pub development: bool,
    /// Checksums of the archive: algorithm → hexadecimal digits.
    pub checksums: BTreeMap<String, String>,
}

/// Reads npm's own list of what it installed, `node_modules/.package-lock.json`: folder (relative to the folder that
/// holds `node_modules`) → what was written down.
pub fn hidden_lock(bytes: &[u8]) -> BTreeMap<String, Installed> {
    let lock: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let packages = lock.get("packages").and_then(Value::as_object);
    packages
        .into_iter()
        .flatten()
        .filter(|(folder, entry)| {
            !folder.is_empty() && entry.get("link").and_then(Value::as_bool) != Some(true)
        })
        .map(|(folder, entry)| {
            let flag = |key: &str| entry.get(key).and_then(Value::as_bool).unwrap_or_default();
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let installed = Installed {
                version: text("version").to_owned(),
                development: flag("dev"),
                checksums: integrity(text("integrity")),
            };
            (folder.clone(), installed)
        })
        .collect()
}

/// Subresource integrity, `sha512-BASE64 …`, as hexadecimal digits.
pub(crate) fn integrity(text: &str) -> BTreeMap<String, String> {
    text.split_whitespace()
        .filter_map(|one| one.split_once('-'))
        .filter(|(name, _)| matches!(*name, "sha1" | "sha256" | "sha384" | "sha512"))
        .filter_map(|(name, sum)| Some((name.to_owned(), crate::hex_of_base64(sum)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_node_would_resolve() {
        for good in ["app/node_modules/next", "node_modules/@scope/x", "a/node_modules/b/node_modules/c"] {
            assert!(is_package_folder(good.as_bytes()), "{good}");
        }
        for bad in [
            "app",
            "app/node_modules/next/dist/compiled/x",
            "node_modules/.bin",
            "x/@scope/y",
            "node_modules/@scope",
        ] {
            assert!(!is_package_folder(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn the_hidden_lock() {
        let text = br#"{"packages":{"":{},"node_modules/a":{"version":"1.0.0","dev":true,"integrity":"sha1-AAEC"},"packages/b":{"link":true}}}"#;
        let lock = hidden_lock(text);
        assert_eq!(lock.len(), 1);
        assert!(lock["node_modules/a"].development);
        assert_eq!(lock["node_modules/a"].checksums["sha1"], "000102");
    }
}
