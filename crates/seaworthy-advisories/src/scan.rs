//! Judges packages by an index.

mod group;
mod target;

use crate::advisory::Rated;
use crate::components::{Component, Subject};
use crate::error::IndexError;
use crate::index::{Hit, Index};
use crate::vex::Vex;
use crate::{ecosystem, enrich};
use group::{Group, groups};
use seaworthy_facts::{DatabaseFact, Observed, Rating, ScanFacts, Standing, UnjudgedFact, VulnerabilityFact};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use target::{Target, target};

/// What a scan knows beside the index.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The present time, RFC 3339.
    pub now: &'a str,
    /// What producers say about vulnerabilities of their products.
    pub vex: &'a Vex,
}

/// So many of the packages that were not judged are named for each reason.
const NAMED: usize = 1000;

/// Packages that are the same to every advisory.
struct Batch<'a> {
    target: Target<'a>,
    components: Vec<&'a Component>,
}

/// Judges every package of a subject.
///
/// # Errors
/// The index is damaged.
pub fn scan(subject: &Subject, index: &Index, options: &Options<'_>) -> Result<ScanFacts, IndexError> {
    let begun = Instant::now();
    let mut facts = ScanFacts {
        subject: subject.name.clone(),
        sbom: subject.sbom.clone(),
        database: Observed::Seen(database(index)),
        ..ScanFacts::default()
    };
    let mut unjudged: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut batches: BTreeMap<(String, String, String, Option<usize>), Batch<'_>> = BTreeMap::new();
    for component in &subject.components {
        match target(component, &index.meta().ecosystems) {
            Ok(target) => {
                *facts.judged.entry(target.ecosystem.clone()).or_default() += 1;
                let (name, version) = (target.name.to_string(), target.version.to_string());
                let key = (target.ecosystem.clone(), name, version, component.layer);
                batches
                    .entry(key)
                    .or_insert_with(|| Batch { target, components: Vec::new() })
                    .components
                    .push(component);
            }
            Err(reason) => {
                let name = if component.purl.is_empty() { &component.name } else { &component.purl };
                unjudged.entry(reason).or_default().insert(name.clone());
            }
        }
    }
    if !subject.unknown.is_empty() {
        let reason = "nothing tells what is in these programs".to_owned();
        unjudged.entry(reason).or_default().extend(subject.unknown.iter().cloned());
    }
    facts.unjudged = unjudged
        .into_iter()
        .map(|(reason, packages)| UnjudgedFact {
            reason,
            packages: packages.into_iter().take(NAMED).collect(),
        })
        .collect();
    let distribution = facts.judged.keys().any(|name| ecosystem::is_distribution(name));
    let mut elsewhere = BTreeSet::new();
    for batch in batches.values() {
        judge(batch, subject, index, options, distribution, &mut facts.vulnerabilities, &mut elsewhere)?;
    }
    facts.elsewhere = elsewhere.into_iter().collect();
    facts.vulnerabilities.sort_by(|a, b| {
        let key = |one: &VulnerabilityFact| (one.rating, one.exploited.is_some(), one.score, one.epss);
        key(b)
            .cmp(&key(a))
            .then_with(|| (&a.package, &a.id, &a.version).cmp(&(&b.package, &b.id, &b.version)))
    });
    facts.ages = ages(&facts, index, options.now);
    facts.micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(facts)
}

/// What a report keeps of the database.
fn database(index: &Index) -> DatabaseFact {
    let meta = index.meta();
    DatabaseFact {
        path: index.path().display().to_string(),
        created: meta.created.clone(),
        advisories: meta.advisories,
        newest: meta.newest.clone(),
        ecosystems: meta.ecosystems.clone(),
    }
}

/// Whole days since the newest advisory of each ecosystem that was judged.
fn ages(facts: &ScanFacts, index: &Index, now: &str) -> BTreeMap<String, u64> {
    let Ok(now) = now.parse::<jiff::Timestamp>() else { return BTreeMap::new() };
    let age = |name: &String| {
        let newest = &index.meta().ecosystems.get(name)?.newest;
        let then = newest.parse::<jiff::Timestamp>().ok()?;
        Some((name.clone(), u64::try_from(now.as_second() - then.as_second()).unwrap_or(0) / 86_400))
    };
    facts.judged.keys().filter_map(age).collect()
}

fn judge(
    batch: &Batch<'_>,
    subject: &Subject,
    index: &Index,
    options: &Options<'_>,
    distribution: bool,
    out: &mut Vec<VulnerabilityFact>,
    elsewhere: &mut BTreeSet<String>,
) -> Result<(), IndexError> {
    let Batch { target, components } = batch;
    let Some(first) = components.first() else { return Ok(()) };
    let mut found: BTreeMap<u32, (Hit, String)> = BTreeMap::new();
    for look in &target.looks {
        for hit in index.lookup(&look.ecosystem, &look.name, &look.version)? {
            let named = hit.binaries.is_empty()
                || components.iter().any(|component| hit.binaries.contains(&component.name));
            if named {
                found.entry(hit.advisory).or_insert_with(|| (hit, look.ecosystem.clone()));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let mut hits = Vec::new();
    for (hit, ecosystem) in found.into_values() {
        let advisory = index.advisory(hit.advisory)?;
        let outside = |list: &[String], own: &Option<String>| {
            !list.is_empty() && own.as_ref().is_some_and(|own| !list.contains(own))
        };
        if outside(&hit.os, &first.os) || outside(&hit.arch, &first.arch) {
            let systems: Vec<&str> = hit.os.iter().chain(&hit.arch).map(String::as_str).collect();
            elsewhere.insert(format!("{}: {} only", advisory.id, systems.join(", ")));
            continue;
        }
        hits.push((hit, advisory, ecosystem));
    }
    for group in groups(&hits) {
        let fact = fact(&group, target, components, subject, index, options, distribution);
        out.push(fact);
    }
    Ok(())
}

fn fact(
    group: &Group<'_>,
    target: &Target<'_>,
    components: &[&Component],
    subject: &Subject,
    index: &Index,
    options: &Options<'_>,
    distribution: bool,
) -> VulnerabilityFact {
    let rated = rate(group, index);
    // The package that is named like its source stands for its family.
    let first = components
        .iter()
        .find(|component| component.name == target.name)
        .or_else(|| components.first())
        .copied()
        .cloned()
        .unwrap_or_default();
    let mut fixed: Vec<String> = Vec::new();
    for (hit, _, _) in &group.hits {
        for version in &hit.fixed {
            if !fixed.contains(version) {
                fixed.push(version.clone());
            }
        }
    }
    let of = group.hits.first().map_or(target.ecosystem.as_str(), |(_, _, ecosystem)| ecosystem);
    if let Some(scheme) = ecosystem::scheme(of) {
        fixed.sort_by(|a, b| scheme.compare(a, b));
    }
    let cves = || group.names.iter().filter(|name| name.starts_with("CVE-"));
    let known: Vec<_> = cves().map(|cve| index.known(cve)).collect();
    let names: Vec<&str> = group.names.iter().map(String::as_str).collect();
    let mut also: BTreeSet<String> = BTreeSet::new();
    for other in components {
        if other.name != first.name {
            also.insert(other.name.clone());
        } else if other.evidence != first.evidence {
            also.insert(other.evidence.clone());
        }
    }
    let dismissed = components
        .iter()
        .map(|component| options.vex.dismisses(&names, &component.purl, &subject.digest))
        .collect::<Option<Vec<&str>>>();
    let owner =
        first.owner.as_ref().filter(|_| distribution && !ecosystem::is_distribution(&target.ecosystem));
    let standing = match (dismissed.as_deref(), owner) {
        (Some([reason, ..]), _) => Standing::Vex((*reason).to_owned()),
        (_, Some(owner)) => Standing::Distribution(format!(
            "it belongs to `{owner}`, which was judged by its distribution's advisories"
        )),
        _ => Standing::Open,
    };
    let advisories: BTreeSet<String> =
        group.hits.iter().map(|(_, advisory, _)| advisory.id.clone()).collect();
    let source = (target.name != first.name).then(|| format!("{}@{}", target.name, target.version));
    VulnerabilityFact {
        id: group.id.clone(),
        aliases: group.names.iter().filter(|name| **name != group.id).cloned().collect(),
        advisories: advisories.into_iter().collect(),
        purl: first.purl,
        package: first.name,
        version: first.version,
        ecosystem: of.to_owned(),
        source: source.filter(|_| ecosystem::is_distribution(of)),
        also: also.into_iter().collect(),
        fixed,
        rating: rated.rating,
        score: rated.score,
        vector: rated.vector,
        summary: group.summary(),
        informational: group.informational(),
        epss: known.iter().filter_map(|known| known.epss).max(),
        exploited: known.iter().filter_map(|known| known.day).min().map(enrich::day),
        evidence: first.evidence,
        layer: first.layer,
        layer_digest: first.layer.and_then(|layer| subject.layers.get(layer)).cloned().unwrap_or_default(),
        origin: None,
        standing,
    }
}

/// The rating of a group: what its advisories say of this package, else of the vulnerability, else what any advisory of
/// the index says of its CVEs. Of several the worst.
fn rate(group: &Group<'_>, index: &Index) -> Rated {
    let mut best = Rated::default();
    for (hit, advisory, _) in &group.hits {
        let own = if hit.rated.rating == Rating::Unknown { &advisory.rated } else { &hit.rated };
        if (own.rating, own.score) > (best.rating, best.score) {
            best = own.clone();
        }
    }
    if best.rating == Rating::Unknown {
        for name in group.names.iter().filter(|name| name.starts_with("CVE-")) {
            let known = index.known(name);
            if (known.rating, known.score) > (best.rating, best.score) {
                best = Rated { rating: known.rating, score: known.score, vector: None };
            }
        }
    }
    best
}
