//! Where in an index a package is looked up.

use crate::components::Component;
use crate::ecosystem;
use seaworthy_facts::EcosystemFact;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) ecosystem: String,
    pub(super) name: String,
    pub(super) version: String,
}

/// Where to look, and what the package is called there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The ecosystem that judges it.
    pub(super) ecosystem: String,
    /// The name its advisories use.
    pub(super) name: Cow<'a, str>,
    /// The version that goes with it.
    pub(super) version: Cow<'a, str>,
    /// Every look-up.
    pub(super) looks: Vec<Look>,
}

/// Where a package is judged, or why it cannot be.
pub(super) fn target<'a>(
    component: &'a Component,
    known: &BTreeMap<String, EcosystemFact>,
) -> Result<Target<'a>, String> {
    let version = component.version.trim();
    if version.is_empty() || matches!(version, "UNKNOWN" | "unknown" | "(devel)") {
        return Err("the version is not known".to_owned());
    }
    match component.kind.as_str() {
        "deb" | "apk" | "rpm" => of_distribution(component, known),
        "generic" | "binary" => runtime(component, known),
        "" => Err("no package URL says which ecosystem it belongs to".to_owned()),
        kind => {
            let Some(ecosystem) = ecosystem::of_type(kind) else {
                return Err(format!("no advisories are published for `pkg:{kind}`"));
            };
            present(ecosystem, known)?;
            let version = if kind == "golang" { go_version(component) } else { Cow::Borrowed(version) };
            // The standard library of Go is a module of its own to its advisories.
            let name = match component.name.as_str() {
                "std" | "go" if kind == "golang" => "stdlib",
                name => name,
            };
            Ok(one(ecosystem.to_owned(), Cow::Borrowed(name), version))
        }
    }
}

fn one<'a>(ecosystem: String, name: Cow<'a, str>, version: Cow<'a, str>) -> Target<'a> {
    let look = Look { ecosystem: ecosystem.clone(), name: name.to_string(), version: version.to_string() };
    Target { ecosystem, name, version, looks: vec![look] }
}

/// Whether the index can say anything about an ecosystem.
fn present(ecosystem: &str, known: &BTreeMap<String, EcosystemFact>) -> Result<(), String> {
    if known.contains_key(ecosystem) { Ok(()) } else { Err(absent(ecosystem, known)) }
}

fn absent(ecosystem: &str, known: &BTreeMap<String, EcosystemFact>) -> String {
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    let near: Vec<&str> = known
        .keys()
        .filter(|name| name.split(':').next() == Some(base))
        .map(String::as_str)
        .take(12)
        .collect();
    let rest = if near.is_empty() { String::new() } else { format!("; it knows {}", near.join(", ")) };
    format!("the database has no advisories for {ecosystem}{rest}")
}

fn of_distribution<'a>(
    component: &'a Component,
    known: &BTreeMap<String, EcosystemFact>,
) -> Result<Target<'a>, String> {
    let kind = component.kind.as_str();
    let Some((id, release, codename)) = &component.distribution else {
        return Err(format!("nothing says which distribution this `pkg:{kind}` belongs to"));
    };
    let mut releases = ecosystem::of_distribution(kind, id, release, codename);
    let Some(own) = releases.first().cloned() else {
        let name = if release.is_empty() { id.clone() } else { format!("{id} {release}") };
        return Err(format!("no advisories are published for packages of {name}"));
    };
    // An advisory of a distribution without a release is about every one.
    if let Some((base, _)) = own.split_once(':') {
        releases.push(base.to_owned());
    }
    releases.retain(|name| known.contains_key(name));
    let Some(ecosystem) = releases.first().cloned() else { return Err(absent(&own, known)) };
    let (name, version) = match &component.source {
        Some((name, version)) => (name.as_str(), source_version(component, version)),
        None => (component.name.as_str(), Cow::Borrowed(component.version.as_str())),
    };
    let binary = (component.name.as_str(), component.version.as_str());
    let base = own.split(':').next().unwrap_or(&own);
    // AlmaLinux and Red Hat name binary packages, Debian, Ubuntu and Alpine source packages, the others either.
    let pairs: Vec<(&str, &str)> = match base {
        "AlmaLinux" | "Red Hat" => vec![binary],
        _ if kind == "rpm" && binary.0 != name => vec![(name, &version), binary],
        _ => vec![(name, &version)],
    };
    let looks = releases
        .iter()
        .flat_map(|ecosystem| {
            pairs.iter().map(|(name, version)| Look {
                ecosystem: ecosystem.clone(),
                name: (*name).to_owned(),
                version: (*version).to_owned(),
            })
        })
        .collect();
    let own_name = pairs.first().map_or(name, |(name, _)| *name);
    let version = if own_name == binary.0 && base != "Debian" && base != "Ubuntu" {
        Cow::Borrowed(binary.1)
    } else {
        version.clone()
    };
    Ok(Target { ecosystem, name: Cow::Borrowed(own_name), version, looks })
}

/// The version of a source package; the name of an rpm's source file lacks the epoch.
fn source_version<'a>(component: &'a Component, version: &'a str) -> Cow<'a, str> {
    if version.is_empty() {
        return Cow::Borrowed(&component.version);
    }
    match component.version.split_once(':') {
        Some((epoch, _)) if component.kind == "rpm" && !version.contains(':') => {
            Cow::Owned(format!("{epoch}:{version}"))
        }
        _ => Cow::Borrowed(version),
    }
}

/// `go1.22rc1` as the semantic version `1.22.0-rc.1`, as Go's own advisories write it; `v1.2.3` without the letter.
fn go_version(component: &Component) -> Cow<'_, str> {
    let version = component.version.trim();
    let Some(rest) = version.strip_prefix("go") else {
        return Cow::Borrowed(version.strip_prefix('v').unwrap_or(version));
    };
    // `go1.22.1 X:experiment` and `go1.22.1-custom` are of the release.
    let rest = rest.split([' ', '-']).next().unwrap_or(rest);
    let pre = rest.find(|ch: char| ch.is_ascii_alphabetic());
    let (numbers, pre) = pre.map_or((rest, ""), |at| rest.split_at(at));
    let mut parts: Vec<&str> = numbers.trim_end_matches('.').split('.').collect();
    while parts.len() < 3 {
        parts.push("0");
    }
    let numbers = parts.join(".");
    let word = pre.trim_end_matches(|ch: char| ch.is_ascii_digit());
    let number = &pre[word.len()..];
    Cow::Owned(match (word, number) {
        ("", _) => numbers,
        (word, "") => format!("{numbers}-{word}"),
        (word, number) => format!("{numbers}-{word}.{number}"),
    })
}

/// A well-known program that no package brought: upstream's own versions are what Bitnami's advisories speak of.
fn runtime<'a>(
    component: &'a Component,
    known: &BTreeMap<String, EcosystemFact>,
) -> Result<Target<'a>, String> {
    if component.owner.is_some() {
        return Err("it belongs to a distribution's package, which is judged itself".to_owned());
    }
    present("Bitnami", known)?;
    let name = match component.name.as_str() {
        "nodejs" => "node",
        "cpython" => "python",
        "postgres" => "postgresql",
        "go" => "golang",
        "jdk" | "jre" | "openjdk" => "java",
        "httpd" => "apache",
        other => other,
    };
    let version = component.version.strip_prefix(['v', 'V']).unwrap_or(&component.version);
    Ok(one("Bitnami".to_owned(), Cow::Borrowed(name), Cow::Borrowed(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(version: &str) -> String {
        let component = Component { version: version.to_owned(), ..Component::default() };
        go_version(&component).into_owned()
    }

    #[test]
    fn versions_of_go_are_semantic() {
        assert_eq!(go("go1.22.1"), "1.22.1");
        assert_eq!(go("go1.22"), "1.22.0");
        assert_eq!(go("go1.22rc1"), "1.22.0-rc.1");
        assert_eq!(go("go1.22.1 X:boringcrypto"), "1.22.1");
        assert_eq!(go("v0.17.0"), "0.17.0");
    }

    #[test]
    fn what_cannot_be_judged_says_why() {
        let mut known = BTreeMap::new();
        known.insert("Debian:11".to_owned(), EcosystemFact::default());
        let mut deb = Component {
            kind: "deb".to_owned(),
            name: "libc6".to_owned(),
            version: "2.36-9+b1".to_owned(),
            source: Some(("glibc".to_owned(), "2.36-9".to_owned())),
            distribution: Some(("debian".to_owned(), "12".to_owned(), String::new())),
            ..Component::default()
        };
        assert_eq!(
            target(&deb, &known).unwrap_err(),
            "the database has no advisories for Debian:12; it knows Debian:11"
        );
        deb.distribution = Some(("debian".to_owned(), "11".to_owned(), String::new()));
        let found = target(&deb, &known).unwrap();
        assert_eq!((found.looks[0].name.as_str(), found.looks[0].version.as_str()), ("glibc", "2.36-9"));
        deb.version = String::new();
        assert_eq!(target(&deb, &known).unwrap_err(), "the version is not known");
    }
}
