//! Reports installed packages whose version is not the one the project's lock file says.

use crate::{Cx, Sink, text};
use seaworthy_facts::{ImageFacts, LockfileFact, PackageFact};
use std::collections::{BTreeMap, BTreeSet};

declare_rule! {
    name: "lockfile-mismatch",
    summary: "the image holds other versions of packages than the lock file says",
    passes: "the packages of the image are those of the lock files",
    family: Claim, category: Truth, severity: Medium, confidence: Medium, persona: Regular,
    aliases: [], refs: [],
}

/// Differences that are named.
const NAMED: usize = 4;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project().filter(|project| !project.lockfiles.is_empty()) else {
        out.not_applicable("the project has no lock file");
        return;
    };
    let Some(image) = cx.image_facts() else {
        out.not_run("no image was inspected");
        return;
    };
    let mut agreeing = 0;
    for lock in &project.lockfiles {
        let Some(installed) = installed(image, lock) else { continue };
        let versions = versions(lock);
        let mut other: BTreeMap<String, &PackageFact> = BTreeMap::new();
        for package in &installed {
            let known = versions.get(&name(&lock.kind, &package.name));
            if known.is_some_and(|known| !known.contains(plain(&package.version))) {
                let locked = known.into_iter().flatten().copied().collect::<Vec<_>>().join(" or ");
                other.insert(format!("{} {} (locked: {locked})", package.name, package.version), package);
            } else if known.is_some() {
                agreeing += 1;
            }
        }
        let Some(first) = other.values().next() else { continue };
        let named: Vec<&str> = other.keys().map(String::as_str).collect();
        let count = other.len();
        let (are, has) = if count == 1 { ("package has", "it") } else { ("packages have", "they") };
        out.finding(format!(
            "{count} installed {are} another version than `{}` says: {}",
            lock.path,
            text::names(&named, NAMED)
        ))
        .why(format!("what was tested with the lock file is not what runs: {has} came from somewhere else"))
        .help("install from the lock file alone (`npm ci`, `uv sync --locked`, `pip install -r`), and copy it into the build before")
        .at_layer("", &first.evidence)
        .command("seaworthy sbom IMAGE --format cyclonedx");
    }
    if agreeing > 0 {
        out.observed(format!("{agreeing} packages are as locked"));
    } else {
        out.not_applicable("no package of a lock file is in the image");
    }
}

/// The packages of the image that a lock file speaks of; nothing where most of its kind are others, so that it is
/// another application's.
pub(crate) fn installed<'a>(image: &'a ImageFacts, lock: &LockfileFact) -> Option<Vec<&'a PackageFact>> {
    let names: BTreeSet<String> = lock.packages.iter().map(|one| name(&lock.kind, &one.name)).collect();
    let own = |package: &&PackageFact| {
        // What a distribution or a tool brought for itself is no part of the application.
        package.kind == lock.kind
            && package.owner.is_none()
            && !package.version.is_empty()
            && package.name != "stdlib"
            && !package.evidence.contains("/lib/node_modules/")
    };
    let all: Vec<&PackageFact> = image.packages.iter().filter(own).collect();
    let known = |package: &&&PackageFact| names.contains(&name(&lock.kind, &package.name));
    let found: Vec<&PackageFact> = all.iter().filter(known).copied().collect();
    (!found.is_empty() && found.len() * 2 >= all.len()).then_some(found)
}

/// Name → the versions a lock file allows.
fn versions(lock: &LockfileFact) -> BTreeMap<String, BTreeSet<&str>> {
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for one in &lock.packages {
        found.entry(name(&lock.kind, &one.name)).or_default().insert(plain(&one.version));
    }
    found
}

/// The name two spellings have in common (PEP 503 for Python).
pub(crate) fn name(kind: &str, name: &str) -> String {
    match kind {
        "pypi" => name.to_ascii_lowercase().replace(['_', '.'], "-"),
        "composer" => name.to_ascii_lowercase(),
        _ => name.to_owned(),
    }
}

/// A version without what does not tell it apart: a leading `v`, a local build's mark, zeros at the end.
pub(crate) fn plain(version: &str) -> &str {
    let version = version.strip_prefix('v').unwrap_or(version);
    let mut version = version.split('+').next().unwrap_or(version);
    while let Some(shorter) = version.strip_suffix(".0").filter(|rest| rest.contains('.')) {
        version = shorter;
    }
    version
}
