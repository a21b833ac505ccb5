//! Reports packages for development that are installed in the image.

use super::lockfile_mismatch::{installed, name, plain};
use crate::{Cx, Sink, text};
use seaworthy_facts::PackageFact;
use std::collections::{BTreeMap, BTreeSet};

declare_rule! {
    name: "development-dependency",
    summary: "packages that are for development only are in the image",
    passes: "no package that is for development only is in the image",
    family: Claim, category: Size, severity: Low, confidence: High, persona: Regular,
    aliases: [], refs: [],
}

/// Packages that are named.
const NAMED: usize = 6;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else {
        out.not_run("no image was inspected");
        return;
    };
    // Where the installer itself wrote it down, no lock file is needed.
    let mut found: BTreeMap<String, &PackageFact> = BTreeMap::new();
    let mut control = 0;
    for package in &image.packages {
        if package.development {
            found.insert(package.id(), package);
        } else if !package.checksums.is_empty() && package.kind == "npm" {
            control += 1;
        }
    }
    for lock in cx.project().into_iter().flat_map(|project| &project.lockfiles) {
        let key = |name_of: &str, version: &str| (name(&lock.kind, name_of), plain(version).to_owned());
        let marked = |wanted: bool| -> BTreeSet<(String, String)> {
            let some = lock.packages.iter().filter(|one| one.development == wanted);
            some.map(|one| key(&one.name, &one.version)).collect()
        };
        let (development, needed) = (marked(true), marked(false));
        if development.is_empty() {
            continue;
        }
        for package in installed(image, lock).into_iter().flatten() {
            let id = key(&package.name, &package.version);
            if needed.contains(&id) {
                control += 1;
            } else if development.contains(&id) {
                found.insert(package.id(), package);
            }
        }
    }
    let Some(first) = found.values().next() else {
        // Only where packages that are needed were seen does their absence prove anything.
        if control > 0 {
            out.observed(format!("{control} packages that are needed were seen, and none for development"));
        } else {
            out.not_applicable("nothing tells which packages are for development");
        }
        return;
    };
    let named: Vec<&str> = found.keys().map(String::as_str).collect();
    let (count, are) = (found.len(), if found.len() == 1 { "package is" } else { "packages are" });
    out.finding(format!(
        "{count} {are} for development only and in the image: {}",
        text::names(&named, NAMED)
    ))
    .why("they make the image larger and have flaws of their own, and the service never runs them")
    .help("install without them: `npm ci --omit=dev`, `composer install --no-dev`, `poetry install --only main`, `uv sync --no-dev`")
    .at_layer("", &first.evidence)
    .command("seaworthy sbom IMAGE --format cyclonedx");
}
