//! All packages of the final tree, each with the layer that brought it and the package that owns it.

use super::owners::Owners;
use super::{DocumentKind, View, depends};
use crate::merge::absolute;
use seaworthy_facts::{BinaryFact, Contents, DistributionFact, PackageFact};
use seaworthy_packages::{Database, Source, apk, deb, dotnet, npm, php, programs, python, r, rpm, ruby};
use std::collections::BTreeMap;

/// All packages; `carried` are those that binaries list. Binaries learn who owns them.
pub(crate) fn read(
    view: &View<'_>,
    distribution: Option<&DistributionFact>,
    carried: Vec<PackageFact>,
    binaries: &mut [BinaryFact],
) -> Vec<PackageFact> {
    let status = |source: &Source<'_>| Database { packages: deb::status(source), files: Vec::new() };
    let mut databases = history(view, distribution, DocumentKind::DpkgStatus, status);
    databases.extend(history(view, distribution, DocumentKind::ApkInstalled, apk::installed));
    databases.extend(history(view, distribution, DocumentKind::RpmDatabase, rpm::database));
    for document in view.of_kind(DocumentKind::CondaRecord) {
        databases.extend(document.with(distribution, python::conda));
    }
    let mut packages: Vec<PackageFact> =
        databases.iter().flat_map(|database| database.packages.iter().cloned()).collect();
    licenses(view, &mut packages);
    languages(view, distribution, &mut packages);
    packages.extend(carried);
    for (layer, scan) in view.scans.iter().enumerate() {
        let visible = scan.archives.iter().filter(|(record, _)| view.is_visible(layer, *record));
        packages.extend(visible.flat_map(|(_, packages)| packages.iter().cloned()));
    }
    let recognised = recognised(view);
    let own = packages.len();
    packages.extend(recognised.iter().cloned());

    let mut owners = Owners::ask(&packages, binaries);
    owners.dpkg(view, &packages);
    for database in &databases {
        for (path, index) in &database.files {
            if let Some(package) = database.packages.get(*index) {
                owners.tell(path.as_bytes(), &package.purl);
            }
        }
    }
    owners.wheels(view, &packages);
    owners.settle(&mut packages, binaries);
    // A program that a package brought is that package.
    let mut at = 0;
    packages.retain(|package| {
        at += 1;
        at <= own || package.owner.is_none()
    });
    for binary in binaries.iter_mut().filter(|binary| binary.contents == Contents::Unknown) {
        if recognised.iter().any(|package| package.evidence == binary.path) {
            binary.contents = Contents::Recognised;
        }
    }
    depends::link(&mut packages);
    packages
}

/// Reads the databases of a kind. Each layer that installs something writes the whole database anew, so a package
/// comes from the first layer since which it has been there.
fn history(
    view: &View<'_>,
    distribution: Option<&DistributionFact>,
    kind: DocumentKind,
    read: impl Fn(&Source<'_>) -> Database,
) -> Vec<Database> {
    type Id = (String, String, String);
    let mut since: BTreeMap<Vec<u8>, BTreeMap<Id, usize>> = BTreeMap::new();
    let mut found = Vec::new();
    for (document, visible) in view.all(kind) {
        let mut database = document.with(distribution, &read);
        let before = since.remove(document.path).unwrap_or_default();
        let mut now = BTreeMap::new();
        for package in &mut database.packages {
            let id = (package.name.clone(), package.version.clone(), package.arch.clone());
            let layer = before.get(&id).copied().unwrap_or(document.layer);
            package.layer = layer;
            now.insert(id, layer);
        }
        since.insert(document.path.to_vec(), now);
        if visible {
            found.push(database);
        }
    }
    found
}

/// Gives Debian's packages the licences of their copyright files.
fn licenses(view: &View<'_>, packages: &mut [PackageFact]) {
    let mut stated: BTreeMap<String, String> = BTreeMap::new();
    for document in view.of_kind(DocumentKind::Copyright) {
        let path = String::from_utf8_lossy(document.path);
        if let (Some(name), Some(license)) = (path.rsplit('/').nth(1), deb::copyright(document.bytes)) {
            stated.insert(name.to_owned(), license);
        }
    }
    for package in packages.iter_mut().filter(|package| package.kind == "deb") {
        let folder = format!("/usr/share/doc/{}", package.name);
        // Packages of one source share a folder or a file.
        let link = |path: &str| view.link(path);
        let other = link(&folder)
            .and_then(|target| target.rsplit('/').next())
            .or_else(|| link(&format!("{folder}/copyright")).and_then(|target| target.rsplit('/').nth(1)));
        package.license = stated.get(&package.name).or_else(|| stated.get(other?)).cloned();
    }
}

/// Packages of languages that state themselves in a file each.
fn languages(view: &View<'_>, distribution: Option<&DistributionFact>, packages: &mut Vec<PackageFact>) {
    let mut each = |kind: DocumentKind, read: &dyn Fn(&Source<'_>) -> Vec<PackageFact>| {
        for document in view.of_kind(kind) {
            packages.extend(document.with(distribution, read));
        }
    };
    each(DocumentKind::PythonMetadata, &|source| python::metadata(source).into_iter().collect());
    each(DocumentKind::Gemspec, &|source| ruby::gemspec(source).into_iter().collect());
    each(DocumentKind::ComposerInstalled, &php::installed);
    each(DocumentKind::DotnetDeps, &dotnet::deps);
    each(DocumentKind::RDescription, &|source| r::description(source).into_iter().collect());
    each(DocumentKind::Toolchain, &|source| {
        programs::java_release(source).or_else(|| programs::go_toolchain(source)).into_iter().collect()
    });
    let mut installed: BTreeMap<String, npm::Installed> = BTreeMap::new();
    for document in view.of_kind(DocumentKind::NpmLock) {
        let path = absolute(document.path);
        let base = path.strip_suffix("node_modules/.package-lock.json").unwrap_or_default();
        let lock = npm::hidden_lock(document.bytes);
        installed.extend(lock.into_iter().map(|(folder, entry)| (format!("{base}{folder}"), entry)));
    }
    for document in view.of_kind(DocumentKind::PackageJson) {
        let Some(mut package) = document.with(distribution, npm::package_json) else { continue };
        let folder = package.evidence.strip_suffix("/package.json").unwrap_or_default();
        if let Some(entry) = installed.get(folder).filter(|entry| entry.version == package.version) {
            package.development = entry.development;
            package.checksums.clone_from(&entry.checksums);
        }
        packages.push(package);
    }
}

/// Well-known programs and libraries.
fn recognised(view: &View<'_>) -> Vec<PackageFact> {
    let mut found = Vec::new();
    for (layer, scan) in view.scans.iter().enumerate() {
        for program in scan.programs.iter().filter(|found| view.is_visible(layer, found.record)) {
            let path = absolute(scan.table.path(program.record));
            let source = Source { path: &path, layer, bytes: &[], distribution: None };
            found.push(program.program.package(&source, &program.version));
        }
    }
    found
}
