//! What an SBOM says held against what an image holds.

use super::Bom;
use crate::python;
use seaworthy_facts::PackageFact;
use std::collections::BTreeMap;

/// Kinds of packages that are found in images, and that an SBOM can therefore be proved wrong about.
const JUDGED: [&str; 12] =
    ["deb", "apk", "rpm", "pypi", "npm", "cargo", "golang", "maven", "gem", "composer", "nuget", "cran"];

/// The differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Packages that both have.
    pub agree: usize,
    /// Packages of the image that the SBOM lacks.
    pub missing: Vec<PackageFact>,
    /// Packages of the SBOM that the image lacks.
    pub invented: Vec<PackageFact>,
    /// Packages both have, in other versions: name, version in the image, version in the SBOM.
    pub versions: Vec<(String, String, String)>,
    /// Entries of the SBOM of kinds that cannot be judged.
    pub unjudged: usize,
}

impl Comparison {
    /// Whether the SBOM is true and complete.
    pub fn holds(&self) -> bool {
        self.missing.is_empty() && self.invented.is_empty() && self.versions.is_empty()
    }
}

type Key = (String, String);

/// The name that packages are told apart by.
fn key(package: &PackageFact) -> Key {
    let name = match package.kind.as_str() {
        "pypi" => python::normal(&package.name),
        "deb" | "apk" | "golang" | "composer" | "nuget" => package.name.to_lowercase(),
        _ => package.name.clone(),
    };
    (package.kind.clone(), name)
}

/// Whether two ecosystems' spellings of a version are one.
fn version(package: &PackageFact) -> String {
    match package.kind.as_str() {
        "golang" => package.version.trim_start_matches('v').to_owned(),
        "rpm" => package.version.strip_prefix("0:").unwrap_or(&package.version).to_owned(),
        _ if package.version == "(devel)" || package.version == "UNKNOWN" => String::new(),
        _ => package.version.clone(),
    }
}

/// Holds an SBOM against the packages of an image.
pub fn compare(bom: &Bom, image: &[PackageFact]) -> Comparison {
    let mut result = Comparison::default();
    let mut sides: BTreeMap<Key, [BTreeMap<String, &PackageFact>; 2]> = BTreeMap::new();
    let named = |package: &&PackageFact| JUDGED.contains(&package.kind.as_str()) && !package.name.is_empty();
    for package in image.iter().filter(named) {
        sides.entry(key(package)).or_default()[0].insert(version(package), package);
    }
    for package in &bom.packages {
        if JUDGED.contains(&package.kind.as_str()) && !package.name.is_empty() {
            sides.entry(key(package)).or_default()[1].insert(version(package), package);
        } else {
            result.unjudged += 1;
        }
    }
    for ((_, name), [mut image, mut stated]) in sides {
        let both: Vec<String> =
            image.keys().filter(|version| stated.contains_key(*version)).cloned().collect();
        result.agree += both.len();
        for version in both {
            image.remove(&version);
            stated.remove(&version);
        }
        // One left on each side is one package in two versions.
        if image.len() == 1 && stated.len() == 1 {
            let (real, said) = (image.pop_first(), stated.pop_first());
            result.versions.push((
                name,
                real.map(|one| one.0).unwrap_or_default(),
                said.map(|one| one.0).unwrap_or_default(),
            ));
            continue;
        }
        result.missing.extend(image.into_values().cloned());
        result.invented.extend(stated.into_values().cloned());
    }
    result
}
