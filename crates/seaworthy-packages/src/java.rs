//! Java archives: Maven's own properties inside, else the manifest and the file's name; archives within archives.

use crate::{Source, zip::Archive};
use seaworthy_facts::PackageFact;
use std::collections::BTreeMap;

/// Archives nest this deep: ear, war, jar, jar.
const DEEPEST: usize = 4;
/// Most bytes that are unpacked of one outer archive.
const BUDGET: u64 = 512 << 20;
/// The largest manifest that is read.
const DOCUMENT: u64 = 1 << 20;
const ENDINGS: [&str; 10] = [".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".lpkg"];

/// Whether a file's name is that of a Java archive.
pub fn is_archive(name: &[u8]) -> bool {
    let ends = |ending: &&str| {
        name.len() > ending.len() && name[name.len() - ending.len()..].eq_ignore_ascii_case(ending.as_bytes())
    };
    ENDINGS.iter().any(ends)
}

/// The packages of an archive and of the archives within.
pub fn archive(source: &Source<'_>) -> Vec<PackageFact> {
    let mut found = Vec::new();
    let mut budget = BUDGET;
    read(source, source.bytes, source.path, 0, &mut budget, &mut found);
    found.sort();
    found.dedup();
    found
}

fn read(
    source: &Source<'_>,
    bytes: &[u8],
    path: &str,
    depth: usize,
    budget: &mut u64,
    found: &mut Vec<PackageFact>,
) {
    let Some(archive) = Archive::read(bytes) else { return };
    let mut manifest = BTreeMap::new();
    let mut poms = Vec::new();
    for entry in &archive.entries {
        let name = String::from_utf8_lossy(entry.name);
        let mut content = |limit: u64| {
            let content = archive.content(entry, limit.min(*budget))?;
            *budget = budget.saturating_sub(content.len() as u64);
            Some(content)
        };
        if name.eq_ignore_ascii_case("META-INF/MANIFEST.MF") {
            manifest = content(DOCUMENT).map(|bytes| attributes(&bytes)).unwrap_or_default();
        } else if name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties") {
            poms.extend(content(DOCUMENT).and_then(|bytes| properties(&bytes)));
        } else if depth + 1 < DEEPEST
            && is_archive(entry.name)
            && let Some(inner) = content(u64::MAX)
        {
            read(source, &inner, &format!("{path}!/{name}"), depth + 1, budget, found);
        }
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    let (stem, stated) = split_name(file);
    let at = Source { path, ..*source };
    let license = manifest.get("bundle-license").and_then(|text| licence(text));
    // What else carries Maven's properties was merged into this archive.
    let main =
        if poms.len() == 1 { poms.first() } else { poms.iter().find(|(_, artifact, _)| *artifact == stem) };
    let main_id = main.map(|(group, artifact, _)| (group.clone(), artifact.clone()));
    for (group, artifact, version) in &poms {
        let mut package = at.package("maven", &format!("{group}:{artifact}"), version);
        package.root = main_id.as_ref().is_some_and(|id| (&id.0, &id.1) == (group, artifact)) && depth == 0;
        if main_id.as_ref().is_some_and(|id| (&id.0, &id.1) == (group, artifact)) {
            package.license.clone_from(&license);
        }
        found.push(package);
    }
    if main_id.is_none() && !file.is_empty() {
        let get =
            |key: &str| manifest.get(key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let version = Some(stated.to_owned())
            .filter(|version| !version.is_empty())
            .or_else(|| get("implementation-version"))
            .or_else(|| get("bundle-version"))
            .or_else(|| get("specification-version"))
            .filter(|version| version.len() <= 100 && !version.contains(['$', ' ']));
        // An archive of nothing but files, without a version, is no package.
        let Some(version) = version else { return };
        let group = group(&manifest, stem).unwrap_or_else(|| stem.to_owned());
        let mut package = at.package("maven", &format!("{group}:{stem}"), &version);
        package.license = license;
        package.root = depth == 0;
        found.push(package);
    }
}

/// The group by the manifest: a vendor's id, or what stands before the artifact in a bundle's or a module's name.
fn group(manifest: &BTreeMap<String, String>, artifact: &str) -> Option<String> {
    let get = |key: &str| manifest.get(key).and_then(|text| text.split(';').next()).map(str::trim);
    let dotted = |text: &str| {
        text.contains('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    if let Some(id) = get("implementation-vendor-id").filter(|id| dotted(id)) {
        return Some(id.to_owned());
    }
    for key in ["bundle-symbolicname", "automatic-module-name"] {
        let Some(name) = get(key).filter(|name| dotted(name)) else { continue };
        if let Some(group) = name.strip_suffix(artifact).and_then(|rest| rest.strip_suffix('.')) {
            return Some(group.to_owned());
        }
        // `org.apache.commons.lang3` of `commons-lang3`.
        let mut parts: Vec<&str> = name.split('.').collect();
        if parts.len() > 2 && artifact.ends_with(parts.last().copied().unwrap_or_default()) {
            parts.pop();
            return Some(parts.join("."));
        }
    }
    None
}

/// The licence of a bundle: an identifier, or a URL in front of which or after which one stands.
fn licence(text: &str) -> Option<String> {
    let first = text.trim_matches('"').split([',', ';']).next()?.trim().trim_matches('"');
    crate::license::exact(first).or_else(|| crate::license::of_url(first))
}

/// The main section of a manifest: names in small letters, continued lines joined.
fn attributes(bytes: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        if let Some(more) = line.strip_prefix(' ') {
            if let Some(value) = found.get_mut(&last) {
                value.push_str(more);
            }
        } else if let Some((key, value)) = line.split_once(':') {
            last = key.trim().to_ascii_lowercase();
            found.insert(last.clone(), value.strip_prefix(' ').unwrap_or(value).to_owned());
        }
    }
    found
}

/// Group, artifact and version of Maven's properties.
fn properties(bytes: &[u8]) -> Option<(String, String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let get = |key: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim().to_owned())
            .filter(|value| !value.is_empty() && !value.contains('$'))
    };
    Some((get("groupId")?, get("artifactId")?, get("version")?))
}

/// `commons-lang3` and `3.12.0` of `commons-lang3-3.12.0.jar`; no version where none stands in the name.
fn split_name(file: &str) -> (&str, &str) {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let begins = |at: usize| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    let Some(mut cut) = stem.rmatch_indices('-').map(|(at, _)| at).find(|at| begins(*at)) else {
        return (stem, "");
    };
    // A snapshot's time and build number belong to the version.
    while let Some(before) = stem[..cut].rfind('-').filter(|at| begins(*at)) {
        cut = before;
    }
    (&stem[..cut], &stem[cut + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_archives() {
        assert_eq!(split_name("commons-lang3-3.12.0.jar"), ("commons-lang3", "3.12.0"));
        assert_eq!(split_name("log4j-1.2-api-2.17.1.jar"), ("log4j-1.2-api", "2.17.1"));
        assert_eq!(split_name("guava-32.1.2-jre.jar"), ("guava", "32.1.2-jre"));
        assert_eq!(split_name("x-1.0-20230101.120000-1.jar"), ("x", "1.0-20230101.120000-1"));
        assert_eq!(split_name("app.jar"), ("app", ""));
        assert!(is_archive(b"a.WAR"));
        assert!(!is_archive(b".jar"));
    }

    #[test]
    fn manifests() {
        let found = attributes(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.apache.commons.la\r\n ng3\r\n\r\nName: x\r\n",
        );
        assert_eq!(found["bundle-symbolicname"], "org.apache.commons.lang3");
        assert_eq!(group(&found, "commons-lang3").as_deref(), Some("org.apache.commons"));
    }
}
