//! .NET's list of an application's parts, `NAME.deps.json`.

use crate::{Source, hex_of_base64};
use seaworthy_facts::PackageFact;
use serde_json::{Map, Value};

/// Reads the list: the packages, and the application itself as the root.
pub fn deps(source: &Source<'_>) -> Vec<PackageFact> {
    let Some(document) = source.json() else { return Vec::new() };
    let empty = Map::new();
    let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
    let target = document.get("runtimeTarget").and_then(|target| match target {
        Value::String(name) => Some(name.as_str()),
        other => other.get("name").and_then(Value::as_str),
    });
    let targets = document.get("targets").and_then(Value::as_object).unwrap_or(&empty);
    let used = object(target.and_then(|name| targets.get(name))).or_else(|| object(targets.values().next()));
    let mut found = Vec::new();
    let Some(libraries) = document.get("libraries").and_then(Value::as_object) else { return found };
    for (key, library) in libraries {
        let Some((name, version)) = key.rsplit_once('/') else { continue };
        let entry = used.as_ref().and_then(|used| used.get(key));
        let kind = library.get("type").and_then(Value::as_str).unwrap_or_default();
        // What the target does not name took part in the build only.
        if name.is_empty()
            || !matches!(kind, "package" | "project" | "runtimepack")
            || (used.is_some() && entry.is_none())
        {
            continue;
        }
        // A runtime pack is the package without this prefix.
        let name = name.strip_prefix("runtimepack.").unwrap_or(name);
        let mut package = source.package("nuget", name, version);
        package.root = kind == "project";
        let depends = entry.and_then(|entry| entry.get("dependencies")).and_then(Value::as_object);
        package.depends = depends.into_iter().flatten().map(|(name, _)| name.clone()).collect();
        let sum = library.get("sha512").and_then(Value::as_str).unwrap_or_default();
        if let Some(sum) = sum.strip_prefix("sha512-").and_then(hex_of_base64).filter(|sum| sum.len() == 128)
        {
            package.checksums.insert("sha512".to_owned(), sum);
        }
        found.push(package);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_target_runs() {
        let text = br#"{"runtimeTarget":{"name":".NETCoreApp,Version=v8.0"},"targets":{".NETCoreApp,Version=v8.0":{"App/1.0.0":{"dependencies":{"Newtonsoft.Json":"13.0.1"}},"Newtonsoft.Json/13.0.1":{"runtime":{}}}},"libraries":{"App/1.0.0":{"type":"project","sha512":""},"Newtonsoft.Json/13.0.1":{"type":"package","sha512":"sha512-AAEC"},"Build.Only/1.0":{"type":"package"}}}"#;
        let found = deps(&Source { path: "/app/App.deps.json", layer: 0, bytes: text, distribution: None });
        let names: Vec<_> = found.iter().map(|one| (one.purl.as_str(), one.root)).collect();
        assert_eq!(names, [("pkg:nuget/App@1.0.0", true), ("pkg:nuget/Newtonsoft.Json@13.0.1", false)]);
        assert_eq!(found[0].depends, ["Newtonsoft.Json"]);
    }
}
