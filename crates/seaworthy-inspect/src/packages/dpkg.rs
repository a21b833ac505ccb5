//! dpkg's `status` and apk's `installed`: paragraphs of fields.

use super::{Distribution, Visible, package, purl};
use seaworthy_facts::{PackageFact, SourcePackage};

/// Reads dpkg's list, or the one paragraph of a distroless `status.d` file.
pub(super) fn status(
    document: &Visible<'_>,
    distribution: Option<&Distribution>,
    packages: &mut Vec<PackageFact>,
) {
    let text = String::from_utf8_lossy(document.bytes);
    for paragraph in text.split("\n\n") {
        let field = |key: &str| field(paragraph, key);
        let (Some(name), Some(version)) = (field("Package"), field("Version")) else { continue };
        // `deinstall ok config-files` is not installed; distroless images state no status.
        if field("Status").is_some_and(|status| !status.ends_with(" installed")) {
            continue;
        }
        let mut found = package("deb", name, version, document);
        let namespace = distribution.map_or("debian", |distribution| &distribution.id);
        let qualifier = distribution.map(Distribution::qualifier).unwrap_or_default();
        let qualifiers =
            [("arch", field("Architecture").unwrap_or_default()), ("distro", qualifier.as_str())];
        found.purl = purl("deb", Some(namespace), name, version, &qualifiers);
        field("Architecture").unwrap_or_default().clone_into(&mut found.arch);
        found.source = source(field("Source"), name, version);
        for key in ["Pre-Depends", "Depends"] {
            let alternatives = field(key).unwrap_or_default().split([',', '|']);
            found.depends.extend(alternatives.filter_map(|text| {
                let name = text.trim().split([' ', '(', ':']).next().unwrap_or_default();
                (!name.is_empty()).then(|| name.to_owned())
            }));
        }
        packages.push(found);
    }
}

/// Reads apk's list: one letter a field.
pub(super) fn apk(
    document: &Visible<'_>,
    distribution: Option<&Distribution>,
    packages: &mut Vec<PackageFact>,
) {
    let text = String::from_utf8_lossy(document.bytes);
    for paragraph in text.split("\n\n") {
        let field = |key: &str| paragraph.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let (Some(name), Some(version)) = (field("P"), field("V")) else { continue };
        let mut found = package("apk", name, version, document);
        let namespace = distribution.map_or("alpine", |distribution| &distribution.id);
        let qualifier = distribution.map(Distribution::qualifier).unwrap_or_default();
        let qualifiers = [("arch", field("A").unwrap_or_default()), ("distro", qualifier.as_str())];
        found.purl = purl("apk", Some(namespace), name, version, &qualifiers);
        field("A").unwrap_or_default().clone_into(&mut found.arch);
        // An origin has the version of what is built from it.
        found.source = field("o")
            .filter(|origin| *origin != name && !origin.is_empty())
            .map(|origin| SourcePackage { name: origin.to_owned(), version: version.to_owned() });
        found.license = field("L").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let depends = field("D").unwrap_or_default().split_whitespace();
        found.depends = depends
            .filter_map(|text| text.split(['=', '<', '>', '~']).next())
            .filter(|name| !name.starts_with('!') && !name.contains(':'))
            .map(str::to_owned)
            .collect();
        packages.push(found);
    }
}

/// The source package by `Source: NAME (VERSION)`; nothing where it is the package itself.
fn source(field: Option<&str>, name: &str, version: &str) -> Option<SourcePackage> {
    let field = field?;
    let (source, stated) = field.split_once(' ').unwrap_or((field, ""));
    let stated = stated.trim().trim_matches(['(', ')']);
    let stated = if stated.is_empty() { version } else { stated };
    (source != name || stated != version)
        .then(|| SourcePackage { name: source.to_owned(), version: stated.to_owned() })
}

/// The first line of a field.
fn field<'a>(paragraph: &'a str, key: &str) -> Option<&'a str> {
    paragraph.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_packages_are_not_installed() {
        let text = b"Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\nDepends: libgcc-s1, libx (>= 1) | liby\n\nPackage: old\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: broken\n";
        let document = Visible { layer: 1, path: b"var/lib/dpkg/status", bytes: text };
        let mut packages = Vec::new();
        status(&document, None, &mut packages);
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].purl, "pkg:deb/debian/libc6@2.36-9?arch=amd64");
        assert_eq!(packages[0].depends, ["libgcc-s1", "libx", "liby"]);
    }

    #[test]
    fn apk_paragraphs() {
        let text = b"C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\nD:so:libc.musl-x86_64.so.1 busybox>1\n\nP:nothing\n";
        let document = Visible { layer: 0, path: b"lib/apk/db/installed", bytes: text };
        let distribution =
            Distribution { id: "alpine".into(), version: "3.20.1".into(), ..Distribution::default() };
        let mut packages = Vec::new();
        apk(&document, Some(&distribution), &mut packages);
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].purl, "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1");
        assert_eq!(
            (packages[0].license.as_deref(), packages[0].depends.as_slice()),
            (Some("MIT"), &["busybox".to_owned()][..])
        );
    }
}
