//! Composer's list of what it installed, `vendor/composer/installed.json`, of versions 1 and 2.

use crate::Source;
use seaworthy_facts::PackageFact;
use serde_json::Value;
use std::collections::BTreeSet;

/// Reads the list.
pub fn installed(source: &Source<'_>) -> Vec<PackageFact> {
    let Some(document) = source.json() else { return Vec::new() };
    let packages = document.as_array().or_else(|| document.get("packages").and_then(Value::as_array));
    let development: BTreeSet<&str> = document
        .get("dev-package-names")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut found = Vec::new();
    for entry in packages.into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, version) = (text("name"), text("version"));
        if name.is_empty() || version.is_empty() {
            continue;
        }
        let mut package = source.package("composer", name, version);
        package.development = development.contains(name);
        let licenses: Vec<&str> = entry
            .get("license")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        // Several licences of a package are alternatives.
        package.license = (!licenses.is_empty()).then(|| licenses.join(" OR "));
        let requires = entry.get("require").and_then(Value::as_object).into_iter().flatten();
        // `php` and `ext-json` are no packages.
        package.depends = requires.map(|(name, _)| name.clone()).filter(|name| name.contains('/')).collect();
        let sum =
            entry.get("dist").and_then(|dist| dist.get("shasum")).and_then(Value::as_str).unwrap_or_default();
        if sum.len() == 40 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            package.checksums.insert("sha1".to_owned(), sum.to_ascii_lowercase());
        }
        found.push(package);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_the_list() {
        let entry = r#"{"name":"monolog/monolog","version":"2.9.1","license":["MIT"],"require":{"php":">=7","psr/log":"^1"}}"#;
        for text in [
            format!("[{entry}]"),
            format!(r#"{{"packages":[{entry}],"dev-package-names":["monolog/monolog"]}}"#),
        ] {
            let found =
                installed(&Source { path: "/x", layer: 0, bytes: text.as_bytes(), distribution: None });
            assert_eq!(found[0].purl, "pkg:composer/monolog/monolog@2.9.1");
            assert_eq!(found[0].depends, ["psr/log"]);
            assert_eq!(found[0].development, text.starts_with('{'));
        }
    }
}
