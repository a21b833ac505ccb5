//! Python distributions: `METADATA` of wheels and `PKG-INFO` of eggs (core metadata specification).

use super::{Visible, package};
use seaworthy_facts::PackageFact;

/// The header fields, without the description after the first empty line.
pub(super) fn head(bytes: &[u8]) -> &[u8] {
    let end =
        memchr::memmem::find(bytes, b"\n\n").into_iter().chain(memchr::memmem::find(bytes, b"\n\r\n")).min();
    end.map_or(bytes, |end| &bytes[..=end])
}

/// Reads the header fields.
pub(super) fn metadata(document: &Visible<'_>) -> Option<PackageFact> {
    let text = String::from_utf8_lossy(document.bytes);
    let mut fields =
        text.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key, value.trim()));
    let find = |wanted: &str| {
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty() && *value != "UNKNOWN")
    };
    let (name, version) = (find("Name")?, find("Version")?);
    let mut found = package("pypi", name, version, document);
    // Short expressions only: older packages paste the whole licence here.
    found.license = find("License-Expression")
        .or_else(|| find("License").filter(|text| text.len() <= 80))
        .map(str::to_owned);
    found.depends = fields
        .by_ref()
        .filter(|(key, value)| key.eq_ignore_ascii_case("Requires-Dist") && !value.contains("extra =="))
        .filter_map(|(_, value)| {
            let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
            value.get(..end.unwrap_or(value.len())).filter(|name| !name.is_empty()).map(str::to_owned)
        })
        .collect();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extras_are_no_dependencies() {
        let text = b"Metadata-Version: 2.1\nName: Flask\nVersion: 3.0.0\nLicense: BSD-3-Clause\nRequires-Dist: Werkzeug>=3.0.0\nRequires-Dist: asgiref>=3.2; extra == \"async\"\n\nName: not a field\n";
        let document = Visible { layer: 0, path: b"x", bytes: head(text) };
        let found = metadata(&document).unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("Flask", "3.0.0"));
        assert_eq!(found.depends, ["Werkzeug"]);
        assert_eq!(found.purl, "pkg:pypi/flask@3.0.0");
    }
}
