//! Installed R packages: `library/NAME/DESCRIPTION`, in Debian's control format.

use crate::{Source, license};
use seaworthy_facts::PackageFact;

/// Reads the description. One that was not built is a source tree, one in another folder is no installed package.
pub fn description(source: &Source<'_>) -> Option<PackageFact> {
    let text = source.text();
    let field = |key: &str| field(&text, key);
    let (name, version) = (field("Package")?, field("Version")?);
    field("Built")?;
    if source.path.rsplit('/').nth(1) != Some(name.as_str()) {
        return None;
    }
    let mut found = source.package("cran", &name, &version);
    found.license = field("License").map(|stated| {
        // `GPL-2 | file LICENCE`: the files only add to what is named.
        let parts: Vec<String> = stated
            .split('|')
            .filter_map(|part| part.split('+').next())
            .map(str::trim)
            .filter(|part| !part.starts_with("file ") && !part.is_empty())
            .map(license::r)
            .collect();
        parts.join(" OR ")
    });
    found.license = found.license.filter(|text| !text.is_empty());
    for key in ["Depends", "Imports", "LinkingTo"] {
        let value = field(key).unwrap_or_default();
        let names = value.split(',').filter_map(crate::python::requirement);
        found.depends.extend(names.filter(|name| name != "R"));
    }
    Some(found)
}

/// A field with the lines that continue it.
fn field(text: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| line.split_once(':').is_none_or(|(name, _)| name != key));
    let mut value = lines.next()?.split_once(':')?.1.trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(line.trim());
    }
    Some(value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_packages_only() {
        let text = "Package: jsonlite\nVersion: 1.8.7\nLicense: MIT + file LICENSE\nImports: methods,\n    stats (>= 3)\nDepends: R (>= 3.5)\nBuilt: R 4.3\n";
        let source = |path| Source { path, layer: 0, bytes: text.as_bytes(), distribution: None };
        let found = description(&source("/usr/lib/R/library/jsonlite/DESCRIPTION")).unwrap();
        assert_eq!((found.purl.as_str(), found.license.as_deref()), ("pkg:cran/jsonlite@1.8.7", Some("MIT")));
        assert_eq!(found.depends, ["methods", "stats"]);
        assert_eq!(description(&source("/src/other/DESCRIPTION")), None);
    }
}
