//! apk-tools' `installed`: one letter a field.

use crate::{Database, Source, purl::purl, upstream};
use seaworthy_facts::SourcePackage;

/// Reads the list of what is installed, with the files of each package.
pub fn installed(source: &Source<'_>) -> Database {
    let text = source.text();
    let (namespace, distro) = source.distro("alpine");
    let mut database = Database::default();
    for paragraph in text.split("\n\n") {
        let field = |key: char| paragraph.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let (Some(name), Some(version)) = (field('P'), field('V')) else { continue };
        if name.is_empty() {
            continue;
        }
        let mut found = source.package("apk", name, version);
        field('A').unwrap_or_default().clone_into(&mut found.arch);
        // What is built from an origin has its version.
        found.source = field('o')
            .filter(|origin| *origin != name && !origin.is_empty())
            .map(|origin| SourcePackage { name: origin.to_owned(), version: version.to_owned() });
        let upstream = upstream(&found);
        let qualifiers = [("arch", found.arch.as_str()), ("distro", &distro), ("upstream", &upstream)];
        found.purl = purl("apk", Some(&namespace), name, version, &qualifiers);
        found.license = field('L').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        found.depends = field('D')
            .unwrap_or_default()
            .split_whitespace()
            .filter(|text| !text.starts_with('!'))
            .filter_map(|text| text.split(['=', '<', '>', '~']).next())
            .map(str::to_owned)
            .collect();
        let index = database.packages.len();
        let mut folder = "";
        for line in paragraph.lines() {
            if let Some(path) = line.strip_prefix("F:") {
                folder = path;
            } else if let Some(name) = line.strip_prefix("R:") {
                let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                database.files.push((path, index));
            }
        }
        database.packages.push(found);
    }
    provided(&text, &mut database);
    database
}

/// Turns what is asked for (`so:libc.musl-x86_64.so.1`, `cmd:sh`, `/bin/sh`) into the package that provides it.
fn provided(text: &str, database: &mut Database) {
    let mut by_name = std::collections::BTreeMap::new();
    let with_name = text.split("\n\n").filter(|paragraph| {
        let has = |key: &str| {
            paragraph.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| !rest.is_empty()))
        };
        has("P:") && paragraph.lines().any(|line| line.starts_with("V:"))
    });
    for (paragraph, package) in with_name.zip(&database.packages) {
        let provides = paragraph.lines().find_map(|line| line.strip_prefix("p:")).unwrap_or_default();
        for name in provides.split_whitespace().filter_map(|name| name.split('=').next()) {
            by_name.entry(name.to_owned()).or_insert_with(|| package.name.clone());
        }
    }
    for package in &mut database.packages {
        for name in &mut package.depends {
            if let Some(provider) = by_name.get(name) {
                name.clone_from(provider);
            }
        }
        let own = package.name.clone();
        package.depends.retain(|name| *name != own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_facts::DistributionFact;

    #[test]
    fn paragraphs_with_files_and_providers() {
        let text = b"C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\np:so:libc.musl-x86_64.so.1=1\nF:lib\nR:ld-musl-x86_64.so.1\n\nP:musl-utils\nV:1.2.5-r0\no:musl\nD:so:libc.musl-x86_64.so.1 busybox>1 !x\n\nP:nothing\n";
        let distribution =
            DistributionFact { id: "alpine".into(), version: "3.20.1".into(), ..DistributionFact::default() };
        let source = Source {
            path: "/lib/apk/db/installed",
            layer: 0,
            bytes: text,
            distribution: Some(&distribution),
        };
        let found = installed(&source);
        assert_eq!(found.packages.len(), 2);
        assert_eq!(found.packages[0].purl, "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1");
        assert_eq!((found.packages[0].license.as_deref(), &found.packages[0].source), (Some("MIT"), &None));
        assert_eq!(found.packages[1].source_name(), "musl");
        assert_eq!(found.packages[1].depends, ["musl", "busybox"]);
        assert_eq!(found.files, [("lib/ld-musl-x86_64.so.1".to_owned(), 0)]);
    }
}
