//! Writes an index.

use super::bytes::{put, put_list, put_text};
use super::{BLOCK, HEAD, MAGIC, Meta, hash};
use crate::advisory::{Advisory, Affected, Rated};
use crate::ecosystem;
use crate::enrich::Enrichment;
use crate::evaluate::{Kind, listed, within};
use seaworthy_facts::Rating;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

/// Makes the bytes of an index. Meta data's counts of what is in it are filled in here.
///
/// # Errors
/// There is more than an index can hold: four gigabytes.
pub fn write(mut advisories: Vec<Advisory>, mut meta: Meta, enrichment: &Enrichment) -> io::Result<Vec<u8>> {
    advisories.sort_by(|a, b| a.id.cmp(&b.id));
    let mut packages: BTreeMap<(String, String), Vec<(usize, Affected)>> = BTreeMap::new();
    for (at, advisory) in advisories.iter_mut().enumerate() {
        let mut named: BTreeSet<String> = BTreeSet::new();
        meta.newest = meta.newest.max(advisory.modified.clone());
        for mut one in std::mem::take(&mut advisory.affected) {
            slim(&mut one);
            meta.affected += 1;
            named.insert(one.ecosystem.clone());
            packages.entry((one.ecosystem.clone(), one.name.clone())).or_default().push((at, one));
        }
        for name in named {
            let known = meta.ecosystems.entry(name).or_default();
            known.advisories += 1;
            if known.newest < advisory.modified {
                known.newest.clone_from(&advisory.modified);
            }
        }
    }
    meta.advisories = advisories.len() as u64;
    for (ecosystem, _) in packages.keys() {
        meta.ecosystems.entry(ecosystem.clone()).or_default().packages += 1;
    }
    let (keys, affected) = postings(&packages)?;
    drop(packages);
    let known = cve_table(&advisories, enrichment, &mut meta);
    let (blocks, texts) = blocks(&advisories)?;
    let meta = serde_json::to_vec(&meta)?;
    assemble([&meta, &keys, &affected, &blocks, &texts, &known])
}

/// Versions that a range covers anyway need not be listed.
fn slim(one: &mut Affected) {
    let scheme = ecosystem::scheme(&one.ecosystem);
    let Affected { versions, ranges, .. } = one;
    versions.retain(|version| !ranges.iter().any(|range| within(range, scheme, version)));
    versions.sort();
    versions.dedup_by(|a, b| listed(None, a, b));
}

type Packages = BTreeMap<(String, String), Vec<(usize, Affected)>>;

/// The table of keys, and what each is affected by.
fn postings(packages: &Packages) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut table: Vec<(u64, u32, u32)> = Vec::with_capacity(packages.len());
    let mut out = Vec::new();
    for ((ecosystem, name), list) in packages {
        let begin = offset(out.len())?;
        put_text(&mut out, ecosystem);
        put_text(&mut out, name);
        // The same words for several architectures are said once.
        let mut seen = BTreeSet::new();
        let mut body = Vec::new();
        for (at, one) in list {
            let mut own = Vec::new();
            posting(&mut own, *at, one);
            if seen.insert(own.clone()) {
                body.extend_from_slice(&own);
            }
        }
        put(&mut out, seen.len() as u64);
        out.extend_from_slice(&body);
        table.push((hash(ecosystem, name), begin, offset(out.len())?));
    }
    table.sort_unstable();
    let mut keys = Vec::with_capacity(table.len() * 16);
    for (key, begin, end) in table {
        keys.extend_from_slice(&key.to_le_bytes());
        keys.extend_from_slice(&begin.to_le_bytes());
        keys.extend_from_slice(&end.to_le_bytes());
    }
    Ok((keys, out))
}

fn posting(out: &mut Vec<u8>, at: usize, one: &Affected) {
    put(out, at as u64);
    let mut body = Vec::new();
    let extras = one.rated != Rated::default()
        || !one.os.is_empty()
        || !one.arch.is_empty()
        || !one.binaries.is_empty();
    body.push(u8::from(extras));
    if extras {
        put_rated(&mut body, &one.rated);
        put_list(&mut body, &one.os);
        put_list(&mut body, &one.arch);
        put_list(&mut body, &one.binaries);
    }
    put(&mut body, one.ranges.len() as u64);
    for range in &one.ranges {
        body.push(u8::from(range.semver));
        put(&mut body, range.events.len() as u64);
        for event in &range.events {
            body.push(match event.kind() {
                Kind::Introduced => 0,
                Kind::Fixed => 1,
                Kind::LastAffected => 2,
                Kind::Limit => 3,
            });
            put_text(&mut body, event.version());
        }
    }
    put_list(&mut body, &one.versions);
    put(out, body.len() as u64);
    out.extend_from_slice(&body);
}

fn put_rated(out: &mut Vec<u8>, rated: &Rated) {
    out.push(rating_code(rated.rating));
    out.push(rated.score.map_or(0, |score| score + 1));
    put_text(out, rated.vector.as_deref().unwrap_or_default());
}

/// A rating as a byte.
pub(crate) const fn rating_code(rating: Rating) -> u8 {
    match rating {
        Rating::Unknown => 0,
        Rating::Negligible => 1,
        Rating::Low => 2,
        Rating::Medium => 3,
        Rating::High => 4,
        Rating::Critical => 5,
    }
}

/// The advisories in compressed blocks: where each block ends, and the blocks.
fn blocks(advisories: &[Advisory]) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut ends = Vec::new();
    let mut out = Vec::new();
    for chunk in advisories.chunks(BLOCK) {
        let mut plain = Vec::new();
        for advisory in chunk {
            let mut one = Vec::new();
            put_text(&mut one, &advisory.id);
            put_list(&mut one, &advisory.aliases);
            put_list(&mut one, &advisory.covers);
            put_text(&mut one, &advisory.summary);
            put_rated(&mut one, &advisory.rated);
            put_text(&mut one, &advisory.modified);
            put_text(&mut one, advisory.informational.as_deref().unwrap_or_default());
            put(&mut plain, one.len() as u64);
            plain.extend_from_slice(&one);
        }
        let mut encoder = flate2::write::DeflateEncoder::new(&mut out, flate2::Compression::default());
        encoder.write_all(&plain)?;
        encoder.finish()?;
        ends.extend_from_slice(&offset(out.len())?.to_le_bytes());
    }
    Ok((ends, out))
}

/// What is known of each CVE: the best score any advisory gives it, its probability of exploitation, and since when it
/// is known to be exploited. Sixteen bytes each, sorted by the hash of its name, then the days of the catalogue.
fn cve_table(advisories: &[Advisory], enrichment: &Enrichment, meta: &mut Meta) -> Vec<u8> {
    #[derive(Default)]
    struct Known {
        rating: u8,
        score: u8,
        day: u16,
        epss: u32,
    }
    let mut table: BTreeMap<u64, Known> = BTreeMap::new();
    for advisory in advisories {
        let names: Vec<&String> =
            std::iter::once(&advisory.id).chain(&advisory.aliases).chain(&advisory.covers).collect();
        let cves: Vec<&&String> = names.iter().filter(|name| name.starts_with("CVE-")).collect();
        for cve in &cves {
            let known = table.entry(hash("", cve)).or_default();
            // A rating of an advisory about several says nothing about each.
            if cves.len() == 1
                && let Some(score) = advisory.rated.score
                && score >= known.score
            {
                known.score = score + 1;
                known.rating = rating_code(advisory.rated.rating);
            }
            if let Some(epss) = enrichment.epss.get(cve.as_str()) {
                meta.epss += u64::from(known.epss == 0);
                known.epss = epss + 1;
            }
            if let Some(day) = enrichment.kev.get(cve.as_str()) {
                meta.kev += u64::from(known.day == 0);
                known.day = *day;
            }
        }
    }
    table.retain(|_, known| known.score > 0 || known.epss > 0 || known.day > 0);
    let mut out = Vec::with_capacity(table.len() * 16);
    for (key, known) in table {
        out.extend_from_slice(&key.to_le_bytes());
        out.push(known.rating);
        out.push(known.score);
        out.extend_from_slice(&known.day.to_le_bytes());
        out.extend_from_slice(&known.epss.to_le_bytes());
    }
    out
}

fn offset(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(|_| io::Error::other("there are more advisories than an index can hold"))
}

fn assemble(sections: [&Vec<u8>; 6]) -> io::Result<Vec<u8>> {
    let mut at = HEAD as u64;
    let mut head = Vec::new();
    for section in sections {
        head.extend_from_slice(&at.to_le_bytes());
        at += section.len() as u64;
        head.extend_from_slice(&at.to_le_bytes());
    }
    let length = usize::try_from(at).map_err(io::Error::other)?;
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&head);
    for section in sections {
        out.extend_from_slice(section);
    }
    seal(&mut out);
    Ok(out)
}

/// Writes the checksum of an index into its head, as a fuzzer needs it to come behind it.
pub fn seal(bytes: &mut [u8]) {
    let Some(rest) = bytes.get(16..) else { return };
    let sum = twox_hash::XxHash3_64::oneshot(rest);
    if let Some(place) = bytes.get_mut(8..16) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}
