//! npm packages by node's own rule: a package is what `require` would find, a folder right below `node_modules`.
//!
//! Any other `package.json` (of tests, templates, build output) is a file like others; counting those is what makes
//! other tools report packages nobody installed.

use super::{Visible, package};
use seaworthy_facts::PackageFact;
use serde_json::Value;

/// Whether a folder is `…/node_modules/NAME` or `…/node_modules/@SCOPE/NAME`.
pub(super) fn is_package_folder(folder: &[u8]) -> bool {
    let mut parts = folder.rsplit(|byte| *byte == b'/');
    let (Some(name), Some(parent)) = (parts.next(), parts.next()) else { return false };
    if name.starts_with(b".") || name.starts_with(b"@") {
        return false;
    }
    parent == b"node_modules" || (parent.starts_with(b"@") && parts.next() == Some(b"node_modules"))
}

/// Reads the manifest; one without a version is no package.
pub(super) fn package_json(document: &Visible<'_>) -> Option<PackageFact> {
    let bytes = document.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document.bytes);
    let manifest: Value = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (name, version) = (text("name")?, text("version")?);
    let mut found = package("npm", name, version, document);
    found.license = match manifest.get("license") {
        Some(Value::String(license)) => Some(license.clone()),
        Some(Value::Object(license)) => license.get("type").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let depends = manifest.get("dependencies").and_then(Value::as_object);
    found.depends = depends.into_iter().flat_map(|map| map.keys().cloned()).collect();
    Some(found)
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
}
