//! The packages to judge: those of an image, or those that an SBOM lists.

use seaworthy_facts::{Contents, DistributionFact, ImageFacts, PackageFact};
use seaworthy_packages::sbom;
pub use seaworthy_packages::sbom::SbomError;
use std::collections::BTreeMap;

/// A package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Package URL type, such as `deb`, `pypi`, `npm`.
    pub kind: String,
    /// Name as its manager writes it: `@scope/name`, `vendor/name`, `group:artifact`, a Go module's path.
    pub name: String,
    /// Version.
    pub version: String,
    /// Package URL.
    pub purl: String,
    /// Name and version of the source package a distribution built it from.
    pub source: Option<(String, String)>,
    /// The distribution: `ID`, `VERSION_ID`, codename.
    pub distribution: Option<(String, String, String)>,
    /// The distribution's package that brought it, as `name@version`.
    pub owner: Option<String>,
    /// The file that proves it.
    pub evidence: String,
    /// The layer it lies in.
    pub layer: Option<usize>,
    /// The operating system it is built for, by Go's name, where that is known.
    pub os: Option<String>,
    /// The architecture likewise.
    pub arch: Option<String>,
}

/// What is to be judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// The SBOM's file.
    pub sbom: Option<String>,
    /// The packages.
    pub components: Vec<Component>,
    /// Files of which nobody knows what is inside.
    pub unknown: Vec<String>,
    /// Digests of the layers.
    pub layers: Vec<String>,
    /// The image's digest, where there is one.
    pub digest: String,
}

/// The packages of an image.
pub fn of_image(image: &ImageFacts) -> Subject {
    let distribution = image.distribution.as_ref().map(release);
    let go: BTreeMap<&str, &seaworthy_facts::GoBuild> = image
        .binaries
        .iter()
        .filter_map(|binary| binary.go.as_ref().map(|go| (binary.path.as_str(), go)))
        .collect();
    let components = image.packages.iter().map(|package| {
        let build = go.get(package.evidence.as_str());
        let setting = |key: &str| build.and_then(|go| go.settings.get(key)).cloned();
        let os = Some(image.platform.os.clone()).filter(|os| !os.is_empty());
        let arch = Some(image.platform.architecture.clone()).filter(|arch| !arch.is_empty());
        let of_distribution = matches!(package.kind.as_str(), "deb" | "apk" | "rpm");
        Component {
            kind: package.kind.clone(),
            name: package.name.clone(),
            version: package.version.clone(),
            purl: package.purl.clone(),
            source: package.source.as_ref().map(|source| (source.name.clone(), source.version.clone())),
            distribution: distribution.clone().filter(|_| of_distribution),
            owner: package.owner.clone(),
            evidence: package.evidence.clone(),
            layer: Some(package.layer),
            os: setting("GOOS").or(os),
            arch: setting("GOARCH").or(arch),
        }
    });
    let unknown = image.binaries.iter().filter(|binary| binary.contents == Contents::Unknown);
    Subject {
        name: image.source.clone(),
        sbom: None,
        components: components.collect(),
        unknown: unknown.map(|binary| binary.path.clone()).collect(),
        layers: image.layers.iter().map(|layer| layer.digest.clone()).collect(),
        digest: image.digest.clone(),
    }
}

fn release(fact: &DistributionFact) -> (String, String, String) {
    (fact.id.clone(), fact.version.clone(), fact.codename.clone())
}

/// Reads the packages of an SBOM: SPDX 2 (JSON or tag-value), CycloneDX JSON, Syft's own JSON, or any of them as the
/// predicate of an in-toto statement.
///
/// # Errors
/// The text is no SBOM.
pub fn read_sbom(bytes: &[u8], file: &str) -> Result<Subject, SbomError> {
    let bom = sbom::read(bytes)?;
    let distribution = bom.distribution.as_ref().map(release);
    let components = bom.packages.into_iter().filter(|package| !package.name.is_empty());
    Ok(Subject {
        name: file.to_owned(),
        sbom: Some(file.to_owned()),
        components: components.map(|package| stated(package, distribution.as_ref())).collect(),
        unknown: bom.unknown,
        layers: Vec::new(),
        digest: bom.digest.unwrap_or_default(),
    })
}

/// What an SBOM says of a package, and what its package URL says beside that.
fn stated(package: PackageFact, distribution: Option<&(String, String, String)>) -> Component {
    let mut component = of_purl(&package.purl).unwrap_or_default();
    if component.kind.is_empty() {
        component.kind = package.kind;
    }
    // Some write the end of a module's path as the URL's path within it; and package URLs do not keep the case of names.
    if component.name.is_empty()
        || component.kind == "golang"
        || component.name.eq_ignore_ascii_case(&package.name)
    {
        component.name.clone_from(&package.name);
    }
    let known = !matches!(package.version.as_str(), "NOASSERTION" | "UNKNOWN" | "unknown" | "(devel)");
    if component.version.is_empty() && known {
        component.version = package.version;
    }
    component.source = component.source.or_else(|| package.source.map(|from| (from.name, from.version)));
    // A package of a distribution whose URL does not say which is of the one the document names.
    if component.distribution.is_none() && matches!(component.kind.as_str(), "deb" | "apk" | "rpm") {
        component.distribution = distribution.cloned();
    }
    component.owner = package.owner;
    component.evidence = [package.evidence, package.purl.clone(), package.name]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    component.purl = package.purl;
    component
}

type Release = Option<(String, String, String)>;

/// What a package URL says. Source: the package URL specification.
pub(crate) fn of_purl(purl: &str) -> Option<Component> {
    let rest = purl.trim().strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split('#').next().unwrap_or(rest);
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, rest) = rest.split_once('/')?;
    let kind = kind.to_ascii_lowercase();
    let (path, version) = match rest.rfind('@') {
        // The `@` of a scope begins a segment; that of a version does not.
        Some(at) if at > 0 && !rest[..at].ends_with('/') => (&rest[..at], decode(&rest[at + 1..])),
        _ => (rest, String::new()),
    };
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    let (name, namespace) = parts.split_last()?;
    let qualifiers: BTreeMap<String, String> = qualifiers
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_ascii_lowercase(), decode(value)))
        .collect();
    let full = match kind.as_str() {
        "maven" => format!("{}:{name}", namespace.join(".")),
        "deb" | "apk" | "rpm" | "bitnami" => name.clone(),
        _ if namespace.is_empty() => name.clone(),
        _ => format!("{}/{name}", namespace.join("/")),
    };
    let mut version = version;
    if kind == "rpm"
        && let Some(epoch) = qualifiers.get("epoch").filter(|epoch| *epoch != "0" && !version.contains(':'))
    {
        version = format!("{epoch}:{version}");
    }
    let source = qualifiers.get("upstream").and_then(|text| upstream(&kind, text, &version));
    let distribution = matches!(kind.as_str(), "deb" | "apk" | "rpm").then(|| {
        distribution(namespace.first().map(String::as_str), qualifiers.get("distro").map(String::as_str))
    });
    Some(Component {
        name: full,
        version,
        purl: purl.to_owned(),
        source,
        distribution: distribution.flatten(),
        os: qualifiers.get("goos").cloned(),
        arch: qualifiers.get("goarch").cloned(),
        kind,
        ..Component::default()
    })
}

/// `glibc@2.36-9` or `glibc`, as Syft writes it; for rpm, the name of the source package's file.
fn upstream(kind: &str, text: &str, version: &str) -> Option<(String, String)> {
    if text.is_empty() {
        return None;
    }
    if kind == "rpm" {
        let rest = text.strip_suffix(".src.rpm")?;
        let (rest, release) = rest.rsplit_once('-')?;
        let (name, number) = rest.rsplit_once('-')?;
        return Some((name.to_owned(), format!("{number}-{release}")));
    }
    let (name, own) = text.split_once('@').unwrap_or((text, version));
    Some((name.to_owned(), own.to_owned()))
}

/// `debian-12`, `debian-bookworm`, `bookworm`, `alpine-3.19.1` and the namespace.
fn distribution(namespace: Option<&str>, distro: Option<&str>) -> Release {
    let vendor = |name: &str| match name {
        "redhat" => "rhel".to_owned(),
        "rocky-linux" | "rockylinux" => "rocky".to_owned(),
        "alma" => "almalinux".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    let letters = |text: &str| text.starts_with(|ch: char| ch.is_ascii_alphabetic());
    match (namespace, distro) {
        (_, Some(distro)) if distro.contains('-') => {
            let (id, version) = distro.rsplit_once('-')?;
            let (id, version) = if id.is_empty() { (namespace?, version) } else { (id, version) };
            if letters(version) && version != "edge" && version != "tumbleweed" {
                return Some((vendor(id), String::new(), version.to_owned()));
            }
            Some((vendor(id), version.to_owned(), String::new()))
        }
        (Some(namespace), Some(distro)) if letters(distro) => {
            Some((vendor(namespace), String::new(), distro.to_owned()))
        }
        (Some(namespace), Some(distro)) => Some((vendor(namespace), distro.to_owned(), String::new())),
        (Some(namespace @ ("wolfi" | "chainguard" | "minimos")), None) => {
            Some((namespace.to_owned(), String::new(), String::new()))
        }
        _ => None,
    }
}

/// Percent-encoding undone; what is no UTF-8 is replaced.
fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_say_what_they_say() {
        let npm = of_purl("pkg:npm/%40babel/core@7.0.0-beta%2B1").unwrap();
        assert_eq!((npm.name.as_str(), npm.version.as_str()), ("@babel/core", "7.0.0-beta+1"));
        assert_eq!(of_purl("pkg:npm/@babel/core").unwrap().name, "@babel/core");
        let go = of_purl("pkg:golang/github.com/gin-gonic/gin@v1.5.0#sub").unwrap();
        assert_eq!((go.name.as_str(), go.version.as_str()), ("github.com/gin-gonic/gin", "v1.5.0"));
        assert_eq!(of_purl("pkg:maven/org.apache/commons@1").unwrap().name, "org.apache:commons");
        let deb = of_purl("pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc&distro=debian-12").unwrap();
        assert_eq!(deb.source, Some(("glibc".to_owned(), "2.36-9".to_owned())));
        assert_eq!(deb.distribution.unwrap().1, "12");
        let rpm = of_purl("pkg:rpm/almalinux/dbus@1.12.8-18.el8?epoch=1&distro=almalinux-8.5").unwrap();
        assert_eq!(rpm.version, "1:1.12.8-18.el8");
        assert_eq!(of_purl("pkg:pypi"), None);
        assert_eq!(of_purl("nonsense"), None);
    }

    #[test]
    fn three_formats_of_sboms() {
        let spdx =
            br#"{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"x","name":"jinja2","versionInfo":"3.1.2",
            "externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:pypi/jinja2@3.1.2"}]}]}"#;
        let subject = read_sbom(spdx, "f").unwrap();
        assert_eq!(subject.components[0].purl, "pkg:pypi/jinja2@3.1.2");
        let cdx = br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"operating-system","name":"debian","version":"12"},
            {"type":"library","name":"tar","version":"1.34","purl":"pkg:deb/debian/tar@1.34","components":[
            {"type":"library","name":"inner","version":"1","purl":"pkg:npm/inner@1"}]}]}"#;
        let subject = read_sbom(cdx, "f").unwrap();
        assert_eq!(subject.components.len(), 2);
        assert_eq!(subject.components[0].distribution.as_ref().unwrap().1, "12");
        let syft = br#"{"artifacts":[{"name":"libc6","version":"2.36","purl":"pkg:deb/debian/libc6@2.36",
            "metadata":{"source":"glibc"}}],"distro":{"id":"debian","versionID":"12"},"schema":{"version":"16.0.0"}}"#;
        let subject = read_sbom(syft, "f").unwrap();
        assert_eq!(subject.components[0].source.as_ref().unwrap().0, "glibc");
        assert_eq!(read_sbom(b"{}", "f"), Err(SbomError::Unknown));
        assert!(matches!(read_sbom(b"x", "f"), Err(SbomError::Syntax(_))));
        let tags = b"SPDXVersion: SPDX-2.3\nPackageName: libc6\nPackageVersion: 2.36\nPackageSourceInfo: <text>built from glibc 2.35</text>\n\
            ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libc6@2.36?distro=debian-12\n";
        let subject = read_sbom(tags, "f").unwrap();
        assert_eq!(subject.components[0].source, Some(("glibc".to_owned(), "2.35".to_owned())));
    }
}
