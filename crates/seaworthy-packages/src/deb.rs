//! dpkg: `status`, the one-paragraph files of distroless images' `status.d`, file lists, and copyright files.

use crate::{Source, license, purl::purl, upstream};
use seaworthy_facts::{PackageFact, SourcePackage};

/// Reads dpkg's list, or the one paragraph of a `status.d` file.
pub fn status(source: &Source<'_>) -> Vec<PackageFact> {
    let text = source.text();
    let (namespace, distro) = source.distro("debian");
    let mut packages = Vec::new();
    for paragraph in paragraphs(&text) {
        let field = |key: &str| field(paragraph, key);
        let (Some(name), Some(version)) = (field("Package"), field("Version")) else { continue };
        // `deinstall ok config-files` is not installed; distroless images state no status.
        if field("Status").is_some_and(|status| !status.ends_with(" installed")) || name.is_empty() {
            continue;
        }
        let mut found = source.package("deb", name, version);
        field("Architecture").unwrap_or_default().clone_into(&mut found.arch);
        found.source = built_from(field("Source"), name, version);
        let upstream = upstream(&found);
        let qualifiers = [("arch", found.arch.as_str()), ("distro", &distro), ("upstream", &upstream)];
        found.purl = purl("deb", Some(&namespace), name, version, &qualifiers);
        for key in ["Pre-Depends", "Depends"] {
            let alternatives = field(key).unwrap_or_default().split([',', '|']);
            found.depends.extend(alternatives.filter_map(|text| {
                let name = text.trim().split([' ', '(', ':']).next().unwrap_or_default();
                (!name.is_empty()).then(|| name.to_owned())
            }));
        }
        packages.push(found);
    }
    packages
}

/// The package of a file of dpkg's: `libc6` of `libc6:amd64.list`.
pub fn package_of(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.split(':').next().unwrap_or(stem)
}

/// The paths of a `.list`, without a leading slash.
pub fn list(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_prefix(b"/"))
        .filter(|path| !path.is_empty())
}

/// The paths of an `.md5sums`: the sum, two spaces, the path.
pub fn md5sums(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| {
        let path = line.get(34..)?;
        Some(path.strip_prefix(b"./").unwrap_or(path)).filter(|path| !path.is_empty())
    })
}

/// The licences of a copyright file in Debian's machine-readable form, as an expression; nothing for any other file.
/// All licences of the files count, those of the packaging (`debian/*`) do not.
pub fn copyright(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    // The form names itself in its first paragraph.
    if !text.trim_start().get(..7)?.eq_ignore_ascii_case("format:") {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for paragraph in paragraphs(&text) {
        let (Some(files), Some(stated)) = (field(paragraph, "Files"), field(paragraph, "License")) else {
            continue;
        };
        if files.trim() == "debian/*" || stated.is_empty() {
            continue;
        }
        let expression = license::debian(stated);
        if !names.contains(&expression) {
            names.push(expression);
        }
    }
    names.sort();
    let wrap = |name: &String| if name.contains(" OR ") { format!("({name})") } else { name.clone() };
    match names.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(many.iter().map(wrap).collect::<Vec<_>>().join(" AND ")),
    }
}

/// The source package by `Source: NAME (VERSION)`; nothing where it is the package itself.
fn built_from(field: Option<&str>, name: &str, version: &str) -> Option<SourcePackage> {
    let field = field?;
    let (source, stated) = field.split_once(' ').unwrap_or((field, ""));
    let stated = stated.trim().trim_matches(['(', ')']);
    let stated = if stated.is_empty() { version } else { stated };
    (!source.is_empty() && (source != name || stated != version))
        .then(|| SourcePackage { name: source.to_owned(), version: stated.to_owned() })
}

/// Paragraphs are separated by empty lines; a line of blanks is one, too.
fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").flat_map(|part| part.split("\r\n\r\n"))
}

/// The first line of a field.
pub(crate) fn field<'a>(paragraph: &'a str, key: &str) -> Option<&'a str> {
    paragraph
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(key).then_some(value)
        })
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_packages_are_not_installed() {
        let text = b"Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc (2.36-8)\nVersion: 2.36-9\nDepends: libgcc-s1, libx (>= 1) | liby\n\nPackage: old\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: broken\n";
        let packages =
            status(&Source { path: "/var/lib/dpkg/status", layer: 1, bytes: text, distribution: None });
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].purl, "pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc%402.36-8");
        assert_eq!(packages[0].depends, ["libgcc-s1", "libx", "liby"]);
        assert_eq!((packages[0].source_name(), packages[0].source_version()), ("glibc", "2.36-8"));
    }

    #[test]
    fn copyright_in_the_machine_readable_form_only() {
        let text = b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: GPL-2+\n\nFiles: a\nLicense: Expat or Apache-2.0\n\nFiles: debian/*\nLicense: MPL-2.0\n\nLicense: GPL-2+\n text\n";
        assert_eq!(copyright(text).as_deref(), Some("GPL-2.0-or-later AND (MIT OR Apache-2.0)"));
        assert_eq!(copyright(b"This is Debian's package of x.\nLicense: MIT\n"), None);
    }
}
