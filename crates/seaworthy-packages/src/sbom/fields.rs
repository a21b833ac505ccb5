//! What the readers of all forms share: a package out of a package URL, texts out of JSON.

use crate::purl::Purl;
use seaworthy_facts::{DistributionFact, PackageFact, SourcePackage};
use serde_json::Value;

/// A text of an object; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The members of an array; none where there is no array.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A package by its URL; name and version as the document states them fill what the URL leaves out.
pub(super) fn package(purl: &str, name: &str, version: &str) -> PackageFact {
    let mut found =
        PackageFact { name: name.to_owned(), version: version.to_owned(), ..PackageFact::default() };
    let Ok(parts) = Purl::parse_lenient(purl) else { return found };
    found.name = match (parts.kind.as_str(), &parts.namespace) {
        ("npm" | "golang" | "composer", Some(space)) => format!("{space}/{}", parts.name),
        ("maven", Some(space)) => format!("{space}:{}", parts.name),
        // Package URLs of these do not keep the case of names; the document may.
        _ if name.eq_ignore_ascii_case(&parts.name) => name.to_owned(),
        _ => parts.name.clone(),
    };
    // syft writes the end of a module's path as a path within it.
    if let (true, Some(path)) = (parts.kind == "golang", &parts.subpath) {
        found.name = format!("{}/{path}", found.name);
    }
    // Go's modules keep their case in the name alone.
    if parts.kind == "golang" && name.eq_ignore_ascii_case(&found.name) {
        name.clone_into(&mut found.name);
    }
    if let Some(stated) = &parts.version {
        found.version.clone_from(stated);
    }
    let qualifier = |key: &str| parts.qualifiers.get(key).map(String::as_str).unwrap_or_default();
    if parts.kind == "rpm" && !matches!(qualifier("epoch"), "" | "0") && !found.version.contains(':') {
        found.version = format!("{}:{}", qualifier("epoch"), found.version);
    }
    qualifier("arch").clone_into(&mut found.arch);
    // syft's own qualifier: the source package, with its version where that differs.
    let upstream = qualifier("upstream");
    if !upstream.is_empty() {
        let (name, version) = if let Some(file) = upstream.strip_suffix(".src.rpm") {
            let mut parts = file.rsplitn(3, '-');
            let (release, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let epoch = found.version.split_once(':').map_or(String::new(), |(epoch, _)| format!("{epoch}:"));
            (parts.next().unwrap_or(file).to_owned(), format!("{epoch}{version}-{release}"))
        } else {
            let (name, version) = upstream.split_once('@').unwrap_or((upstream, &found.version));
            (name.to_owned(), version.to_owned())
        };
        if name != found.name || version != found.version {
            found.source = Some(SourcePackage { name, version });
        }
    }
    found.kind = parts.kind;
    purl.clone_into(&mut found.purl);
    found
}

/// The distribution that most packages name in their URL.
pub(super) fn distribution(packages: &[PackageFact]) -> Option<DistributionFact> {
    let stated = packages.iter().find_map(|package| {
        let purl = Purl::parse_lenient(&package.purl).ok()?;
        purl.qualifiers.get("distro").cloned()
    })?;
    let (id, version) = stated.split_once('-').unwrap_or((&stated, ""));
    Some(DistributionFact { id: id.to_owned(), version: version.to_owned(), ..DistributionFact::default() })
}

/// The digest in the URL of an image, `pkg:oci/NAME@sha256:…`, or in a plain version.
pub(super) fn digest(text: &str) -> Option<String> {
    let at = text.find("sha256:").or_else(|| text.find("sha256%3A"))?;
    let hex: String =
        text[at..].trim_start_matches("sha256:").trim_start_matches("sha256%3A").chars().take(64).collect();
    (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| format!("sha256:{hex}"))
}
