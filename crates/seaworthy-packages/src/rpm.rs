//! rpm's databases: the header of every installed package, out of Berkeley DB (hash), NDB or SQLite.
//!
//! Read only, and only as much of each format as rpm uses: `rpm` lib/backend, `knqyf263/go-rpmdb` for the cases. A
//! damaged database gives what its whole parts hold.

mod bdb;
mod header;
mod ndb;
mod sqlite;

use crate::{Database, Source, purl::purl};
use header::Header;
use seaworthy_facts::SourcePackage;
use std::collections::BTreeMap;

/// Reads a database in any of the three formats.
pub fn database(source: &Source<'_>) -> Database {
    let blobs = blobs(source.bytes);
    let (namespace, distro) = source.distro("redhat");
    let mut database = Database::default();
    let mut provided: BTreeMap<String, String> = BTreeMap::new();
    for blob in &blobs {
        let Some(header) = Header::read(blob) else { continue };
        let text = |tag| header.text(tag).unwrap_or_default();
        let (name, release) = (text(header::NAME), text(header::RELEASE));
        if name.is_empty() {
            continue;
        }
        let number = format!("{}-{release}", text(header::VERSION));
        let epoch = header.number(header::EPOCH).filter(|epoch| *epoch != 0);
        let version = epoch.map_or_else(|| number.clone(), |epoch| format!("{epoch}:{number}"));
        let mut found = source.package("rpm", &name, &version);
        found.arch = text(header::ARCH);
        let epoch = epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
        let file = text(header::SOURCERPM);
        let qualifiers = [
            ("arch", found.arch.as_str()),
            ("distro", distro.as_str()),
            ("epoch", epoch.as_str()),
            ("upstream", file.as_str()),
        ];
        found.purl = purl("rpm", Some(&namespace), &name, &number, &qualifiers);
        found.license = Some(text(header::LICENSE)).filter(|text| !text.is_empty());
        found.source =
            built_from(&file, &epoch).filter(|source| source.name != name || source.version != version);
        found.depends = header.texts(header::REQUIRENAME);
        for name in header.texts(header::PROVIDENAME) {
            provided.entry(name).or_insert_with(|| found.name.clone());
        }
        let index = database.packages.len();
        let folders = header.texts(header::DIRNAMES);
        let places = header.numbers(header::DIRINDEXES);
        for (name, place) in header.texts(header::BASENAMES).iter().zip(places) {
            if let Some(folder) = folders.get(place as usize) {
                database.files.push((format!("{}{name}", folder.trim_start_matches('/')), index));
            }
        }
        database.packages.push(found);
    }
    for package in &mut database.packages {
        let own = package.name.clone();
        let mut depends: Vec<String> =
            package.depends.iter().filter_map(|name| provided.get(name)).cloned().collect();
        depends.retain(|name| *name != own);
        depends.sort();
        depends.dedup();
        package.depends = depends;
    }
    database
}

/// The headers' bytes, whatever the format; nothing for what is no database.
fn blobs(bytes: &[u8]) -> Vec<Vec<u8>> {
    if bytes.starts_with(b"SQLite format 3\0") {
        sqlite::blobs(bytes)
    } else if bytes.starts_with(b"RpmP") {
        ndb::blobs(bytes)
    } else {
        bdb::blobs(bytes)
    }
}

/// The source package by the name of its file, `NAME-VERSION-RELEASE.src.rpm`. It has the epoch of what was built.
fn built_from(file: &str, epoch: &str) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let epoch = if epoch.is_empty() { String::new() } else { format!("{epoch}:") };
    Some(SourcePackage { name: name.to_owned(), version: format!("{epoch}{version}-{release}") })
}

/// A number of four bytes.
fn u32_at(bytes: &[u8], at: usize, little: bool) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
}

/// A number of two bytes.
fn u16_at(bytes: &[u8], at: usize, little: bool) -> Option<u16> {
    let bytes: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
}
