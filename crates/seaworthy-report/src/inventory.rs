//! The packages of an image without repetitions, and who depends on whom: what both SBOM formats list.

use crate::text::escape;
use seaworthy_facts::{Contents, ImageFacts, PackageFact};
use seaworthy_oci::Digest;
use std::collections::{BTreeMap, BTreeSet};

/// One package of the document.
#[derive(Clone, Debug)]
pub(crate) struct Item<'a> {
    /// An identifier of letters, digits, `.` and `-`, unique in the document.
    pub id: String,
    /// The package; where it was found several times, the first.
    pub package: &'a PackageFact,
    /// Every file that proves it, and the layer it lies in.
    pub evidence: BTreeMap<String, usize>,
    /// Identifiers of the packages that brought it.
    pub owners: BTreeSet<String>,
    /// Identifiers of the packages it depends on.
    pub depends: BTreeSet<String>,
}

/// The packages in the order of their identifiers.
pub(crate) fn items(image: &ImageFacts) -> Vec<Item<'_>> {
    let mut sorted: Vec<&PackageFact> = image.packages.iter().collect();
    sorted.sort();
    let mut items: BTreeMap<String, Item<'_>> = BTreeMap::new();
    for package in &sorted {
        let id = id(package);
        let item = items.entry(id.clone()).or_insert_with(|| Item {
            id,
            package,
            evidence: BTreeMap::new(),
            owners: BTreeSet::new(),
            depends: BTreeSet::new(),
        });
        if !package.evidence.is_empty() {
            item.evidence.insert(escape(&package.evidence), package.layer);
        }
    }
    let by_purl: BTreeMap<&str, String> =
        sorted.iter().map(|package| (package.purl.as_str(), id(package))).collect();
    let mut by_name: BTreeMap<(&str, String), String> = BTreeMap::new();
    for package in &sorted {
        by_name.insert((&package.kind, format!("{}@{}", package.name, package.version)), id(package));
    }
    for package in &sorted {
        let known = package.depends.iter().filter_map(|name| by_name.get(&(&package.kind, name.clone())));
        let known: Vec<String> = known.cloned().collect();
        let own = id(package);
        if let Some(item) = items.get_mut(&own) {
            item.depends.extend(known.into_iter().filter(|name| *name != own));
            let owner = package.owner.as_ref().and_then(|owner| by_purl.get(owner.as_str()));
            item.owners.extend(owner.filter(|owner| **owner != own).cloned());
        }
    }
    items.into_values().collect()
}

/// Why a program stands in a document without any package: whoever reads it must not take it for a clean one.
pub(crate) const UNKNOWN: &str = "unknown contents: nothing tells what is in this program";

/// The programs of which nobody knows what is inside.
pub(crate) fn unknown(image: &ImageFacts) -> Vec<String> {
    let unknown = image.binaries.iter().filter(|binary| binary.contents == Contents::Unknown);
    let paths: BTreeSet<String> = unknown.map(|binary| escape(&binary.path)).collect();
    paths.into_iter().collect()
}

/// The name a reader knows the image by: its title, the repository it was read from, or `image`.
pub(crate) fn image_name(image: &ImageFacts) -> String {
    let title = "org.opencontainers.image.title";
    let label = image.annotations.get(title).or_else(|| image.config.config.labels.get(title));
    if let Some(title) = label.filter(|title| !title.trim().is_empty()) {
        return escape(title.trim());
    }
    let without_digest = image.source.split('@').next().unwrap_or_default();
    let last = without_digest.rsplit('/').next().unwrap_or_default();
    let parts: Vec<&str> = last.split(':').filter(|part| !part.is_empty()).collect();
    let name = match parts.as_slice() {
        // A transport in front of a path or a name.
        ["oci" | "oci-archive" | "docker-archive" | "docker-daemon" | "dir" | "docker", name, ..] => name,
        [name, ..] => name,
        [] => "image",
    };
    escape(name.trim_end_matches(".tar"))
}

/// The package URL of the image itself.
pub(crate) fn image_purl(image: &ImageFacts) -> String {
    let name: String = image_name(image)
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .collect();
    let arch: String = image.platform.architecture.chars().filter(char::is_ascii_alphanumeric).collect();
    let arch = if arch.is_empty() { arch } else { format!("?arch={arch}") };
    format!("pkg:oci/{name}@{}{arch}", image.digest.replace(':', "%3A"))
}

/// The package's URL, where it is one that a document may carry: a type, and a name after it.
pub(crate) fn purl(package: &PackageFact) -> Option<&str> {
    let ok =
        |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    let (kind, rest) = package.purl.strip_prefix("pkg:")?.split_once('/')?;
    let name = rest.split(['@', '?', '#']).next()?.rsplit('/').next()?;
    let is_kind = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || ".+-".contains(c));
    (is_kind && !name.is_empty() && rest.chars().all(ok)).then_some(package.purl.as_str())
}

/// A time as documents want it: whole seconds in UTC. What is no time becomes the epoch.
pub(crate) fn whole_seconds(created: &str) -> String {
    created.parse::<jiff::Timestamp>().map_or_else(
        |_| "1970-01-01T00:00:00Z".to_owned(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

fn id(package: &PackageFact) -> String {
    let key =
        format!("{}\u{1f}{}\u{1f}{}\u{1f}{}", package.kind, package.name, package.version, package.purl);
    let digest = Digest::of(key.as_bytes());
    let plain: String = format!("{}-{}-{}", package.kind, package.name, package.version)
        .chars()
        .take(80)
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    format!("{plain}-{}", digest.hex().get(..10).unwrap_or_default())
}
